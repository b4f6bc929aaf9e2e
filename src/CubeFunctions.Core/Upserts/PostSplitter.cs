using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CubeFunctions.Core.Upserts;

/// <summary>Splits a stored post into the rows of its events, and parses kept bytes again for a replay.</summary>
/// <remarks>
/// Under the post's lease: an erasure waits for the worker that has parsed the post, whose rows would otherwise be written after those of
/// the person were deleted.
/// </remarks>
public sealed class PostSplitter(UpsertStore store, UpsertReceiver receiver, UpsertSettings settings, SyncSettings sync, TimeProvider time)
{
    /// <summary>How long an erasure waits for a worker that splits a post.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Posts that are looked through for one event.</summary>
    private const int MostSearched = 20;

    /// <summary>Splits a post that was stored whole. Twice has the same effect.</summary>
    internal async Task<PostOutcome> SplitAsync(string key, CancellationToken cancellationToken)
    {
        while (await store.FindPostAsync(key, cancellationToken) is { } post)
        {
            if (post.IsGarbled)
            {
                return new PostOutcome.Waiting(UpsertEnd.Unreadable);
            }

            var now = time.GetUtcNow();
            if (post.IsHeld(now))
            {
                return new PostOutcome.Held(post.LeaseUntil!.Value - now);
            }

            await using var lease = await store.TryAcquireAsync(post, sync.Lease, cancellationToken);
            if (lease is not null)
            {
                return await SplitAsync(lease, cancellationToken);
            }
        }

        return new PostOutcome.Gone();
    }

    /// <summary>An event of a post that waits to be split, by the event's id; null where none has it.</summary>
    internal async Task<UpsertRow?> FindUnsplitAsync(string id, CancellationToken cancellationToken)
    {
        // Each is parsed: more of them wait only where something else is wrong.
        await foreach (var post in store.PostsAsync(cancellationToken).Where(post => !post.IsGarbled).Take(MostSearched))
        {
            if (
                settings.Senders.TryGetValue(post.Sender, out var sender)
                && await store.FindBodyAsync(post.Path, cancellationToken) is { } body
                && Parse(sender, body, post.AcceptedAt, post.PostId) is { IsRefused: false } parsed
                && (await receiver.PlanAsync(post.Sender, parsed.Events, post.AcceptedAt, post.PostId, post.Path, cancellationToken)).Find(
                    plan => plan.Row.Id == id
                )
                    is { Row: var row }
            )
            {
                row.Reason ??= post.Reason ?? "accepted; the post that it came in waits to be split";
                return row;
            }
        }

        return null;
    }

    /// <summary>Splits the posts that came in bodies: before a body is deleted, so that what others have in it is in rows.</summary>
    /// <returns>Whether any was not split yet.</returns>
    /// <exception cref="ErasureBusyException">A post cannot be split for now.</exception>
    internal async Task<bool> SplitBodiesAsync(IEnumerable<string> bodies, CancellationToken cancellationToken)
    {
        var (any, started) = (false, time.GetTimestamp());
        foreach (var key in bodies.Where(body => body.Length > 0).Select(PostRow.KeyOf).Distinct(StringComparer.Ordinal))
        {
            var outcome = await SplitAsync(key, cancellationToken);
            while (outcome is PostOutcome.Held && time.GetElapsedTime(started) < Patience)
            {
                // Its rows come about at this moment.
                any = true;
                await Task.Delay(LookEvery, time, cancellationToken);
                outcome = await SplitAsync(key, cancellationToken);
            }

            any |= outcome switch
            {
                PostOutcome.Waiting waiting => throw new ErasureBusyException(
                    "A post that may hold others' events beside the person's",
                    $"{waiting.Reason}: erase where the sender is configured, or drop the post"
                ),
                PostOutcome.Held => throw new ErasureBusyException("A post that names the person is being split"),
                _ => outcome is PostOutcome.Split,
            };
        }

        return any;
    }

    /// <summary>Parses the body of an event again, by the sender's settings of today.</summary>
    /// <returns>The event's plan; null where its body, its sender or the event in it is gone.</returns>
    internal async Task<PlannedUpsert?> ParseAgainAsync(UpsertRow row, CancellationToken cancellationToken)
    {
        if (
            row.PostId is not { } postId
            || !settings.Senders.TryGetValue(row.Sender, out var sender)
            || await store.FindBodyAsync(row.Body, cancellationToken) is not { } body
            || Parse(sender, body, row.AcceptedAt, postId) is not { IsRefused: false } parsed
        )
        {
            return null;
        }

        var plans = await receiver.PlanAsync(row.Sender, parsed.Events, row.AcceptedAt, postId, row.Body, cancellationToken);
        return plans.FirstOrDefault(plan => plan.Row.RowKey == row.RowKey);
    }

    private static ParsedBody Parse(SenderSettings sender, ReadOnlyMemory<byte> body, DateTimeOffset arrival, string postId) =>
        SenderParser.Parse(sender, new HeaderDictionary { [HeaderNames.ContentType] = "application/json" }, body, arrival, postId);

    private async Task<PostOutcome> SplitAsync(LeasedRow<PostRow> lease, CancellationToken cancellationToken)
    {
        var post = lease.Row;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            if (!settings.Senders.TryGetValue(post.Sender, out var sender))
            {
                return await KeepAsync(lease, $"waits for settings of sender '{post.Sender}', which this program has not", either.Token);
            }

            // A body that is gone was given up with whom it named.
            if (await store.FindBodyAsync(post.Path, either.Token) is { } body)
            {
                if (Parse(sender, body, post.AcceptedAt, post.PostId) is not { IsRefused: false } parsed)
                {
                    return await KeepAsync(
                        lease,
                        $"waits for other settings of sender '{post.Sender}': by those of today it is refused",
                        either.Token
                    );
                }

                await receiver.StoreAsync(
                    await receiver.PlanAsync(post.Sender, parsed.Events, post.AcceptedAt, post.PostId, post.Path, either.Token),
                    either.Token
                );
            }

            await store.DeleteAsync(post, either.Token);
            return new PostOutcome.Split();
        }
        catch
        {
            await store.ReleaseAsync(lease, sync.Lease);
            throw;
        }
    }

    /// <summary>A post that cannot be split is kept, and shown with the reason.</summary>
    private static async Task<PostOutcome> KeepAsync(LeasedRow<PostRow> lease, string reason, CancellationToken cancellationToken)
    {
        lease.Row.Reason = reason;
        await lease.ReleaseAsync(cancellationToken);
        return new PostOutcome.Waiting(reason);
    }
}
