using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Settles what it means that a proven snapshot lacks known records. Absence is not deletion: a lost permission looks the same.
/// </summary>
/// <remarks>
/// A customer is deleted when Cube answers 404 to a GET of that customer. One whom Cube still has stays known, and is looked at again by the next snapshot.
/// Callflow customers, and customers without a key, cannot be asked for: a second proven snapshot that lacks them confirms it.
/// More than a hundred and more than one in twenty absent at once are held back, until a later run sees them again or somebody says that they are gone.
/// </remarks>
public sealed partial class DeletionCheck(CubeClient cube, HeldBackDeletions heldBack, CubeSettings settings, ILogger<DeletionCheck> logger)
{
    private const int AlwaysAllowed = 100;
    private const int AllowedShare = 20;

    /// <summary>So many customers are asked for in one go, within the time that a message has; the next snapshot asks for more.</summary>
    private const int MostAsked = 2000;
    private const int MostUnanswered = 20;

    /// <summary>Whether so many absences are too many to be true, unless somebody has said that they are.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="item">The item, which remembers whether deletions are held back.</param>
    /// <param name="absent">Known records that a proven reading lacks.</param>
    /// <param name="known">All known records.</param>
    /// <param name="outcome">Takes the answer.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task CheckAsync(Feed feed, ObservedItem item, int absent, int known, AbsenceOutcome outcome, CancellationToken cancellationToken)
    {
        if (absent <= Math.Max(AlwaysAllowed, known / AllowedShare))
        {
            return;
        }

        item.DeletionsHeldBack = true;
        outcome.HeldBack = await heldBack.HoldAsync(feed, item.Scope, absent, known, cancellationToken);
        if (outcome.HeldBack)
        {
            LogHeldBack(logger, feed.Name, item.Scope.KindName, item.Scope.Id, absent, known);
            CubeMetrics.DeletionsHeldBack.Add(absent, new KeyValuePair<string, object?>("feed", feed.Setting));
        }
    }

    /// <summary>Ends what was held back or released, where nothing of it is left to be settled.</summary>
    internal async Task SettleAsync(Feed feed, ObservedItem item, int left, CancellationToken cancellationToken)
    {
        if (item.DeletionsHeldBack)
        {
            item.DeletionsHeldBack = await heldBack.LeaveAsync(feed, item.Scope, left, cancellationToken);
        }
    }

    /// <summary>Which of the customers Cube no longer has.</summary>
    /// <param name="scope">Their assignment.</param>
    /// <param name="records">Index and last known record of each.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The indexes of those that are gone.</returns>
    internal async Task<IReadOnlySet<int>> GoneAsync(Scope scope, IReadOnlyDictionary<int, string> records, CancellationToken cancellationToken)
    {
        var gone = new HashSet<int>();
        var unanswered = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = settings.MaxConcurrentRequests, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(records.Take(MostAsked), options, async (entry, token) =>
        {
            // A Cube that fails again and again is not asked for the rest: the next snapshot does.
            switch (unanswered < MostUnanswered ? await IsGoneAsync(scope, entry.Value, token) : null)
            {
                case true:
                    lock (gone)
                    {
                        gone.Add(entry.Key);
                    }

                    break;
                case null:
                    Interlocked.Increment(ref unanswered);
                    break;
            }
        });
        if (unanswered > 0)
        {
            LogUnanswered(logger, scope.KindName, scope.Id, unanswered);
        }

        return gone;
    }

    /// <summary>The id that the address of the customer takes, read off the record.</summary>
    internal string? IdOf(ReadOnlySpan<byte> record) =>
        CustomerIds.Find(record, settings.CustomerIdInUrl == CustomerIdInUrl.Internal ? CustomerIds.InternalFirst : CustomerIds.Imported);

    private async Task<bool?> IsGoneAsync(Scope scope, string id, CancellationToken cancellationToken)
    {
        try
        {
            using var body = await cube.SendCustomerAsync(HttpMethod.Get, scope.Id, id, null, cancellationToken);
            return false;
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
        {
            return true;
        }
        catch (CubeException)
        {
            // Refused, not switched on, or out of order for this one: nothing is confirmed, and the others are not held up.
            return null;
        }
    }

    [LoggerMessage(300, LogLevel.Error,
        "{Feed} of {ScopeKind} {ScopeId}: {Absent} of {Known} known records are absent at once; deletions are held back until a later run sees them again, or somebody replays them (was a permission lost?)")]
    private static partial void LogHeldBack(ILogger logger, string feed, string scopeKind, string scopeId, int absent, int known);

    [LoggerMessage(301, LogLevel.Warning, "{ScopeKind} {ScopeId}: Cube does not say whether {Count} absent customers still exist; they are kept as known")]
    private static partial void LogUnanswered(ILogger logger, string scopeKind, string scopeId, int count);
}
