using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Upserts;





namespace CubeFunctions.Core.Erasure;

/// <summary>Finds a person's other ids before anything is removed: Cube's own, from the stored pages of the assignment's customers and from his mailbox.</summary>
internal sealed class PersonFinder(RawStore raw, UpsertStore upserts, Pseudonyms pseudonyms, CubeSettings cube)
{
    private const int Parallelism = 8;

    /// <summary>Teaches the person his internal ids.</summary>
    /// <returns>Whether anything of him was found.</returns>
    public async Task<bool> FindAsync(Person person, CancellationToken cancellationToken)
    {
        var feed = FeedCatalogue.Customers;
        var folder = $"{feed.Name}/{new Scope(ScopeKind.Assignment, person.AssignmentId)}/";
        var records = new PersonRecords(person, feed, importedCounts: true);
        var found = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(raw.ListAsync(folder, cancellationToken), options, async (name, token) =>
        {
            using var page = name.EndsWith('/' + Storage.BlobPaths.ManifestName, StringComparison.Ordinal) ? null : await raw.FindBytesAsync(folder + name, token);
            if (page is not null && records.Search.MayHold(page.Bytes.Span) && PageRedaction.Without(feed, page.Bytes.Span, records) is not null)
            {
                Interlocked.Exchange(ref found, 1);
            }
        });
        foreach (var id in records.Learned)
        {
            person.Learn(id);
        }

        var mailbox = await upserts.FindMailboxAsync(await pseudonyms.OfAsync(person.AssignmentId, person.Imported, cancellationToken), cancellationToken);
        if (mailbox?.Content.CubeId is { } id2 && cube.CustomerIdInUrl == CustomerIdInUrl.Internal)
        {
            person.Learn(id2);
        }

        return found > 0 || mailbox is not null;
    }
}
