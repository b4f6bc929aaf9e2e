using Azure.Storage.Blobs.Models;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>Erases what a CRM sent of a person: bodies, events, the mailbox.</summary>
/// <remarks>
/// What rows name goes before the rows do, the mailbox last. A body may hold other customers: what waits of them is in their rows, or
/// beside the body, and stays. A post that is not split yet has no rows: it is split first.
/// </remarks>
internal sealed class UpsertEraser(
    StorageClients storage,
    UpsertStore store,
    Pseudonyms pseudonyms,
    TenantGeneration generation,
    UpsertSettings upserts,
    PostSplitter posts,
    MailboxEraser mailboxes
) : IPersonalData
{
    private static readonly string[] Columns =
    [
        "PartitionKey",
        "RowKey",
        nameof(UpsertRow.AssignmentId),
        nameof(UpsertRow.CustomerId),
        nameof(UpsertRow.State),
        nameof(UpsertRow.Body),
        nameof(UpsertRow.ValuesBlob),
        nameof(UpsertRow.MergedInto),
    ];

    /// <inheritdoc />
    public IReadOnlyList<StorageResource> Covers { get; } =
    [
        new(StorageKind.Container, StorageNames.Inbox),
        new(StorageKind.Table, StorageNames.UpsertsTable),
        new(StorageKind.Table, StorageNames.CustomersTable),
    ];

    /// <inheritdoc />
    public async Task<EraseFound?> FindAsync(PersonSearch search, CancellationToken cancellationToken)
    {
        if (search.Place is not null)
        {
            return null;
        }

        var person = search.Person;
        var partition = await pseudonyms.OfAsync(person.AssignmentId, person.Imported, cancellationToken);
        var mailbox = await store.FindMailboxAsync(partition, cancellationToken);
        if (mailbox?.Content.CubeId is { } id && !await generation.TakesImportedIdAsync(cancellationToken))
        {
            person.Learn(id);
        }

        var named = await new InboxScan(storage).FindAsync(person, cancellationToken);
        var rows = await RowsAsync(person, named, cancellationToken);
        HashSet<string> partitions = [partition, .. await store.MergedIntoAsync(partition, cancellationToken)];
        var bodies = rows
            .Own.Select(row => row.Body)
            .Concat(named.Where(body => IsOfAssignment(person, body, rows, search.Tally)))
            .ToHashSet(StringComparer.Ordinal);
        return mailbox is null && bodies.Count == 0 && partitions.Count == 1
            ? null
            : async token =>
            {
                if (await posts.SplitBodiesAsync(bodies, token))
                {
                    rows = await RowsAsync(person, bodies, token);
                }

                await EraseAsync(partitions, bodies, rows, search.Tally, token);
            };
    }

    private async Task EraseAsync(
        HashSet<string> partitions,
        HashSet<string> bodies,
        Rows rows,
        ErasureTally tally,
        CancellationToken cancellationToken
    )
    {
        tally.Add(Erased.SharedBodies, bodies.Count(rows.Shared.Contains));
        foreach (var body in bodies)
        {
            // Listed before it is deleted: the answer to a delete that is repeated says that it was gone.
            var stored = await storage
                .Inbox.GetBlobsAsync(BlobTraits.None, BlobStates.None, body, cancellationToken)
                .Select(blob => blob.Name)
                .ToListAsync(cancellationToken);
            foreach (
                var name in stored.Where(name =>
                    name == body || (name.StartsWith(body + ".", StringComparison.Ordinal) && !rows.OthersValues.Contains(name))
                )
            )
            {
                await InboxScan.DeleteAsync(storage, name, cancellationToken);
                tally.Add(name == body ? Erased.Bodies : Erased.Values, 1);
            }
        }

        foreach (var each in rows.Own.Select(row => row.PartitionKey).Union(partitions))
        {
            await mailboxes.EraseAsync(each, tally, cancellationToken);
        }
    }

    /// <summary>Rows say whose a body is; else its sender does, for as long as it is configured.</summary>
    private bool IsOfAssignment(Person person, string body, Rows rows, ErasureTally tally)
    {
        if (rows.Assignments.TryGetValue(body, out var assignments))
        {
            return assignments.Contains(person.AssignmentId);
        }

        if (upserts.Senders.TryGetValue(body.Split('/')[0], out var sender))
        {
            return sender.AssignmentId == person.AssignmentId;
        }

        // Its events ended so long ago that their rows are gone: it is of no more use.
        tally.Add(Erased.BodiesOfUnknownAssignment, 1);
        return true;
    }

    private async Task<Rows> RowsAsync(Person person, HashSet<string> named, CancellationToken cancellationToken)
    {
        var rows = new Rows();
        await foreach (var row in store.WithBodyAsync(Columns, cancellationToken))
        {
            // A record that was merged into the person's is the person's as well.
            var isOwn = row.AssignmentId == person.AssignmentId && (row.CustomerId == person.Imported || row.MergedInto == person.Imported);
            if (isOwn)
            {
                rows.Own.Add(row);
            }
            else if (row.ValuesBlob is { } values)
            {
                // Of all, not of the bodies found: one that an earlier try has deleted is found no more.
                rows.OthersValues.Add(values);
            }

            if (named.Contains(row.Body))
            {
                rows.Note(row, isOwn);
            }
        }

        return rows;
    }

    /// <summary>What the rows of events say of bodies.</summary>
    private sealed class Rows
    {
        public List<UpsertRow> Own { get; } = [];

        public Dictionary<string, HashSet<string>> Assignments { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Shared { get; } = new(StringComparer.Ordinal);

        public HashSet<string> OthersValues { get; } = new(StringComparer.Ordinal);

        public void Note(UpsertRow row, bool isOwn)
        {
            if (!Assignments.TryGetValue(row.Body, out var assignments))
            {
                Assignments[row.Body] = assignments = [];
            }

            assignments.Add(row.AssignmentId);
            if (!isOwn)
            {
                Shared.Add(row.Body);
            }
        }
    }
}
