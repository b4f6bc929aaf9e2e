using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>The windows of one claimed item: which are to be read, what they gave, and how far the checkpoint may go by them.</summary>
internal sealed class ItemWindows
{
    private readonly ItemRow _item;
    private readonly CheckpointRow _row;
    private readonly DateTimeOffset _now;
    private readonly Dictionary<Window, WindowResult> _results;
    private readonly Dictionary<Window, GapRow> _gaps;
    private readonly Dictionary<Window, RowWrite> _gapWrites = [];
    private readonly Stack<(Window Window, bool IsHalf)> _pending;
    private string? _notAdding;

    public ItemWindows(ItemRow item, CheckpointRow row, IEnumerable<GapRow> gaps, SyncSettings settings, DateTimeOffset now)
    {
        (_item, _row, _now) = (item, row, now);
        _results = item.ReadWindows().ToDictionary(result => result.Window);
        _gaps = gaps.ToDictionary(gap => gap.Window);
        _pending = new(Plan(settings).SelectMany(window => Expand(window, isHalf: false)).Reverse());
    }

    /// <summary>What was read, in the order of the days.</summary>
    public IEnumerable<WindowResult> Read => _results.Values.Where(result => !result.Halved).OrderBy(result => result.From);

    /// <summary>All that the item's row keeps.</summary>
    public IReadOnlyList<WindowResult> Results => [.. _results.Values];

    /// <summary>Windows that were halved, without those that lie in another.</summary>
    public IEnumerable<WindowResult> Halved =>
        _results.Values.Where(result =>
            result.Halved && !_results.Values.Any(other => other.Halved && other != result && other.Window.Holds(result.Window))
        );

    /// <summary>Whether a window may be halved: the results have to fit into the item's row.</summary>
    public bool MayHalve => _results.Count + _pending.Count < 2 * ItemRow.MaxWindows;

    /// <summary>Why the item is not proven; null where it is, save for the gaps.</summary>
    public string? Unproven =>
        Read.FirstOrDefault(result => result.Proof == Proof.None && !IsPassed(result)) is { } result
            ? result.Reason ?? "unproven"
            : _notAdding;

    /// <summary>Days and lists that the checkpoint goes past though they are short.</summary>
    public int PassedGaps => _gaps.Values.Count(gap => gap.IsPassed);

    /// <summary>The window to read now; null when there is none left.</summary>
    public (Window Window, bool IsHalf)? Next() => _pending.TryPeek(out var next) ? next : null;

    /// <summary>Whether a window that is short in the same way twice in a row is a gap, or becomes one by it.</summary>
    /// <param name="window">The window.</param>
    /// <param name="count">Records that Cube says there are.</param>
    /// <param name="records">Records that Cube gives.</param>
    public bool IsGap(Window window, long count, long records) =>
        _gaps.TryGetValue(window, out var gap) && (_item.Kind == RunKind.Manual ? gap.IsPassed : gap.PassesWith(count, records, _now));

    /// <summary>Takes in what the window under way gave.</summary>
    /// <returns>The day or list that has just become a gap; null as a rule.</returns>
    public GapRow? Add(WindowResult result)
    {
        _pending.Pop();
        _results[result.Window] = result;
        if (result.Halved)
        {
            var (first, second) = result.Window.Halves();
            _pending.Push((second, true));
            _pending.Push((first, true));
            return null;
        }

        return result.To < _item.TodayDay || result.Window == Window.Snapshot ? NoteGaps(result) : null;
    }

    /// <summary>
    /// Notes whether the records of halved windows are as many as those of the whole. The checkpoint waits for that, a day at most.
    /// </summary>
    /// <param name="reason">In figures; null where they are.</param>
    public void NoteHalves(string? reason)
    {
        _notAdding = reason;
        _row.NotAddingSince = reason is null ? null : _row.NotAddingSince ?? _now;
    }

    /// <summary>The last day before today up to which every day is proven or kept as a gap; null where the checkpoint stays.</summary>
    public DateOnly? ProvenThrough()
    {
        var isWaiting = _notAdding is not null && _now - _row.NotAddingSince < GapRow.Patience;
        if (isWaiting || _item.Kind == RunKind.Manual || ItemRow.Day(_item.From) is not { } from)
        {
            return null;
        }

        var byFirstDay = Read.Where(result => result.Proof != Proof.None).ToLookup(result => result.From!.Value);
        var next = from;
        while (next < _item.TodayDay)
        {
            if (_gaps.TryGetValue(Window.Day(next), out var gap) && gap.IsPassed)
            {
                next = next.AddDays(1);
            }
            else if (byFirstDay.Contains(next))
            {
                next = byFirstDay[next].Max(result => result.To!.Value).AddDays(1);
            }
            else
            {
                break;
            }
        }

        return next > from ? next.AddDays(-1) : null;
    }

    /// <summary>The writes of gap rows that have come about, to be saved with the checkpoint's row.</summary>
    public List<RowWrite> TakeGapWrites()
    {
        List<RowWrite> writes = [.. _gapWrites.Values];
        _gapWrites.Clear();
        _row.Gaps = _gaps.Count;
        return writes;
    }

    private List<Window> Plan(SyncSettings settings)
    {
        if (ItemRow.Day(_item.From) is not { } from || ItemRow.Day(_item.To) is not { } to)
        {
            return [Window.Snapshot];
        }

        var days = Math.Max(settings.WindowDays, ((to.DayNumber - from.DayNumber) / (ItemRow.MaxWindows - 2)) + 1);
        var deep = ItemRow.Day(_item.DeepFrom) is { } first ? WindowPlan.Weeks(first, from) : [];
        if (_item.Kind == RunKind.Manual)
        {
            return [.. WindowPlan.Cut(from, to, _item.TodayDay, days)];
        }

        // Run ids sort by time. A day that this run found short itself has its place in the plan already.
        var known = _gaps.Values.Where(gap => string.CompareOrdinal(gap.FirstRun, _item.PartitionKey) < 0).ToList();
        var alone = known.Where(gap => gap.IsDue(_now)).Select(gap => gap.Window);
        var windows = deep.Concat(WindowPlan.Cut(from, to, _item.TodayDay, days));
        return
        [
            .. windows.Without(known.Select(gap => gap.Day).OfType<DateOnly>().ToHashSet()).Concat(alone).OrderBy(window => window.From),
        ];
    }

    /// <summary>The windows that are to be read in the place of one.</summary>
    private IEnumerable<(Window Window, bool IsHalf)> Expand(Window window, bool isHalf)
    {
        if (_results.TryGetValue(window, out var result))
        {
            var (first, second) = result.Halved ? window.Halves() : default;
            return result.Halved ? Expand(first, isHalf: true).Concat(Expand(second, isHalf: true)) : [];
        }

        return Tiles(window) is { Count: > 1 } tiles
            ? tiles.Where(tile => !_results.ContainsKey(tile)).Select(tile => (tile, true))
            : [(window, isHalf)];
    }

    /// <summary>
    /// The windows into which an earlier run had to halve this one, where they cover it whole: each is compared with its own reading.
    /// </summary>
    private List<Window> Tiles(Window window)
    {
        var tiles = new List<Window>();
        if (window.Days > 1)
        {
            var readings = _row.ReadReadings();
            var halves = readings.Exists(reading => reading.Window == window)
                ? []
                : readings.Where(reading => reading.IsHalf && window.Holds(reading.Window)).ToList();
            for (var next = window.From!.Value; next <= window.To;)
            {
                if (halves.Where(reading => reading.From == next).MaxBy(reading => reading.At) is not { } half)
                {
                    return [];
                }

                tiles.Add(half.Window);
                next = half.To!.Value.AddDays(1);
            }
        }

        return tiles;
    }

    private bool IsPassed(WindowResult result) => _gaps.TryGetValue(result.Window, out var gap) && gap.IsPassed;

    private GapRow? NoteGaps(WindowResult result)
    {
        if (result.Proof != Proof.None)
        {
            foreach (var gap in _gaps.Values.Where(gap => gap.Window == result.Window || result.Window.Holds(gap.Window)).ToList())
            {
                _gaps.Remove(gap.Window);
                _gapWrites.Remove(gap.Window);
                if (gap.ETag != default)
                {
                    _gapWrites[gap.Window] = RowWrite.Delete(gap);
                }
            }

            return null;
        }

        return result.Window.Days <= 1 && _item.Kind != RunKind.Manual ? Suspect(result) : null;
    }

    private GapRow? Suspect(WindowResult reading)
    {
        if (!_gaps.TryGetValue(reading.Window, out var gap))
        {
            if (_gaps.Count >= GapStore.MostOfScope)
            {
                return null;
            }

            gap = _gaps[reading.Window] = new GapRow
            {
                PartitionKey = _row.PartitionKey,
                RowKey = GapRow.KeyOf(_item.FeedOf, reading.Window),
                FirstRun = _item.PartitionKey,
            };
        }

        var opened = gap.TakeIn(reading, _now);
        _row.GapReadAt = gap is { IsPassed: true, Day: null } ? _now : _row.GapReadAt;
        _gapWrites[reading.Window] = RowWrite.Save(gap);
        return opened ? gap : null;
    }
}
