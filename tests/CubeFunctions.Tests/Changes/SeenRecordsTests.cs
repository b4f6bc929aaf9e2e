using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Cube;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>What is kept of a window until it is compared leaves out what has not changed; nothing may follow from that.</summary>
public sealed class SeenRecordsTests
{
    private const int FirstDay = 10;
    private const int KeptFrom = 11;
    private static readonly DateTimeOffset Now = new(2026, 1, 3, 4, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Records_noted_as_seen_lead_to_the_same_changes_and_the_same_state(bool dated)
    {
        var (changes, noted) = (0, 0);
        for (var seed = 0; seed < 500; seed++)
        {
            var dice = new Random(seed);
            var known = Records(dice);
            for (var i = 0; i < known.Length; i++)
            {
                known[i] = known[i] with
                {
                    Source = (ushort)dice.Next(2),
                    Ordinal = (ushort)known[..i].Count(other => other.Key == known[i].Key),
                    Flags = dice.Next(5) == 0 ? known[i].Flags.MarkAbsent(Now) : known[i].Flags,
                };
            }

            var window = Records(dice);
            var (whole, wholeState, _) = Compare(known, window, dated, isSeen: false);
            var (seen, seenState, same) = Compare(known, window, dated, isSeen: true);
            Assert.Equal(whole, seen);
            Assert.Equal(wholeState, seenState);
            changes += whole.Count;
            noted += same;
        }

        Assert.True(changes > 2000);
        Assert.True(noted > 100, $"{noted} records were left out of a comparison");
    }

    [Fact]
    public void Digests_of_a_large_window_read_as_they_were_kept()
    {
        using var captured = new CapturedDigests();
        for (var page = 1; page <= 40; page++)
        {
            captured.Set(page, Digests(page, 1000));
        }

        captured.Set(7, Digests(70, 900));
        captured.Set(40, Digests(400, 1100));
        captured.Remove(3);
        Assert.Equal(39_000, captured.Count);
        Assert.Equal(Enumerable.Range(1, 40).Except([3]), captured.Pages.Order());
        Assert.False(captured.Holds(3));
        Assert.Equal(Digests(1, 1000), captured.Read(1));
        Assert.Equal(Digests(39, 1000), captured.Read(39));
        Assert.Equal(Digests(70, 900), captured.Read(7));
        Assert.Equal(Digests(400, 1100), captured.Read(40));
        captured.Clear();
        Assert.Equal(0, captured.Count);
        captured.Set(1, Digests(5, 20_000));
        Assert.Equal(Digests(5, 20_000), captured.Read(1));
    }

    private static RecordDigest[] Digests(int seed, int count)
    {
        var dice = new Random(seed);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new RecordDigest(new KeyHash((ulong)dice.NextInt64(), 1), (ulong)dice.NextInt64(), 2, i, i % 2 == 0)),
        ];
    }

    /// <summary>Few keys, few contents and few pages, so that everything occurs that may.</summary>
    private static StateEntry[] Records(Random dice)
    {
        var records = new StateEntry[dice.Next(12)];
        for (var i = 0; i < records.Length; i++)
        {
            var content = (ulong)dice.Next(3);
            records[i] = new StateEntry(
                new KeyHash((ulong)dice.Next(6) << 60, 0),
                content,
                content,
                FirstDay + (int)(content % 2),
                dice.Next(1, 4),
                0,
                0,
                content == 2 ? EntryFlags.Anonymised : EntryFlags.None
            );
        }

        StateEntry.Sort(records);
        return records;
    }

    private static (List<string> Changes, List<string> State, int Same) Compare(
        StateEntry[] known,
        StateEntry[] window,
        bool dated,
        bool isSeen
    )
    {
        DayRange? days = dated ? new DayRange(FirstDay, FirstDay + 1) : null;
        var source = new StateSource("m", null, null, Now, "r", Now);
        var state = new ScopeState
        {
            Run = "r0",
            Basis = "r0",
            Entries = [.. known],
            Sources = [source with { Manifest = "m0", Run = "r0" }, source with { Manifest = "m1", Run = "r1" }],
        };
        var records = new WindowRecords([.. window], null);
        if (isSeen)
        {
            var seen = new SeenRecords(state);
            var others = window.Where(record => !IsSeen(state, seen, record)).ToArray();
            records = seen.Join(others);
        }

        var same = records.Same?.Count(static page => page > 0) ?? 0;
        var comparison = new WindowComparison(state, records.Read, days, same: records.Same);
        var changes = comparison
            .Changes.Select(change => $"{change.Op} {Text(comparison.Before(change))} {Text(comparison.After(change))}")
            .Concat(comparison.Absent.Select(index => $"absent {Text(state.Entries[index])}"))
            .Append($"back {comparison.IsAnyBack}")
            .Order(StringComparer.Ordinal)
            .ToList();

        // Some absent records are marked, the others wait; some changes are left to the next run.
        var outcome = new AbsenceOutcome();
        foreach (var index in comparison.Absent)
        {
            (index % 2 == 0 ? outcome.Marked : outcome.Waiting).Add(index);
        }

        outcome.Postponed.AddRange(comparison.Changes.Where(change => comparison.After(change).Content % 3 == 1));
        var next = StateBuilder.Next(comparison, outcome, source, dated ? KeptFrom : 0);
        Assert.Equal(next.Entries.Order().Select(Text), next.Entries.Select(Text));
        return (
            changes,
            [
                // Which of two equal records is on which page is all the same.
                .. next.Entries.Select(entry =>
                    $"{Text(entry)} {next.Sources[entry.Source].Manifest} {(IsTwice(window, entry) ? 0 : entry.Page)}"
                ),
            ],
            same
        );
    }

    private static bool IsSeen(ScopeState state, SeenRecords seen, StateEntry record) =>
        state.Find(record.Key, record.Content) is >= 0 and var index
        && seen.TryAdd(
            index,
            new RecordDigest(record.Key, record.Content, record.Alias, record.Day, record.Flags.HasFlag(EntryFlags.Anonymised)),
            record.Day,
            record.Page
        );

    private static bool IsTwice(StateEntry[] window, StateEntry entry) =>
        window.Count(other => (other.Key, other.Content) == (entry.Key, entry.Content)) > 1;

    private static string Text(StateEntry entry) => $"{entry.Key.High >> 60}.{entry.Content}#{entry.Ordinal} {entry.Flags}";
}
