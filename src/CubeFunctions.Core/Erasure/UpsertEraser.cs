using Azure.Storage.Blobs.Models;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Erasure;

/// <summary>Erases what a CRM sent of a person: bodies, events, the mailbox.</summary>
/// <remarks>
/// What rows name goes before the rows do, the mailbox last. A body may hold other customers: what waits of them is in their rows, or beside the body, and stays.
/// </remarks>
internal sealed class UpsertEraser(StorageClients storage, UpsertStore store, Pseudonyms pseudonyms, ErasedPersons erased, UpsertSettings upserts, SyncSettings sync, TimeProvider time)
{
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
            report.Bodies += await InboxScan.DeleteAsync(storage, body, cancellationToken) ? 1 : 0;
            await foreach (var values in storage.Inbox.GetBlobsAsync(BlobTraits.None, BlobStates.None, body + ".", cancellationToken))
            {
                report.Values += !rows.OthersValues.Contains(values.Name) && await InboxScan.DeleteAsync(storage, values.Name, cancellationToken) ? 1 : 0;
            }
        }

        var partitions = rows.His.Select(row => row.PartitionKey).Append(await pseudonyms.OfAsync(person.AssignmentId, person.Imported, cancellationToken));
        var mailboxes = new MailboxEraser(storage, store, erased, sync, time);
        foreach (var partition in partitions.Distinct())
        {
            await mailboxes.EraseAsync(person, partition, report, cancellationToken);
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
            else if (row.ValuesBlob is { } values)
            {
                // Of all, not of the bodies found: one that an earlier try has deleted is found no more.
                rows.OthersValues.Add(values);
            }

            if (named.Contains(row.Body))
            {
                rows.Note(row, his);
            }
        }

        return rows;
    }

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
            }
        }
    }
}
