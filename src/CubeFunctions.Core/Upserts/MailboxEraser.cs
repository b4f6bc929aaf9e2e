using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Erases a customer's events and mailbox: under the mailbox's lease, so that no delivery writes them again, and the mailbox last.
/// </summary>
internal sealed class MailboxEraser(StorageClients storage, UpsertStore store, PostSplitter posts, SyncSettings sync, TimeProvider time)
{
    private const int Parallelism = 16;

    /// <summary>
    /// How long deliveries may hold the mailbox before the erasure gives up: they fail and come back for minutes at most.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Erases.</summary>
    /// <param name="partition">Where the rows are.</param>
    /// <param name="tally">Takes the counts.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ErasureBusyException">A delivery did not end in time.</exception>
    public async Task EraseAsync(string partition, ErasureTally tally, CancellationToken cancellationToken)
    {
        var (holder, started) = (Guid.NewGuid().ToString("N"), time.GetTimestamp());
        while (true)
        {
            var events = await store.OfCustomerAsync(partition, cancellationToken).ToListAsync(cancellationToken);
            var mailbox = await store.FindMailboxAsync(partition, cancellationToken);
            if (events.Count == 0 && mailbox is null)
            {
                return;
            }

            // A post that came since the search may still wait to be split.
            await posts.SplitBodiesAsync(events.Select(row => row.Body), cancellationToken);
            var (now, existed) = (time.GetUtcNow(), mailbox is not null);
            mailbox ??= MailboxRow.New(events[0]);
            if (mailbox.LeaseUntil > now || !await store.TrySaveAsync(mailbox, holder, now + sync.Lease, cancellationToken))
            {
                if (time.GetElapsedTime(started) > Patience)
                {
                    throw new ErasureBusyException("The customer is being delivered to Cube");
                }

                await Task.Delay(LookEvery, time, cancellationToken);
                continue;
            }

            tally.Add(Erased.Events, events.Count);
            tally.Add(Erased.WaitingEvents, events.Count(row => row.State == UpsertState.Waiting));
            await Parallel.ForEachAsync(
                events,
                new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
                DeleteAsync
            );

            // Where the lease ran out and another worker took over: once more.
            tally.Add(Erased.Mailboxes, await store.TryDeleteAsync(mailbox, cancellationToken) && existed ? 1 : 0);
        }
    }

    /// <summary>What the row names goes before the row does.</summary>
    private async ValueTask DeleteAsync(UpsertRow row, CancellationToken cancellationToken)
    {
        foreach (var blob in new[] { row.ValuesBlob, row.Body }.OfType<string>())
        {
            await InboxScan.DeleteAsync(storage, blob, cancellationToken);
        }

        await store.DeleteAsync(row, cancellationToken);
    }
}
