using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Finds customers to whom an upsert brought something that was set back in Cube before a snapshot saw it: their records are as they were
/// known, and only what was written shows that the CRM now has something else.
/// </summary>
internal sealed class UndoneWrites(UpsertStore upserts, EarlierRecords earlier, FeedRecords records, string assignmentId)
{
    private readonly List<TableEntity> _compared = [];

    /// <summary>
    /// Updates to be published although nothing differs from what is known, with the names of the members that were set back.
    /// </summary>
    public async Task<Dictionary<PlannedChange, List<string>>> FindAsync(
        WindowComparison comparison,
        StoredWindow stored,
        CancellationToken cancellationToken
    )
    {
        var state = comparison.Known;
        var found = new Dictionary<PlannedChange, List<string>>();
        var echoes = await EchoesAsync(stored.StartedAt, cancellationToken);
        if (echoes.Count == 0)
        {
            return found;
        }

        comparison.Bring(known => echoes.ContainsKey(known.Alias));
        var window = comparison.Window;

        // Those that differ anyway are looked at when their lines are written.
        var differ = comparison.Changes.Select(change => change.New).ToHashSet();
        var same = Enumerable.Range(0, window.Length).Where(i => echoes.ContainsKey(window[i].Alias) && !differ.Contains(i));
        foreach (var page in same.GroupBy(i => window[i].Page).ToList())
        {
            using var body = await earlier.FindPageAsync(stored.Result.Manifest, page.Key, cancellationToken);
            if (body is null)
            {
                continue;
            }

            // A list that was proven by two sweeps may have a customer twice.
            var wanted = page.DistinctBy(i => window[i].Key).ToDictionary(i => window[i].Key);
            records.Visit(
                body.Bytes,
                digest => wanted.ContainsKey(digest.Key) && echoes.ContainsKey(digest.Alias),
                (digest, record) =>
                {
                    var old = state.Find(digest.Key, digest.Content);
                    if (
                        old >= 0
                        && echoes[digest.Alias]
                            .Undone(records.Members(record.Span, withEmpty: true), state.Sources[state.Entries[old].Source].StartedAt)
                            is { Count: > 0 } names
                    )
                    {
                        found[new PlannedChange(ChangeOp.Updated, old, wanted[digest.Key])] = names;
                    }
                }
            );
        }

        return found;
    }

    /// <summary>What was compared need not be compared again. Once what is known is stored.</summary>
    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(_compared, cancellationToken, async (row, token) => await upserts.SetComparedAsync(row, token));
        _compared.Clear();
    }

    private async Task<Dictionary<ulong, Echo>> EchoesAsync(DateTimeOffset readingStarted, CancellationToken cancellationToken)
    {
        var echoes = new Dictionary<ulong, Echo>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Echoes.Parallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            await upserts.UncomparedAsync(assignmentId, cancellationToken),
            options,
            async (row, token) =>
            {
                var mailbox = await upserts.FindMailboxAsync(row.PartitionKey, token);
                var echo = mailbox is null ? null : new Echo(mailbox.Content);
                if (echo?.IsLaterThan(readingStarted) == true)
                {
                    return;
                }

                lock (echoes)
                {
                    _compared.Add(row);
                    if (echo is not null)
                    {
                        echoes[CustomerIds.HashOf(mailbox!.CustomerId)] = echo;
                    }
                }
            }
        );
        return echoes;
    }
}
