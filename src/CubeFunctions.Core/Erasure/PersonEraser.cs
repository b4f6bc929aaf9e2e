using Azure;
using Azure.Storage.Blobs.Specialized;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Erasure;

/// <summary>Erases a person from the storage account: everything that was stored of one customer of one assignment.</summary>
/// <remarks>
/// The tombstone comes first, so that runs under way do not tell him anew. The pages of the assignment's customers go last: they alone tell Cube's own ids, and
/// whoever dies on the way has to find them again.
/// </remarks>
public sealed class PersonEraser(
    StorageClients storage, RawStore raw, RunStore runs, CheckpointStore checkpoints, ChangeStore changes, DeliveryStore deliveries, UpsertStore upserts, CustomerIndex index, Pseudonyms pseudonyms,
    ErasedPersons erased, CampaignListing listing, CubeSettings cubeSettings, UpsertSettings upsertSettings, ChangeSettings changeSettings, SyncSettings syncSettings, TimeProvider time)
{
    /// <summary>Erases. May be repeated: a second time finds nothing, and after a crash the rest.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="customerId">The imported id, the CRM's own, as text.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ErasureBusyException">A run or a delivery did not end in time.</exception>
    public async Task<ErasureReport> EraseAsync(string assignmentId, string customerId, CancellationToken cancellationToken)
    {
        var person = new Person(assignmentId, customerId);
        var report = new ErasureReport { Assignment = assignmentId, ErasedBefore = await erased.ErasedBeforeAsync(person, cancellationToken) };
        if (await new PersonFinder(raw, upserts, pseudonyms, cubeSettings).FindAsync(person, cancellationToken))
        {
            await erased.MarkAsync(person, cancellationToken);
        }

        var tallies = new Dictionary<Feed, ErasedFeed>();
        bool again;
        do
        {
            // Once more where an internal id was learned late, or scopes were looked at before the tombstone stood.
            var (ids, marked) = (person.Internal.Count, person.Marked);
            await EraseScopesAsync(person, tallies, report, cancellationToken);
            again = person.Internal.Count > ids || (person.Marked && !marked);
        }
        while (again);

        report.InternalIds = person.Internal.Count;
        report.Feeds = [.. tallies.Values];
        await ReadRetentionAsync(report, cancellationToken);
        return report;
    }

    private async Task EraseScopesAsync(Person person, Dictionary<Feed, ErasedFeed> tallies, ErasureReport report, CancellationToken cancellationToken)
    {
        var scopes = await new KeptScopes(storage, checkpoints).ListAsync(cancellationToken);
        var campaigns = scopes.Where(kept => kept.Scope.Kind == ScopeKind.Campaign).ToList();
        var assignments = await new CampaignAssignments(storage, raw, runs, listing).FindAsync(campaigns, cancellationToken);
        report.CampaignsOfUnknownAssignment = campaigns.Select(kept => kept.Scope.Id).Distinct().Count(id => !assignments.ContainsKey(id));

        var own = new Scope(ScopeKind.Assignment, person.AssignmentId);
        var eraser = new ScopeEraser(storage, raw, changes, deliveries, checkpoints, changeSettings, erased, time);
        foreach (var (feed, scope) in scopes.Where(kept => kept.Feed != FeedCatalogue.Customers).OrderBy(kept => (kept.Feed.Setting, kept.Scope.Id)))
        {
            var assignment = scope.Kind == ScopeKind.Campaign ? assignments.GetValueOrDefault(scope.Id) : scope.Id;
            if (assignment is null ? person.Internal.Count > 0 : assignment == person.AssignmentId)
            {
                await eraser.EraseAsync(person, feed, scope, assignment is not null, Tally(tallies, feed), static _ => Task.CompletedTask, cancellationToken);
            }
        }

        await new UpsertEraser(storage, upserts, pseudonyms, erased, upsertSettings, syncSettings, time).EraseAsync(person, report, cancellationToken);
        if (scopes.Contains((FeedCatalogue.Customers, own)))
        {
            await eraser.EraseAsync(
                person, FeedCatalogue.Customers, own, assignmentKnown: true, Tally(tallies, FeedCatalogue.Customers),
                async token => report.IndexEntries += await index.RemoveAsync(person.AssignmentId, person.Imported, token), cancellationToken);
        }
    }

    private static ErasedFeed Tally(Dictionary<Feed, ErasedFeed> tallies, Feed feed)
    {
        if (!tallies.TryGetValue(feed, out var tally))
        {
            tallies[feed] = tally = new ErasedFeed { Feed = feed.Setting };
        }

        return tally;
    }

    /// <summary>How long what was deleted can be brought back. Who may not ask is told that the account decides.</summary>
    private async Task ReadRetentionAsync(ErasureReport report, CancellationToken cancellationToken)
    {
        try
        {
            var policy = (await storage.Raw.GetParentBlobServiceClient().GetPropertiesAsync(cancellationToken)).Value.DeleteRetentionPolicy;
            report.SoftDeleteDays = policy is { Enabled: true } ? policy.Days ?? 0 : 0;
            report.CopiesExpireAt = time.GetUtcNow().AddDays(report.SoftDeleteDays.Value);
        }
        catch (RequestFailedException)
        {
            // Its roles may not cover the account's properties.
        }
    }
}
