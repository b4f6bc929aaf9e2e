using System.Collections.Concurrent;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Whether the tenant takes writes. Cube announced them before it switched them on. One answer "not available" is about its customer;
/// writes count as off only while none succeeds. Then all customers wait, and the tenant is probed every few minutes.
/// </summary>
public sealed partial class TenantWrites
{
    /// <summary>How often a tenant without writes is tried again.</summary>
    internal static readonly TimeSpan ProbeEvery = TimeSpan.FromMinutes(10);

    /// <summary>Cache lifetime of the shared flag.</summary>
    internal static readonly TimeSpan KnownWithin = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Customers in a row whose writes are not available, with none taken between them, before that is held against the tenant.
    /// </summary>
    private const int CustomersInARow = 3;

    /// <summary>How often it is logged that upserts are kept by the settings.</summary>
    private static readonly TimeSpan SayHeldEvery = TimeSpan.FromHours(1);

    /// <summary>How long a write that was taken speaks for the tenant.</summary>
    private static readonly TimeSpan TakenLately = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, byte> _notAvailable = new(StringComparer.Ordinal);
    private readonly TenantGeneration _generation;
    private readonly TimeProvider _time;
    private readonly ILogger<TenantWrites> _logger;
    private long _taken = DateTimeOffset.MinValue.UtcTicks;
    private long _heldSaid;

    /// <summary>Uses the shared flag <c>writes</c>.</summary>
    public TenantWrites(StorageClients storage, TenantGeneration generation, TimeProvider time, ILogger<TenantWrites> logger)
    {
        ArgumentNullException.ThrowIfNull(storage);
        (_generation, _time, _logger) = (generation, time, logger);
        var definition = new FlagDefinition("writes", "writes", "tenant")
        {
            UntilColumn = "OffUntil",
            RefreshEvery = KnownWithin,
            Longest = TimeSpan.FromHours(24),
        };
        Flag = new SharedFlag(new OptimisticTable(storage.Checkpoints), definition, time);
    }

    /// <summary>Up while writes count as off.</summary>
    internal SharedFlag Flag { get; }

    private bool WereTakenLately => _time.GetUtcNow() - new DateTimeOffset(Interlocked.Read(ref _taken), TimeSpan.Zero) < TakenLately;

    /// <summary>Why nothing is to be written now; null when writes may be tried.</summary>
    internal async Task<string?> FindOffReasonAsync(CancellationToken cancellationToken)
    {
        if (await _generation.FindWritesOffAsync(cancellationToken) is { } switchedOff)
        {
            NoteHeld(switchedOff);
            return switchedOff;
        }

        // This process knows better than one that had no luck with a single customer.
        return await Flag.GetAsync(cancellationToken) is { } off && !WereTakenLately ? ReasonOf(off.Reason) : null;
    }

    /// <summary>Whether the settings or the generation keep upserts, whatever the tenant takes: that is for a person to decide.</summary>
    internal async ValueTask<bool> AreKeptAsync(CancellationToken cancellationToken) =>
        await _generation.FindWritesOffAsync(cancellationToken) is not null;

    /// <summary>Notes that the tenant took a write.</summary>
    /// <returns>Whether that ended a time without writes: what waited may go.</returns>
    internal async Task<bool> NoteTakenAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _taken, _time.GetUtcNow().UtcTicks);
        _notAvailable.Clear();
        if (Flag.Known is null)
        {
            return false;
        }

        await Flag.LiftAsync(cancellationToken);
        LogOn(_logger);
        return true;
    }

    /// <summary>Notes that a write of a customer was answered "not available".</summary>
    /// <returns>Why all wait; null where only this customer does.</returns>
    internal async Task<string?> NoteNotAvailableAsync(string customer, string reason, CancellationToken cancellationToken)
    {
        _notAvailable[customer] = 0;
        if (WereTakenLately && _notAvailable.Count < CustomersInARow)
        {
            return null;
        }

        Interlocked.Exchange(ref _taken, DateTimeOffset.MinValue.UtcTicks);
        if (await Flag.ExtendAsync(_time.GetUtcNow() + ProbeEvery, reason, null, cancellationToken))
        {
            LogOff(_logger, (int)ProbeEvery.TotalMinutes, reason);
        }

        return ReasonOf(reason);
    }

    /// <summary>Upserts that are kept for as long as nobody decides must not go unnoticed.</summary>
    private void NoteHeld(string reason)
    {
        var (now, last) = (_time.GetUtcNow().UtcTicks, Interlocked.Read(ref _heldSaid));
        if (now - last >= SayHeldEvery.Ticks && Interlocked.CompareExchange(ref _heldSaid, now, last) == last)
        {
            LogHeld(_logger, reason);
        }
    }

    /// <summary>Has the next delivery try.</summary>
    internal Task LiftAsync(CancellationToken cancellationToken)
    {
        _notAvailable.Clear();
        return Flag.LiftAsync(cancellationToken);
    }

    private static string ReasonOf(string? answer) => $"writes are not enabled on this tenant ({answer ?? "no reason noted"})";

    [LoggerMessage(
        203,
        LogLevel.Error,
        "Writes are not enabled on this tenant; upserts are kept and one is tried again in {Minutes} minutes: {Reason}"
    )]
    private static partial void LogOff(ILogger logger, int minutes, string reason);

    [LoggerMessage(231, LogLevel.Error, "Upserts are kept and not delivered: {Reason}")]
    private static partial void LogHeld(ILogger logger, string reason);

    [LoggerMessage(205, LogLevel.Information, "The tenant takes writes again")]
    private static partial void LogOn(ILogger logger);
}
