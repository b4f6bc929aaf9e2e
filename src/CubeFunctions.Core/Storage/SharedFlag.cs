using Azure;
using Azure.Data.Tables;

namespace CubeFunctions.Core.Storage;

/// <summary>A flag that all processes respect, such as a pause: one row, known to each process for a few seconds without a look.</summary>
/// <remarks>
/// <para>It is only ever extended, unless a person lifts it. This process respects what it asked for itself at once, also where storage
/// fails to take it.</para>
/// <para>
/// One that lasts until it is lifted is read at every <see cref="GetAsync"/>: what waits for it is notified once. Costs: one read in
/// <see cref="FlagDefinition.RefreshEvery"/>, one write to raise it. Safe for any number of callers.
/// </para>
/// </remarks>
public sealed class SharedFlag
{
    private const string GoneColumn = "Gone";

    /// <summary>Others who change the row at the same moment raise it as well.</summary>
    private const int MaxTries = 5;

    private readonly OptimisticTable _table;
    private readonly FlagDefinition _definition;
    private readonly TimeProvider _time;
    private readonly CachedValue<Stored> _cache;

    /// <summary>What this process asked for and has not stored.</summary>
    private volatile FlagState? _own;

    internal SharedFlag(OptimisticTable table, FlagDefinition definition, TimeProvider time)
    {
        (_table, _definition, _time) = (table, definition, time);
        _cache = new(ReadAsync, definition.RefreshEvery, time);
        if (definition.DownAtStart)
        {
            _cache.Set(Stored.Unknown);
        }
    }

    /// <summary>What people call it.</summary>
    public string Name => _definition.Name;

    /// <summary>What this process knows without a look; null when it is down.</summary>
    public FlagState? Known => Later(_own, _cache.Last?.Value.State) is { } state && state.Until > _time.GetUtcNow() ? state : null;

    /// <summary>The flag, as it was at most <see cref="FlagDefinition.RefreshEvery"/> ago; null when it is down.</summary>
    public async Task<FlagState?> GetAsync(CancellationToken cancellationToken)
    {
        await _cache.GetAsync(Known is { UntilLifted: true } ? DateTimeOffset.MaxValue : DateTimeOffset.MinValue, cancellationToken);
        return Known;
    }

    /// <summary>Raises it until an instant, unless it is up for longer.</summary>
    /// <param name="until">Its end, no later than <see cref="FlagDefinition.Longest"/> from now; <see cref="DateTimeOffset.MaxValue"/>:
    /// until it is lifted.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="askedBy">Who asks for it, or null.</param>
    /// <param name="cancellationToken">Ends the requests; this process respects the flag all the same.</param>
    /// <returns>Whether it was stored; false where it is up that long already, or it is not worth sharing.</returns>
    public async Task<bool> ExtendAsync(DateTimeOffset until, string reason, string? askedBy, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        until = until == DateTimeOffset.MaxValue || until - now <= _definition.Longest ? until : now + _definition.Longest;
        var state = new FlagState(until, Known?.Since ?? now, reason, askedBy);
        if (until <= now || Known?.Until >= until)
        {
            return false;
        }

        _own = state;
        if (until - now <= _definition.WorthSharing)
        {
            return false;
        }

        for (var tries = 0; tries < MaxTries; tries++)
        {
            var stored = _cache.Last is { Value: { IsRead: true } known }
                ? known
                : (await _cache.GetAsync(DateTimeOffset.MaxValue, cancellationToken)).Value;
            if (stored.State is { } other && other.Until >= until - _definition.WorthSharing)
            {
                return false;
            }

            var row = ToRow(state, stored.ETag);
            if (await _table.SaveAsync(row, cancellationToken) == StorageOutcome.Saved)
            {
                _cache.Set(new(state, row.ETag, true));
                Interlocked.CompareExchange(ref _own, null, state);
                return true;
            }

            await _cache.GetAsync(DateTimeOffset.MaxValue, cancellationToken);
        }

        return false;
    }

    /// <summary>
    /// Lifts the flag, also one that another process raised. This process knows at once, the others within
    /// <see cref="FlagDefinition.RefreshEvery"/>.
    /// </summary>
    public async Task LiftAsync(CancellationToken cancellationToken)
    {
        await _table.DeleteAsync(new TableEntity(_definition.Partition, _definition.Key) { ETag = ETag.All }, cancellationToken);
        _own = null;
        _cache.Set(new(null, default, true));
    }

    private async Task<Stored> ReadAsync(Reading<Stored>? before, CancellationToken cancellationToken)
    {
        var row = await _table.FindAsync<TableEntity>(_definition.Partition, _definition.Key, cancellationToken);
        var state = row is null || row.Find<string>(nameof(FlagDefinition.Address)) != _definition.Address ? null : FromRow(row);
        if (before?.Value.State is { } last && last.Until > _time.GetUtcNow() && !(state?.Until >= last.Until))
        {
            // Lifted by a person: that goes for what was added to it here as well.
            _own = null;
        }

        return new(state, row?.ETag ?? default, true);
    }

    private FlagState? FromRow(TableEntity row)
    {
        var until = row.Find<bool>(GoneColumn) ? DateTimeOffset.MaxValue : row.Find<DateTimeOffset?>(_definition.UntilColumn);
        return until is { } end
            ? new(
                end,
                row.Find<DateTimeOffset?>(nameof(FlagState.Since)),
                row.Find<string>(nameof(FlagState.Reason)),
                row.Find<string>(nameof(FlagState.AskedBy))
            )
            : null;
    }

    private TableEntity ToRow(FlagState state, ETag etag) =>
        new(_definition.Partition, _definition.Key)
        {
            ETag = etag,
            ["SchemaVersion"] = 1,
            [_definition.UntilColumn] = state.UntilLifted ? null : state.Until,
            [GoneColumn] = state.UntilLifted,
            [nameof(FlagDefinition.Address)] = _definition.Address,
            [nameof(FlagState.Since)] = state.Since,
            [nameof(FlagState.Reason)] = state.Reason,
            [nameof(FlagState.AskedBy)] = state.AskedBy,
        };

    private static FlagState? Later(FlagState? one, FlagState? other) => one is null || other?.Until > one.Until ? other : one;

    /// <param name="State">What the row says of this flag, over or not.</param>
    /// <param name="ETag">The row's; default where there is none.</param>
    /// <param name="IsRead">Whether anybody looked.</param>
    private sealed record Stored(FlagState? State, ETag ETag, bool IsRead)
    {
        public static Stored Unknown { get; } = new(null, default, false);
    }
}

/// <summary>All shared flags, for <c>status</c> and for a person who lifts one.</summary>
public sealed class SharedFlags(IEnumerable<SharedFlag> flags)
{
    /// <summary>The flags that are up, by name.</summary>
    public async Task<IReadOnlyList<(string Name, FlagState State)>> ListAsync(CancellationToken cancellationToken)
    {
        var up = new List<(string, FlagState)>();
        foreach (var flag in All)
        {
            if (await flag.GetAsync(cancellationToken) is { } state)
            {
                up.Add((flag.Name, state));
            }
        }

        return up;
    }

    /// <summary>All flags, by name.</summary>
    internal IEnumerable<SharedFlag> All => flags.OrderBy(flag => flag.Name, StringComparer.Ordinal);

    /// <summary>Lifts a flag by its name.</summary>
    /// <returns>False where there is none of that name.</returns>
    public async Task<bool> LiftAsync(string name, CancellationToken cancellationToken)
    {
        if (flags.FirstOrDefault(flag => flag.Name == name) is not { } found)
        {
            return false;
        }

        await found.LiftAsync(cancellationToken);
        return true;
    }
}
