using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Sends messages that were never sent, or were lost with a process; ends what has waited too long; has stored posts split; purges
/// events that ended long ago.
/// </summary>
public sealed class UpsertJanitor(
    UpsertStore store,
    UpsertNotifications notifications,
    TenantWrites writes,
    RetentionSettings settings,
    TimeProvider time
) : IJanitorTask
{
    private static readonly TimeSpan PurgeEvery = TimeSpan.FromHours(6);

    /// <summary>An event that is younger is on its way.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(2);

    /// <summary>While messages wait in the queue, an event's own is likely to be among them, unless it is older.</summary>
    private static readonly TimeSpan OnItsWayInBacklog = TimeSpan.FromMinutes(15);

    /// <summary>An event that was tried and says why it waits has a message for later, or waits for what notifies it.</summary>
    private static readonly TimeSpan NotifyTriedEvery = TimeSpan.FromHours(1);
    private DateTimeOffset _notifiedTried = DateTimeOffset.MinValue;
    private DateTimeOffset _purged;

    /// <inheritdoc />
    public string Name => "upserts";

    /// <inheritdoc />
    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    /// <inheritdoc />
    public Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(round);
        return RunAsync(round, round.Force, cancellationToken);
    }

    /// <summary>Does one round.</summary>
    /// <param name="force">True to notify all that wait, however lately they came.</param>
    /// <param name="cancellationToken">Ends the round.</param>
    /// <returns>How many customers were notified.</returns>
    public Task<int> RunOnceAsync(bool force, CancellationToken cancellationToken) => RunAsync(null, force, cancellationToken);

    private static KeyValuePair<string, object?> By(string who) => new("by", who);

    private async Task<int> RunAsync(JanitorRound? round, bool force, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var areOff = await writes.FindOffReasonAsync(cancellationToken) is not null;
        var (mayWrite, waiting) = (force || !areOff, 0);
        var tried = force || now - _notifiedTried > NotifyTriedEvery;
        var customers = new HashSet<string>(StringComparer.Ordinal);
        var overdue = new List<UpsertRow>();
        var backlog = new Lazy<Task<bool>>(() => notifications.HasVisibleAsync(cancellationToken));
        await foreach (var row in notifications.WaitingAsync(cancellationToken))
        {
            waiting++;
            if (row.Since < now.AddDays(-settings.Days))
            {
                overdue.Add(row);
            }
            else if (
                force
                || (
                    mayWrite
                    && (now - row.AcceptedAt > OnItsWay || WaitedForWrites(row))
                    && (tried || WaitsForMessage(row))
                    && (now - row.AcceptedAt > OnItsWayInBacklog || !await backlog.Value)
                )
            )
            {
                customers.Add(row.PartitionKey);
            }
        }

        var areKept = await writes.AreKeptAsync(cancellationToken);
        CubeMetrics.UpsertsHeld.Record(areOff && !areKept ? waiting : 0, By("tenant"));
        CubeMetrics.UpsertsHeld.Record(areKept ? waiting : 0, By("settings"));
        await notifications.NotifyAsync(customers, TimeSpan.Zero, cancellationToken);
        _notifiedTried = tried && mayWrite ? now : _notifiedTried;
        await EachAsync(
            round,
            overdue,
            (row, token) => store.EndAsync([new UpsertEnd(row, UpsertState.Dead, Overdue(row))], token),
            cancellationToken
        );
        await EachAsync(
            round,
            await PostsAsync(now, force, tried, cancellationToken),
            (post, token) => notifications.NotifyPostAsync(post.RowKey, token),
            cancellationToken
        );
        if (now - _purged > PurgeEvery)
        {
            await foreach (var row in store.UnknownAsync(cancellationToken))
            {
                await EachAsync(
                    round,
                    [row],
                    (unknown, token) => store.EndAsync([new UpsertEnd(unknown, UpsertState.Dead, UpsertEnd.Unreadable)], token),
                    cancellationToken
                );
            }

            await foreach (var row in store.EndedBeforeAsync(now.AddDays(-settings.Days), cancellationToken))
            {
                await EachAsync(round, [row], (ended, token) => store.DeleteAsync(ended, token), cancellationToken);
            }

            _purged = now;
        }

        return customers.Count;
    }

    /// <summary>A row without its time of arrival is garbled.</summary>
    private string Overdue(UpsertRow row) =>
        row.AcceptedAt == default
            ? UpsertEnd.Unreadable
            : $"{(string.IsNullOrEmpty(row.Reason) ? "not delivered" : row.Reason)}, for {settings.Days} days";

    /// <summary>Whether nothing else brings the event on: it was never tried, or waited for writes, which are allowed again.</summary>
    private static bool WaitsForMessage(UpsertRow row) =>
        string.IsNullOrEmpty(row.Reason) || row.Reason == row.Dropped || WaitedForWrites(row);

    private static bool WaitedForWrites(UpsertRow row) => row.Reason?.StartsWith("writes are ", StringComparison.Ordinal) == true;

    private async Task<List<PostRow>> PostsAsync(DateTimeOffset now, bool force, bool tried, CancellationToken cancellationToken) =>
        await store
            .PostsAsync(cancellationToken)
            .Where(post => force || (now - post.AcceptedAt > OnItsWay && (tried || post.Reason is null)))
            .ToListAsync(cancellationToken);

    /// <summary>Does something with each row; one that fails stops no other.</summary>
    private static async Task EachAsync<T>(
        JanitorRound? round,
        IReadOnlyList<T> rows,
        Func<T, CancellationToken, Task> action,
        CancellationToken cancellationToken
    )
    {
        if (round is not null)
        {
            await round.EachAsync(rows, action, cancellationToken);
            return;
        }

        foreach (var row in rows)
        {
            await action(row, cancellationToken);
        }
    }
}
