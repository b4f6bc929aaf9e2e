using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>Finds out whether records that a proven snapshot lacks are gone.</summary>
/// <remarks>
/// A customer is deleted when Cube answers 404 to a GET of that customer, and gives one who is listed at the same address: where it does
/// not, the 404 says nothing of the customer, but that the tenant has no such address or takes the other id in it. One whom Cube still has
/// stays known, and is looked at again by the next snapshot. Callflow customers, customers without a key, and those of such a tenant cannot
/// be asked for: a proven snapshot hours later that lacks them too confirms it.
/// </remarks>
public sealed partial class DeletionCheck(CustomerReader customers, MassDeletionGuard guard, ILogger<DeletionCheck> logger)
{
    /// <summary>So many customers are asked for in one go, within the time that a message has; the next snapshot asks for more.</summary>
    private const int MaxAsked = 2000;
    private const int MaxUnanswered = 20;

    /// <summary>Listed customers who are asked for, to learn whether a 404 says something.</summary>
    internal const int MaxListed = 3;

    /// <inheritdoc cref="MassDeletionGuard.HoldsAsync"/>
    internal Task<bool> IsHeldBackAsync(ObservedItem item, int absent, int known, int anonymised, CancellationToken cancellationToken) =>
        guard.HoldsAsync(item, absent, known, anonymised, cancellationToken);

    /// <inheritdoc cref="MassDeletionGuard.EndAsync"/>
    internal Task EndAsync(ObservedItem item, int left, CancellationToken cancellationToken) =>
        guard.EndAsync(item, left, cancellationToken);

    /// <inheritdoc cref="CustomerReader.AddressMembersAsync"/>
    internal ValueTask<IReadOnlyList<string>> AddressMembersAsync(CancellationToken cancellationToken) =>
        customers.AddressMembersAsync(cancellationToken);

    /// <summary>What became of customers whom a snapshot lacks.</summary>
    /// <param name="scope">Their assignment.</param>
    /// <param name="ids">Index of each, and the id that its address takes.</param>
    /// <param name="listed">Some whom the snapshot has; empty where nobody is left.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>
    /// The indexes of those that are gone: deleted, or erased where Cube gives an anonymised record for them. Null where customers cannot
    /// be asked for.
    /// </returns>
    internal async Task<IReadOnlyDictionary<int, ChangeOp>?> GoneAsync(
        Scope scope,
        IReadOnlyDictionary<int, string> ids,
        IReadOnlyList<ListedCustomer> listed,
        CancellationToken cancellationToken
    )
    {
        var gone = new Dictionary<int, ChangeOp>();
        var unanswered = 0;
        if (await GivesListedAsync(scope, listed, cancellationToken) is not true and var answer)
        {
            if (answer is null)
            {
                LogUnanswered(logger, scope.KindName, scope.Id, ids.Count);
                return gone;
            }

            LogNoAddress(logger, scope.KindName, scope.Id);
            return null;
        }

        var options = new ParallelOptions { MaxDegreeOfParallelism = customers.Parallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            ids.Take(MaxAsked),
            options,
            async (entry, token) =>
            {
                // A Cube that fails again and again is not asked for the rest: the next snapshot does.
                var answer = unanswered < MaxUnanswered ? await AskAsync(scope, entry.Value, token) : null;
                if (answer is ChangeOp.Deleted or ChangeOp.Erased)
                {
                    lock (gone)
                    {
                        gone.Add(entry.Key, answer.Value);
                    }
                }
                else if (answer is null)
                {
                    Interlocked.Increment(ref unanswered);
                }
            }
        );
        if (unanswered > 0)
        {
            LogUnanswered(logger, scope.KindName, scope.Id, unanswered);
        }

        return gone;
    }

    /// <summary>Whether Cube gives a customer who is listed; null where it does not say.</summary>
    private async Task<bool?> GivesListedAsync(Scope scope, IReadOnlyList<ListedCustomer> listed, CancellationToken cancellationToken)
    {
        bool? gives = listed.Count == 0 ? true : null;
        foreach (var customer in listed)
        {
            try
            {
                if ((await customers.ReadAsync(scope, customer.Address, cancellationToken)).ImportedId == customer.ImportedId)
                {
                    return true;
                }

                // Somebody else's record: the address takes the other kind of id.
                gives = false;
            }
            catch (CubeException exception) when (exception.Kind is CubeFailureKind.NotFound or CubeFailureKind.NotAvailable)
            {
                gives = false;
            }
            catch (CubeException)
            {
                // Refused, or out of order: it says nothing.
            }
        }

        return gives;
    }

    /// <summary>
    /// Deleted, erased, still there (<see cref="ChangeOp.Updated"/>, for the next snapshot to say), or null where Cube does not say.
    /// </summary>
    private async Task<ChangeOp?> AskAsync(Scope scope, string id, CancellationToken cancellationToken)
    {
        try
        {
            var customer = await customers.ReadAsync(scope, id, cancellationToken);
            return customer.ImportedId is null && CustomerIds.Find(customer.Record.Span, CustomerIds.Names) == CustomerIds.Anonymised
                ? ChangeOp.Erased
                : ChangeOp.Updated;
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
        {
            return ChangeOp.Deleted;
        }
        catch (CubeException)
        {
            // Refused, not switched on, or out of order for this one: nothing is confirmed, and the others are not held up.
            return null;
        }
    }

    [LoggerMessage(
        301,
        LogLevel.Warning,
        "{ScopeKind} {ScopeId}: Cube does not say whether {Count} absent customers still exist; they are kept as known"
    )]
    private static partial void LogUnanswered(ILogger logger, string scopeKind, string scopeId, int count);

    [LoggerMessage(
        303,
        LogLevel.Warning,
        "{ScopeKind} {ScopeId}: Cube does not give customers who are listed when asked for one by one, so a second snapshot has to confirm "
            + "who is gone; 'cube probe' says which Cube__CustomerIdInUrl fits"
    )]
    private static partial void LogNoAddress(ILogger logger, string scopeKind, string scopeId);
}

/// <summary>A customer whom a snapshot has.</summary>
/// <param name="Address">The id that the address takes.</param>
/// <param name="ImportedId">The imported id.</param>
internal sealed record ListedCustomer(string Address, string ImportedId);
