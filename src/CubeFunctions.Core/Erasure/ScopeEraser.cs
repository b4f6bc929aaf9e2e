using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Erasure;

/// <summary>Erases a person from one scope and feed under its lease, so that no run reads or compares it meanwhile.</summary>
internal sealed class ScopeEraser(PlaceEraser places, CheckpointStore checkpoints, TimeProvider time)
{
    /// <summary>
    /// How long a run may hold a scope before the erasure gives up: a little longer than one message is worked on by default.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly string _holder = $"erase|{Guid.NewGuid():N}";

    /// <summary>Erases. The person learns the internal ids that are found on the way.</summary>
    /// <param name="search">The person, the scope and the feed.</param>
    /// <param name="assignmentKnown">Whether the scope is known to be of the person's assignment.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ErasureBusyException">A run did not end in time.</exception>
    public async Task EraseAsync(PersonSearch search, bool assignmentKnown, CancellationToken cancellationToken)
    {
        var place = search.Place!;
        await using var lease = await HoldAsync(search.Person, place, assignmentKnown, cancellationToken);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            await places.EraseAsync(search.Person, await places.FindAsync(search, either.Token), either.Token);

            // Again at the end: what was read of the tombstones meanwhile may be older than the last of them.
            lease.Row.ErasedAt = time.GetUtcNow();
            await lease.ReleaseAsync(cancellationToken);
        }
        catch (Exception exception)
            when (exception is LeaseLostException || (exception is OperationCanceledException && lease.Lost.IsCancellationRequested))
        {
            throw new ErasureBusyException($"{place.Feed} of {place.Scope.KindName} {place.Scope.Id} was taken over by another worker");
        }
    }

    private async Task<LeasedRow<CheckpointRow>> HoldAsync(
        Person person,
        SearchedScope place,
        bool assignmentKnown,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var lease = await checkpoints.TryHoldAsync(
                place.Feed,
                place.Scope,
                _holder,
                row =>
                {
                    // Processes that read the tombstones before this read them again; and a campaign that left the list still has its
                    // assignment.
                    row.ErasedAt = time.GetUtcNow();
                    row.AssignmentId = assignmentKnown ? person.AssignmentId : row.AssignmentId;
                },
                cancellationToken
            );
            if (lease is not null)
            {
                return lease;
            }

            if (time.GetElapsedTime(started) > Patience)
            {
                throw new ErasureBusyException($"{place.Feed} of {place.Scope.KindName} {place.Scope.Id} is being read by a run");
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }
    }
}
