using CubeFunctions.Core.Senders;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CubeFunctions.Core.Upserts;

/// <summary>Splits a stored post into the rows of its events, and parses kept bytes again for a replay.</summary>
public sealed class PostSplitter(UpsertStore store, UpsertReceiver receiver, UpsertSettings settings)
{
    /// <summary>Splits a post that was stored whole. Twice has the same effect.</summary>
    /// <returns>False where it is split already.</returns>
    internal async Task<bool> SplitAsync(string key, CancellationToken cancellationToken)
    {
        if (await store.Rows.FindAsync<PostRow>(PostRow.Partition, key, cancellationToken) is not { } post)
        {
            return false;
        }

        if (await ParseAsync(post.Sender, post.Path, post.AcceptedAt, post.PostId, cancellationToken) is { IsRefused: false } parsed)
        {
            await receiver.StoreAsync(await receiver.PlanAsync(post.Sender, parsed.Events, post.AcceptedAt, post.PostId, post.Path, cancellationToken), cancellationToken);
        }

        // Nothing of it is left: erased, or its sender's settings are gone.
        await store.DeleteAsync(post, cancellationToken);
        return true;
    }

    /// <summary>Splits the posts that came in bodies: before a body is deleted, so that what others have in it is in rows.</summary>
    /// <returns>Whether any was not split yet.</returns>
    internal async Task<bool> SplitBodiesAsync(IEnumerable<string> bodies, CancellationToken cancellationToken)
    {
        var any = false;
        foreach (var key in bodies.Where(body => body.Length > 0).Select(PostRow.KeyOf).Distinct(StringComparer.Ordinal))
        {
            any |= await SplitAsync(key, cancellationToken);
        }

        return any;
    }

    /// <summary>Parses the body of an event again, by the sender's settings of today.</summary>
    /// <returns>The event's plan; null where its body, its sender or the event in it is gone.</returns>
    internal async Task<PlannedUpsert?> ParseAgainAsync(UpsertRow row, CancellationToken cancellationToken)
    {
        if (row.PostId is not { } postId || await ParseAsync(row.Sender, row.Body, row.AcceptedAt, postId, cancellationToken) is not { IsRefused: false } parsed)
        {
            return null;
        }

        var plans = await receiver.PlanAsync(row.Sender, parsed.Events, row.AcceptedAt, postId, row.Body, cancellationToken);
        return plans.FirstOrDefault(plan => plan.Row.RowKey == row.RowKey);
    }

    private async Task<ParsedBody?> ParseAsync(
        string sender, string path, DateTimeOffset arrival, string postId, CancellationToken cancellationToken)
    {
        if (!settings.Senders.TryGetValue(sender, out var known) || await store.FindBodyAsync(path, cancellationToken) is not { } body)
        {
            return null;
        }

        return SenderParser.Parse(known, new HeaderDictionary { [HeaderNames.ContentType] = "application/json" }, body, arrival, postId);
    }
}
