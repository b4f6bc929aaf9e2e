using Azure;
using Azure.Data.Tables.Models;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Changes;

/// <summary>Finds what upserts brought to customers, in their mailboxes: one read for each customer that changed.</summary>
public sealed class Echoes(StorageClients storage, UpsertStore upserts, Pseudonyms pseudonyms)
{
    /// <summary>Mailboxes read at once.</summary>
    internal const int Parallel = 8;

    /// <summary>Finds what was set back before a snapshot saw it, among an assignment's customers.</summary>
    internal UndoneWrites UndoneOf(string assignmentId, EarlierRecords earlier, FeedRecords records) =>
        new(upserts, earlier, records, assignmentId);

    /// <summary>Whether any customer ever had mail; else nothing has to be looked up.</summary>
    internal async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (
                var page in storage
                    .Customers.QueryAsync<Azure.Data.Tables.TableEntity>(
                        maxPerPage: 1,
                        select: ["PartitionKey"],
                        cancellationToken: cancellationToken
                    )
                    .AsPages()
                    .WithCancellation(cancellationToken)
            )
            {
                return page.Values.Count > 0;
            }
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == TableErrorCode.TableNotFound)
        {
            // A run alone creates only what it needs.
        }

        return false;
    }

    /// <summary>Forgets what upserts brought to people whom Cube has anonymised; mail that still waits stays.</summary>
    internal async Task ForgetAsync(string assignmentId, IEnumerable<string> importedIds, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(
            importedIds,
            options,
            async (id, token) =>
            {
                if (
                    await upserts.FindMailboxAsync(await pseudonyms.OfAsync(assignmentId, id, token), token) is
                    { Content.HasPending: false } mailbox
                )
                {
                    await upserts.TryDeleteAsync(mailbox, token);
                }
            }
        );
    }

    /// <summary>
    /// What upserts brought to the customers of records, by their place in the list; those without a mailbox are left out.
    /// </summary>
    internal async Task<Dictionary<int, Echo>> FindAsync(
        string assignmentId,
        IReadOnlyList<ReadOnlyMemory<byte>> records,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<int, Echo>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            records.Count,
            options,
            async (i, token) =>
            {
                if (
                    CustomerIds.Find(records[i].Span, CustomerIds.Imported) is { } id
                    && await upserts.FindMailboxAsync(await pseudonyms.OfAsync(assignmentId, id, token), token) is { } mailbox
                )
                {
                    lock (found)
                    {
                        found[i] = new Echo(mailbox.Content);
                    }
                }
            }
        );
        return found;
    }
}
