using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>Finds out whether records that a proven snapshot lacks are gone.</summary>
/// <remarks>
/// A customer is deleted when Cube answers 404 to a GET of that customer. One whom Cube still has stays known, and is looked at again by the next snapshot.
/// Callflow customers, and customers without a key, cannot be asked for: a proven snapshot hours later that lacks them too confirms it.
/// </remarks>
public sealed partial class DeletionCheck(CustomerReader customers, MassDeletionGuard guard, ILogger<DeletionCheck> logger)
{
    /// <summary>So many customers are asked for in one go, within the time that a message has; the next snapshot asks for more.</summary>
    private const int MaxAsked = 2000;
    private const int MaxUnanswered = 20;

    /// <inheritdoc cref="MassDeletionGuard.HoldsAsync"/>
    internal Task<bool> IsHeldBackAsync(ObservedItem item, int absent, int known, CancellationToken cancellationToken) => guard.HoldsAsync(item, absent, known, cancellationToken);

    /// <inheritdoc cref="MassDeletionGuard.EndAsync"/>
    internal Task EndAsync(ObservedItem item, int left, CancellationToken cancellationToken) => guard.EndAsync(item, left, cancellationToken);

    /// <inheritdoc cref="CustomerReader.IdOf"/>
    internal string? IdOf(ReadOnlySpan<byte> record) => customers.IdOf(record);

    /// <summary>Which of the customers Cube no longer has.</summary>
    /// <param name="scope">Their assignment.</param>
    /// <param name="ids">Index of each, and the id that its address takes.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The indexes of those that are gone.</returns>
    internal async Task<IReadOnlySet<int>> GoneAsync(Scope scope, IReadOnlyDictionary<int, string> ids, CancellationToken cancellationToken)
    {
        var gone = new HashSet<int>();
        var unanswered = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = customers.Parallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(ids.Take(MaxAsked), options, async (entry, token) =>
        {
            // A Cube that fails again and again is not asked for the rest: the next snapshot does.
            switch (unanswered < MaxUnanswered ? await IsGoneAsync(scope, entry.Value, token) : null)
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

    private async Task<bool?> IsGoneAsync(Scope scope, string id, CancellationToken cancellationToken)
    {
        try
        {
            await customers.ReadAsync(scope, id, cancellationToken);
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

    [LoggerMessage(301, LogLevel.Warning, "{ScopeKind} {ScopeId}: Cube does not say whether {Count} absent customers still exist; they are kept as known")]
    private static partial void LogUnanswered(ILogger logger, string scopeKind, string scopeId, int count);
}
