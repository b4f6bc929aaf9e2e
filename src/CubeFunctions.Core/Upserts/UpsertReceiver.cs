using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Keeps what was verified and parsed: the body as received, a row an event, a message a customer. In this order, so that nothing
/// acknowledged is lost.
/// </summary>
public sealed partial class UpsertReceiver(
    UpsertStore store,
    Pseudonyms pseudonyms,
    QueueNotifier<UpsertMessage> notifier,
    TimeProvider time,
    ILogger<UpsertReceiver> logger
)
{
    private const int Parallelism = 16;

    /// <summary>A post of more events is stored whole first, and may be split later.</summary>
    private const int MaxDirect = 16;

    /// <summary>How long splitting may keep the answer to such a post waiting.</summary>
    private static readonly TimeSpan SplitWithin = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The lease of a post that is split before it is answered. It runs out by itself: giving it up would be one more request while the
    /// sender waits.
    /// </summary>
    private static readonly TimeSpan PostLease = SplitWithin + TimeSpan.FromSeconds(3);

    /// <summary>Accepts events. A repeat of an event meets the row of the first and is sent on again if that still waits.</summary>
    /// <param name="sender">Who sent them.</param>
    /// <param name="events">The events.</param>
    /// <param name="body">What they came in.</param>
    /// <param name="postId">
    /// What events without an id are named by; null where the post is never parsed again, and never split later.
    /// </param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="RequestFailedException">Storage failed. Whether the events were kept is not known.</exception>
    public async Task<Acceptance> AcceptAsync(
        string sender,
        IReadOnlyList<UpsertEvent> events,
        ReadOnlyMemory<byte> body,
        string? postId,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(events);
        var now = time.GetUtcNow();
        var plans = await PlanAsync(sender, events, now, postId, path: null, cancellationToken);
        var path = plans[0].Row.Body;
        await store.KeepBodyAsync(path, body, cancellationToken);
        var stored =
            postId is not null && plans.Count > MaxDirect
                ? await StoreLaterAsync(
                    new PostRow
                    {
                        RowKey = PostRow.KeyOf(path),
                        Sender = sender,
                        AcceptedAt = now,
                        Path = path,
                        PostId = postId,
                    },
                    plans,
                    cancellationToken
                )
                : await StoreAsync(plans, cancellationToken);
        LogAccepted(logger, sender, events.Count);
        return new Acceptance([
            .. stored.Select(row => new AcceptedUpsert(row.Id, row.State, string.IsNullOrEmpty(row.Reason) ? null : row.Reason)),
        ]);
    }

    /// <summary>The rows of events, and of what they do to other records.</summary>
    /// <param name="sender">Who sent them.</param>
    /// <param name="events">The events.</param>
    /// <param name="acceptedAt">When they arrived.</param>
    /// <param name="postId">What events without an id are named by.</param>
    /// <param name="path">Where their body lies; null for a body to be stored.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task<List<PlannedUpsert>> PlanAsync(
        string sender,
        IReadOnlyList<UpsertEvent> events,
        DateTimeOffset acceptedAt,
        string? postId,
        string? path,
        CancellationToken cancellationToken
    )
    {
        await pseudonyms.LoadAsync(cancellationToken);
        var plans = new List<PlannedUpsert>();
        foreach (var upsert in events)
        {
            // Of one body the later entry is the newer, where the sender gives no other order.
            var row = ToRow(sender, upsert, acceptedAt, postId);
            row.EventTime = row.EventTime.AddTicks(plans.Count);
            plans.Add(new PlannedUpsert(row, upsert.Values.Count > 0 ? upsert.Values : upsert.Mappable));
        }

        plans.AddRange(
            events
                .Where(upsert => upsert.Merge is not null)
                .SelectMany(upsert => upsert.Merge!.Merged.Select(merged => ToMerge(sender, upsert, merged, acceptedAt)))
        );
        path ??= BodyPath(sender, plans, acceptedAt);
        plans.ForEach(plan => plan.Row.Body = path);
        return plans;
    }

    /// <summary>Stores events and notifies their customers.</summary>
    /// <returns>Rows of the post's own events, as they are stored now.</returns>
    internal async Task<IReadOnlyList<UpsertRow>> StoreAsync(IReadOnlyList<PlannedUpsert> plans, CancellationToken cancellationToken)
    {
        var stored = new UpsertRow[plans.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForAsync(
            0,
            plans.Count,
            options,
            async (i, token) =>
            {
                var row = plans[i].Row;
                await store.SetValuesAsync(row, plans[i].Values, token);
                stored[i] = await store.AddAsync(row, token) ?? row;
                Count(row, isNew: ReferenceEquals(stored[i], row));
            }
        );

        var customers = stored
            .Where(row => row.State == UpsertState.Waiting)
            .Select(row => row.PartitionKey)
            .Distinct(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            customers,
            options,
            async (customer, token) => await notifier.SendAsync(UpsertMessage.ForCustomer(customer), TimeSpan.Zero, token)
        );
        return [.. stored.Where((_, i) => plans[i].IsAnswered)];
    }

    /// <summary>
    /// Stores a post whole: from then on nothing of it is lost. Its events follow at once where storage is quick, and else by a
    /// message.
    /// </summary>
    private async Task<IReadOnlyList<UpsertRow>> StoreLaterAsync(
        PostRow post,
        List<PlannedUpsert> plans,
        CancellationToken cancellationToken
    )
    {
        await using var lease = await store.TryAcquireAsync(post, PostLease, cancellationToken);
        if (lease is not null)
        {
            using var limit = new CancellationTokenSource(SplitWithin, TimeProvider.System);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, lease.Lost, cancellationToken);
            try
            {
                var stored = await StoreAsync(plans, either.Token);
                await store.DeleteAsync(post, either.Token);
                return stored;
            }
            catch (Exception exception) when (either.IsCancellationRequested || StorageErrors.IsTrouble(exception, either.Token))
            {
                LogLater(logger, post.Sender, plans.Count);
            }
        }

        try
        {
            // The sender waits no longer than for any other post.
            using var rest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            rest.CancelAfter(SplitWithin / 2);
            await notifier.SendAsync(UpsertMessage.ForPost(post.RowKey), lease is null ? TimeSpan.Zero : PostLease, rest.Token);
        }
        catch (Exception exception)
            when (exception is OperationCanceledException || StorageErrors.IsTrouble(exception, CancellationToken.None))
        {
            // The janitor finds the row.
        }

        return [.. plans.Where(plan => plan.IsAnswered).Select(plan => plan.Row)];
    }

    private UpsertRow ToRow(string sender, UpsertEvent upsert, DateTimeOffset now, string? postId)
    {
        // A deletion for privacy changes nothing in Cube, but a person has to see it.
        var isDead = upsert.NeedsPerson || (upsert.Dead is not null && upsert.Mappable.Count == 0);
        var state =
            isDead ? UpsertState.Dead
            : upsert.Ignored is not null ? UpsertState.Ignored
            : UpsertState.Waiting;
        var dropped = state == UpsertState.Waiting && upsert.Dead is not null ? $"{upsert.Dead}; left out" : null;
        return new UpsertRow
        {
            PartitionKey = upsert.CustomerId is { } customer
                ? pseudonyms.Of(upsert.AssignmentId, customer)
                : pseudonyms.Of($"{sender} without customer", upsert.EventId),
            RowKey = pseudonyms.Of(sender, upsert.EventId),
            Sender = sender,
            AssignmentId = upsert.AssignmentId,
            CustomerId = upsert.CustomerId,
            EventTime = upsert.EventTime,
            AcceptedAt = now,
            PostId = postId,
            State = state,
            Erases = upsert.Erases,
            Dropped = dropped,
            Reason = dropped ?? upsert.Dead ?? upsert.Ignored,
            CompletedAt = state == UpsertState.Waiting ? null : now,
        };
    }

    /// <summary>What a merge does to a record that is no more: it waits in that record's partition, for its delivery.</summary>
    private PlannedUpsert ToMerge(string sender, UpsertEvent upsert, string merged, DateTimeOffset now) =>
        new(
            new UpsertRow
            {
                PartitionKey = pseudonyms.Of(upsert.AssignmentId, merged),
                RowKey = pseudonyms.Of(sender, $"{upsert.EventId}:{merged}"),
                Sender = sender,
                AssignmentId = upsert.AssignmentId,
                CustomerId = merged,
                EventTime = upsert.EventTime,
                AcceptedAt = now,
                MergedInto = upsert.Merge!.Survivor,
                MergedKey = pseudonyms.Of(upsert.AssignmentId, upsert.Merge.Survivor),
            },
            [],
            IsAnswered: false
        );

    /// <summary>
    /// The place of a body follows from its events, so that a repeat of the post finds it there; the day is that of the arrival.
    /// </summary>
    private static string BodyPath(string sender, List<PlannedUpsert> plans, DateTimeOffset now)
    {
        var name =
            plans.Count == 1
                ? plans[0].Row.Id
                : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(plans.Select(plan => plan.Row.Id)))));
        return string.Create(CultureInfo.InvariantCulture, $"{sender}/{now:yyyy'/'MM'/'dd}/{name}");
    }

    private static void Count(UpsertRow row, bool isNew)
    {
        if (isNew)
        {
            var tag = new KeyValuePair<string, object?>("sender", row.Sender);
            CubeMetrics.UpsertsAccepted.Add(1, tag);
            if (row.State == UpsertState.Dead)
            {
                CubeMetrics.UpsertsDead.Add(1, tag, new("state", $"{UpsertState.Dead}"));
            }
        }
    }

    [LoggerMessage(210, LogLevel.Information, "{Count} upserts of sender {Sender} accepted")]
    private static partial void LogAccepted(ILogger logger, string sender, int count);

    [LoggerMessage(
        213,
        LogLevel.Warning,
        "A post of sender {Sender} with {Count} upserts is stored; storage is slow, and they are split later"
    )]
    private static partial void LogLater(ILogger logger, string sender, int count);
}
