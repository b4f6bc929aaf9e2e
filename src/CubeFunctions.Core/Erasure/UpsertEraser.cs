using Azure;
using Azure.Storage.Blobs.Models;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Erasure;

/// <summary>Erases what a CRM sent of a person: bodies, events, the mailbox.</summary>
/// <remarks>
/// Under the mailbox's lease, so that no delivery writes it again; what rows name goes before the rows do, the mailbox last. A body may hold other customers: what
/// waits of them is in their rows, or beside the body, and stays.
/// </remarks>
internal sealed class UpsertEraser(StorageClients storage, UpsertStore store, Pseudonyms pseudonyms, ErasedPersons erased, UpsertSettings upserts, SyncSettings sync, TimeProvider time)
{
    private const int Parallelism = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly string[] Columns =
    [
        "PartitionKey", "RowKey", nameof(UpsertRow.AssignmentId), nameof(UpsertRow.CustomerId), nameof(UpsertRow.State), nameof(UpsertRow.Body), nameof(UpsertRow.ValuesBlob),
    ];

    /// <summary>Erases.</summary>
    public async Task EraseAsync(Person person, ErasureReport report, CancellationToken cancellationToken)
    {
        var named = await new InboxScan(storage).FindAsync(person, cancellationToken);
        var rows = await RowsAsync(person, named, cancellationToken);
        var bodies = rows.His.Select(row => row.Body).Concat(named.Where(body => IsOfAssignment(person, body, rows, report))).ToHashSet(StringComparer.Ordinal);
        if (bodies.Count > 0)
        {
            await erased.MarkAsync(person, cancellationToken);
        }

        report.SharedBodies += bodies.Count(rows.Shared.Contains);
        foreach (var body in bodies)
        {
            report.Bodies += await DeleteAsync(body, cancellationToken) ? 1 : 0;
            await foreach (var values in storage.Inbox.GetBlobsAsync(BlobTraits.None, BlobStates.None, body + ".", cancellationToken))
            {
                report.Values += !rows.OthersValues.Contains(values.Name) && await DeleteAsync(values.Name, cancellationToken) ? 1 : 0;
            }
        }

        var partitions = rows.His.Select(row => row.PartitionKey).Append(await pseudonyms.OfAsync(person.AssignmentId, person.Imported, cancellationToken));
        foreach (var partition in partitions.Distinct())
        {
            await ErasePartitionAsync(person, partition, report, cancellationToken);
        }
    }

    /// <summary>Rows say whose a body is; else its sender does, for as long as it is configured.</summary>
    private bool IsOfAssignment(Person person, string body, Rows rows, ErasureReport report)
    {
        if (rows.Assignments.TryGetValue(body, out var assignments))
        {
            return assignments.Contains(person.AssignmentId);
        }

        if (upserts.Senders.TryGetValue(body.Split('/')[0], out var sender))
        {
            return sender.AssignmentId == person.AssignmentId;
        }

        // Its events ended so long ago that they are forgotten: nobody needs it any more.
        report.BodiesOfUnknownAssignment++;
        return true;
    }

    private async Task<Rows> RowsAsync(Person person, HashSet<string> named, CancellationToken cancellationToken)
    {
        var rows = new Rows();
        await foreach (var row in storage.Upserts.QueryAsync<UpsertRow>(row => row.Body != "", select: Columns, cancellationToken: cancellationToken))
        {
            var his = row.AssignmentId == person.AssignmentId && row.CustomerId == person.Imported;
            if (his)
            {
                rows.His.Add(row);
            }

            if (named.Contains(row.Body))
            {
                rows.Note(row, his);
            }
        }

        return rows;
    }

    private async Task ErasePartitionAsync(Person person, string partition, ErasureReport report, CancellationToken cancellationToken)
    {
        var (holder, started) = (Guid.NewGuid().ToString("N"), time.GetTimestamp());
        while (true)
        {
            var events = await EventsAsync(partition, cancellationToken);
            var mailbox = await store.FindMailboxAsync(partition, cancellationToken);
            if (events.Count == 0 && mailbox is null)
            {
                return;
            }

            await erased.MarkAsync(person, cancellationToken);
            var now = time.GetUtcNow();
            var existed = mailbox is not null;
            mailbox ??= MailboxRow.New(events[0]);
            if ((mailbox.LeaseUntil > now && mailbox.LeaseHolder != holder) || !await store.TrySaveAsync(mailbox, holder, now + sync.Lease, cancellationToken))
            {
                if (time.GetElapsedTime(started) > Patience)
                {
                    throw new ErasureBusyException("The customer is being delivered to Cube");
                }

                await Task.Delay(LookEvery, time, cancellationToken);
                continue;
            }

            report.Events += events.Count;
            report.WaitingEvents += events.Count(row => row.UpsertState == UpsertState.Waiting);
            await Parallel.ForEachAsync(events, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken }, async (row, token) =>
            {
                foreach (var blob in new[] { row.ValuesBlob, row.Body }.OfType<string>())
                {
                    await DeleteAsync(blob, token);
                }

                await store.DeleteAsync(row, token);
            });
            report.Mailboxes += await TryDeleteMailboxAsync(mailbox, cancellationToken) && existed ? 1 : 0;
        }
    }

    private async Task<List<UpsertRow>> EventsAsync(string partition, CancellationToken cancellationToken)
    {
        var events = new List<UpsertRow>();
        await foreach (var row in storage.Upserts.QueryAsync<UpsertRow>(row => row.PartitionKey == partition, cancellationToken: cancellationToken))
        {
            events.Add(row);
        }

        return events;
    }

    private async Task<bool> TryDeleteMailboxAsync(MailboxRow mailbox, CancellationToken cancellationToken)
    {
        try
        {
            await storage.Customers.DeleteEntityAsync(mailbox.Customer, MailboxRow.Key, mailbox.ETag, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
            // The lease ran out and somebody took over: once more.
            return false;
        }
    }

    private async Task<bool> DeleteAsync(string blob, CancellationToken cancellationToken) =>
        (await storage.Inbox.GetBlobClient(blob).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken)).Value;

    /// <summary>What the rows of events say of bodies.</summary>
    private sealed class Rows
    {
        public List<UpsertRow> His { get; } = [];

        public Dictionary<string, HashSet<string>> Assignments { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Shared { get; } = new(StringComparer.Ordinal);

        public HashSet<string> OthersValues { get; } = new(StringComparer.Ordinal);

        public void Note(UpsertRow row, bool his)
        {
            if (!Assignments.TryGetValue(row.Body, out var assignments))
            {
                Assignments[row.Body] = assignments = [];
            }

            assignments.Add(row.AssignmentId);
            if (!his)
            {
                Shared.Add(row.Body);
                OthersValues.UnionWith(row.ValuesBlob is { } values ? [values] : []);
            }
        }
    }
}
