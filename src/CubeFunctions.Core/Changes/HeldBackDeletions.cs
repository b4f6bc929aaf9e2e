using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Deletions that were held back, since too many records were absent at once: a row of <c>CubeChanges</c> each, dead until a healthy run takes it away, or until
/// somebody replays it. Then the next run believes as many absences as that, though it still asks Cube for each customer.
/// </summary>
public sealed class HeldBackDeletions(StorageClients storage, TimeProvider time)
{
    /// <summary>Absences beyond those that somebody saw: the world goes on meanwhile.</summary>
    private const double Growth = 1.05;

    /// <summary>Notes that deletions are held back, unless somebody has released them.</summary>
    /// <returns>False when they are released.</returns>
    internal async Task<bool> HoldAsync(Feed feed, Scope scope, int absent, int known, CancellationToken cancellationToken)
    {
        await storage.EnsureCreatedAsync(cancellationToken);
        var key = ChangeStream.NameOf(feed, scope);
        var found = await storage.Changes.GetEntityIfExistsAsync<HeldBackRow>(HeldBackRow.Partition, key, cancellationToken: cancellationToken);
        if (found is { HasValue: true, Value: { State: HeldBackRow.Released } released } && absent <= released.Changes * Growth)
        {
            return false;
        }

        var row = new HeldBackRow
        {
            RowKey = key,
            Changes = absent,
            CreatedAt = found.HasValue ? found.Value!.CreatedAt : time.GetUtcNow(),
            CompletedAt = time.GetUtcNow(),
            Reason = $"{absent} of {known} known records of {feed.Name} are absent at once; 'replay changes --id' with this row's id has the next run tell them as gone",
        };
        try
        {
            await (found.HasValue
                ? storage.Changes.UpdateEntityAsync(row, found.Value!.ETag, TableUpdateMode.Replace, cancellationToken)
                : storage.Changes.AddEntityAsync(row, cancellationToken));
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            // Somebody replays it just now: the next run looks again.
        }

        return true;
    }

    /// <summary>A run is done with what was held back: a release is good for what it was given for, and no more.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="left">How many absences are still to be settled.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Whether something is left of it.</returns>
    internal async Task<bool> LeaveAsync(Feed feed, Scope scope, int left, CancellationToken cancellationToken)
    {
        var found = await storage.Changes.GetEntityIfExistsAsync<HeldBackRow>(HeldBackRow.Partition, ChangeStream.NameOf(feed, scope), cancellationToken: cancellationToken);
        if (!found.HasValue)
        {
            return false;
        }

        if (left == 0)
        {
            await storage.Changes.DeleteEntityAsync(HeldBackRow.Partition, ChangeStream.NameOf(feed, scope), ETag.All, cancellationToken);
            return false;
        }

        if (found.Value is { State: HeldBackRow.Released } released)
        {
            released.Changes = left;
            await storage.Changes.UpdateEntityAsync(released, ETag.All, TableUpdateMode.Replace, cancellationToken);
        }

        return true;
    }
}
