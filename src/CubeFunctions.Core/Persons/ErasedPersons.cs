using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Persons;

/// <summary>
/// Who was erased: read once a run by each process, and again after a minute, or where an erasure says that what was read is older.
/// </summary>
public sealed class ErasedPersons
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(1);

    /// <summary>How far the clocks of two machines may be apart.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);
    private readonly TombstoneStore _store;
    private readonly Pseudonyms _pseudonyms;
    private readonly CubeSettings _settings;
    private readonly TimeProvider _time;
    private readonly CachedValue<Stored> _cache;

    /// <summary>
    /// The run that asked last, and when it first did: what was read before an erasure must not do for a run that began after it.
    /// </summary>
    private volatile Asking _asking = new("", DateTimeOffset.MinValue);

    /// <summary>Uses the tombstones of the account.</summary>
    public ErasedPersons(TombstoneStore store, Pseudonyms pseudonyms, CubeSettings settings, TimeProvider time)
    {
        (_store, _pseudonyms, _settings, _time) = (store, pseudonyms, settings, time);
        _cache = new(ReadAsync, FreshFor, time);
    }

    /// <summary>Whose records are left out of a scope and feed; null where nobody's are.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="assignment">The scope's assignment; null where it is not known.</param>
    /// <param name="runId">The run that asks: one that began after an erasure does not take what was read before it.</param>
    /// <param name="erasedAt">When somebody was last erased there, or null.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    internal async Task<ErasedFilter?> ForAsync(
        Feed feed,
        string? assignment,
        string runId,
        DateTimeOffset? erasedAt,
        CancellationToken cancellationToken
    )
    {
        var asking = _asking;
        if (asking.RunId != runId)
        {
            _asking = asking = new Asking(runId, _time.GetUtcNow().AddTicks(-1));
        }

        var after = erasedAt is { } erased && erased + Skew > asking.Since ? erased + Skew : asking.Since;
        var reading = await _cache.GetAsync(after, cancellationToken);
        var tombstones = reading.Value.File.Persons.Where(tombstone => assignment is null || tombstone.Assignment == assignment).ToList();
        if (tombstones.Count == 0)
        {
            return null;
        }

        await _pseudonyms.LoadAsync(cancellationToken);
        return new ErasedFilter(_pseudonyms, feed, assignment, tombstones, reading.At);
    }

    /// <summary>Sets or completes a person's tombstone, unless it stands. To be called before anything is removed.</summary>
    internal async Task MarkAsync(Person person, CancellationToken cancellationToken)
    {
        if (person.Marked)
        {
            return;
        }

        await _pseudonyms.LoadAsync(cancellationToken);
        var today = _settings.TimeZone.LocalDay(_time.GetUtcNow());
        var imported = ErasedFilter.Hash.OfImported(_pseudonyms, person.AssignmentId, person.Imported);
        await _store.ChangeAsync(
            persons =>
            {
                var old = persons.FirstOrDefault(tombstone => tombstone.Imported == imported);
                var hashes = person
                    .Internal.Select(id => ErasedFilter.Hash.OfInternal(_pseudonyms, id))
                    .Union(old?.Internal ?? [])
                    .Order(StringComparer.Ordinal)
                    .ToList();
                return [.. persons.Where(tombstone => tombstone != old), new Tombstone(person.AssignmentId, imported, hashes, today)];
            },
            cancellationToken
        );
        person.Marked = true;
    }

    /// <summary>When a person was erased before, or null.</summary>
    internal async Task<DateOnly?> ErasedBeforeAsync(Person person, CancellationToken cancellationToken)
    {
        await _pseudonyms.LoadAsync(cancellationToken);
        var imported = ErasedFilter.Hash.OfImported(_pseudonyms, person.AssignmentId, person.Imported);
        return (await _store.ReadAsync(default, cancellationToken))!
            .Value.File.Persons.FirstOrDefault(tombstone => tombstone.Imported == imported)
            ?.ErasedAt;
    }

    /// <summary>
    /// Takes note of a proven snapshot of an assignment's customers: tombstones of people whom Cube no longer has are removed after a
    /// while.
    /// </summary>
    /// <remarks>
    /// Not at once: responses and SMS of the person are read again for as long as the look-back and its margin reach. And not where so many
    /// are absent that
    /// deletions are held back: the caller does not ask then.
    /// </remarks>
    /// <param name="filter">What the snapshot's records went through.</param>
    /// <param name="readAt">When the snapshot was read.</param>
    /// <param name="keptDays">Days that a tombstone stays after the person has left Cube.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task SettleAsync(ErasedFilter filter, DateTimeOffset readAt, int keptDays, CancellationToken cancellationToken)
    {
        var today = _settings.TimeZone.LocalDay(readAt);
        var next = filter.Tombstones.ToDictionary(
            tombstone => tombstone.Imported,
            tombstone =>
                filter.Saw(tombstone) ? tombstone with { GoneSince = null }
                : tombstone.GoneSince is not { } since ? tombstone with { GoneSince = today }
                : since.AddDays(keptDays) < today ? null
                : tombstone
        );
        if (filter.Tombstones.Any(tombstone => next[tombstone.Imported] != tombstone))
        {
            // One that was set or completed meanwhile stays as it is now.
            await _store.ChangeAsync(
                persons =>
                    [
                        .. persons
                            .Select(tombstone =>
                                filter.Tombstones.Any(known => Same(known, tombstone)) ? next[tombstone.Imported] : tombstone
                            )
                            .OfType<Tombstone>(),
                    ],
                cancellationToken
            );
        }
    }

    private static bool Same(Tombstone one, Tombstone other) =>
        (one.Imported, one.ErasedAt, one.GoneSince) == (other.Imported, other.ErasedAt, other.GoneSince)
        && one.Internal.SequenceEqual(other.Internal);

    private async Task<Stored> ReadAsync(Reading<Stored>? before, CancellationToken cancellationToken) =>
        await _store.ReadAsync(before?.Value.ETag ?? default, cancellationToken) is var (file, etag)
            ? new Stored(file, etag)
            : before!.Value;

    private sealed record Stored(TombstoneFile File, ETag ETag);

    private sealed record Asking(string RunId, DateTimeOffset Since);
}
