using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Holds deletions back that are too many to be true: of one scope and feed, or of a whole run. Each is a row of <c>CubeChanges</c>, dead
/// until a healthy run takes it
/// away, or until a person releases it. Then the next run believes as many absences as that, though Cube is still asked for each customer.
/// </summary>
/// <remarks>
/// Of one scope up to <see cref="AlwaysAllowed"/> records may go at once, else up to 5 % and up to <see cref="MaxAllowed"/>. A scope that
/// empties waits for a person, or
/// until it has been empty for <see cref="EmptyFor"/>. Over a run, scopes that shrink are added up: more than <see cref="MaxAllowed"/> and
/// 5 % of what they held are held back
/// from then on.
/// </remarks>
public sealed partial class MassDeletionGuard(StorageClients storage, TimeProvider time, ILogger<MassDeletionGuard> logger) : IJanitorTask
{
    /// <summary>How long what was counted for a run is kept.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);

    private const int AlwaysAllowed = 5;
    private const int MaxAllowed = 100;
    private const int AllowedShare = 20;
    private static readonly TimeSpan EmptyFor = TimeSpan.FromDays(1);

    /// <summary>Absences beyond those that a person saw: the world goes on meanwhile.</summary>
    private const double Growth = 1.05;

    private readonly OptimisticTable _table = new(storage.Changes, storage.EnsureCreatedAsync);

    /// <summary>Whether so many absences are too many to be true, unless a person has said that they are.</summary>
    /// <param name="item">The item, which remembers that deletions are held back.</param>
    /// <param name="absent">Known records that a proven reading lacks.</param>
    /// <param name="known">All known records.</param>
    /// <param name="anonymised">Records without any id that have come instead: erasures perhaps, which the CRM has to hear of.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task<bool> HoldsAsync(ObservedItem item, int absent, int known, int anonymised, CancellationToken cancellationToken)
    {
        if (absent == 0)
        {
            return false;
        }

        var isEmpty = absent == known;
        var reason =
            isEmpty ? "all"
            : absent > AlwaysAllowed && (absent > MaxAllowed || absent > known / AllowedShare) ? "too many"
            : await IsRunAboveAsync(item, absent, known, cancellationToken) ? "too many in the run's scopes together"
            : null;
        if (reason is null)
        {
            return false;
        }

        item.DeletionsHeldBack = true;
        var key = ChangeStream.NameOf(item.Feed, item.Scope);
        var row = await FindAsync(key, cancellationToken) ?? new HeldBackRow { RowKey = key, CreatedAt = time.GetUtcNow() };
        if ((row.IsReleased && absent <= row.Changes * Growth) || (isEmpty && row.IsEmpty && row.CreatedAt <= time.GetUtcNow() - EmptyFor))
        {
            return false;
        }

        row.State = HeldBackRow.Held;
        row.CreatedAt = isEmpty == row.IsEmpty ? row.CreatedAt : time.GetUtcNow();
        (row.Changes, row.IsEmpty, row.CompletedAt) = (absent, isEmpty, time.GetUtcNow());
        row.Reason =
            $"{absent} of {known} known records of {item.Feed.Name} of {item.Scope.KindName} {item.Scope.Id} are absent at once ({reason}); "
            + (
                anonymised == 0
                    ? ""
                    : $"{anonymised} came without any id instead: where Cube has anonymised these people, your CRM has to erase them as well; "
            )
            + "'replay changes --id' with this row's id has the next run publish them as gone";

        // A conflict means that a person releases it at this moment: the next run looks again.
        await _table.SaveAsync(row, cancellationToken);
        LogHeldBack(logger, item.Feed.Name, item.Scope.KindName, item.Scope.Id, absent, known, reason);
        CubeMetrics.DeletionsHeldBack.Add(absent, new KeyValuePair<string, object?>("feed", item.Feed.Setting));
        return true;
    }

    /// <summary>A run is done with what was held back: a release is good for what it was given for, and no more.</summary>
    /// <param name="item">The item.</param>
    /// <param name="left">How many absences are still to be settled.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task EndAsync(ObservedItem item, int left, CancellationToken cancellationToken)
    {
        if (!item.DeletionsHeldBack)
        {
            return;
        }

        var row = await FindAsync(ChangeStream.NameOf(item.Feed, item.Scope), cancellationToken);
        item.DeletionsHeldBack = row is not null && left > 0;
        if (row is not null && left == 0)
        {
            row.ETag = ETag.All;
            await _table.DeleteAsync(row, cancellationToken);
        }
        else if (row is { IsReleased: true })
        {
            row.Changes = left;
            await _table.SaveAsync(row, cancellationToken);
        }
    }

    /// <inheritdoc />
    public string Name => "absences";

    /// <inheritdoc />
    public TimeSpan Interval => TimeSpan.FromHours(6);

    /// <summary>Removes what was counted for runs that are over.</summary>
    public Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - KeptFor;
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey ge {RunAbsenceRow.Prefix} and PartitionKey lt {RunAbsenceRow.PrefixEnd} and Timestamp lt {before}"
        );
        return round.EachAsync(
            _table.QueryOrRepairAsync(filter, RowReader.ReadAsync<RunAbsenceRow>, cancellationToken),
            (row, token) => _table.DeleteAsync(row, token),
            cancellationToken
        );
    }

    /// <summary>The row of a stream; one that is garbled holds back, and counts from now.</summary>
    private Task<HeldBackRow?> FindAsync(string key, CancellationToken cancellationToken) =>
        _table.FindOrRepairAsync(
            HeldBackRow.Partition,
            key,
            (garbled, _) =>
            {
                var (row, lost) = RowReader.Read<HeldBackRow>(garbled);
                row.CreatedAt = lost.Contains(nameof(row.CreatedAt)) ? time.GetUtcNow() : row.CreatedAt;
                return Task.FromResult(row);
            },
            cancellationToken
        );

    /// <summary>Counts an item's absences for its run, once however often it is compared, and adds up those of the run.</summary>
    private async Task<bool> IsRunAboveAsync(ObservedItem item, int absent, int known, CancellationToken cancellationToken)
    {
        var row = new RunAbsenceRow
        {
            PartitionKey = RunAbsenceRow.Prefix + item.RunId,
            RowKey = ChangeStream.NameOf(item.Feed, item.Scope),
            Absent = absent,
            Known = known,
        };
        await _table.PutAsync(row, cancellationToken);
        var (all, of) = (0L, 0L);
        await foreach (
            var other in _table.QueryOrRepairAsync(
                TableClient.CreateQueryFilter($"PartitionKey eq {row.PartitionKey}"),
                RowReader.ReadAsync<RunAbsenceRow>,
                cancellationToken
            )
        )
        {
            (all, of) = (all + other.Absent, of + other.Known);
        }

        return all > MaxAllowed && all > of / AllowedShare;
    }

    [LoggerMessage(
        300,
        LogLevel.Error,
        "{Feed} of {ScopeKind} {ScopeId}: {Absent} of {Known} known records are absent at once ({Reason}); deletions are held back until a later run sees them again, or a person replays them (was a permission lost?)"
    )]
    private static partial void LogHeldBack(
        ILogger logger,
        string feed,
        string scopeKind,
        string scopeId,
        int absent,
        int known,
        string reason
    );
}
