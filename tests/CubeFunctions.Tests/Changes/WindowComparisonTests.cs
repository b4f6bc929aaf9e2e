using System.Globalization;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Cube;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>Records are written as key, content: <c>a1</c>; a day after a colon.</summary>
public sealed class WindowComparisonTests
{
    private static readonly DayRange Days = new(10, 12);

    [Theory]
    [InlineData("a1 b1", "a1 b1", "")]
    [InlineData("a1 b1", "b1 a1", "")]
    [InlineData("a1", "a1 a1", "Recorded a1#1")]
    [InlineData("a1 a1", "a1", "Removed a1#1")]
    [InlineData("a1 a2", "a2 a3", "Corrected a3#0")]
    [InlineData("a1 a2", "a2 a1", "")]
    [InlineData("a1", "a2 a3", "Corrected a2#0, Recorded a3#1")]
    [InlineData("a1:9", "", "")]
    [InlineData("a1:9", "a2", "Corrected a2#0")]
    [InlineData("a1:10 b1:13", "", "Removed a1#0")]
    public void Equal_keys_are_told_apart_by_content_whatever_their_order(string known, string window, string changes)
    {
        var state = new ScopeState { Entries = Entries(known, ordinals: true) };
        var records = Entries(window, ordinals: false);
        var comparison = new WindowComparison(state, records, Days);
        Assert.Equal(
            changes,
            string.Join(
                ", ",
                comparison.Changes.Select(change =>
                    $"{change.Op} {Text(change.New >= 0 ? records[change.New] : state.Entries[change.Old])}"
                )
            )
        );
    }

    [Fact]
    public void What_a_snapshot_lacks_is_absent_not_gone()
    {
        var comparison = new WindowComparison(
            new ScopeState { Entries = Entries("a1 b1 c1", ordinals: true) },
            Entries("b2", ordinals: false),
            null
        );
        Assert.Equal([0, 2], comparison.Absent);
        Assert.Equal(ChangeOp.Updated, Assert.Single(comparison.Changes).Op);
    }

    [Fact]
    public async Task A_state_reads_as_it_was_written()
    {
        var state = new ScopeState
        {
            Run = "r1",
            KeptFrom = 5,
            Seen = [new DayRange(1, 9)],
            Sources =
            [
                new StateSource(
                    "customers/x/_manifest.json",
                    new DateOnly(2026, 1, 2),
                    null,
                    new DateTimeOffset(2026, 1, 3, 4, 5, 6, TimeSpan.Zero),
                    "r0",
                    new DateTimeOffset(2026, 1, 3, 4, 5, 0, TimeSpan.Zero)
                ),
            ],
            Entries =
            [
                new StateEntry(new KeyHash(ulong.MaxValue, 2), 3, 4, 5, 6, 7, 8, EntryFlags.Absent | EntryFlags.Anonymised),
                .. Entries("x1 y2", ordinals: true),
            ],
        };
        await using var stream = new MemoryStream();
        await StateFormat.Open(state).CopyToAsync(stream, TestContext.Current.CancellationToken);
        stream.Position = 0;
        var read = await StateFormat.ReadAsync(stream, TestContext.Current.CancellationToken);
        Assert.Equal(state.Entries, read.Entries);
        Assert.Equal(state.Sources, read.Sources);
        Assert.Equal(state.Seen, read.Seen);
        Assert.Equal((state.Run, state.KeptFrom), (read.Run, read.KeptFrom));

        stream.GetBuffer()[8] = 9;
        stream.Position = 0;
        await Assert.ThrowsAsync<InvalidDataException>(() => StateFormat.ReadAsync(stream, TestContext.Current.CancellationToken));
    }

    private static StateEntry[] Entries(string text, bool ordinals)
    {
        var entries = text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => new StateEntry(
                new KeyHash(word[0], 0),
                (ulong)(word[1] - '0'),
                0,
                word.Length > 3 ? int.Parse(word[3..], CultureInfo.InvariantCulture) : 10,
                1,
                0,
                0,
                EntryFlags.None
            ))
            .Order()
            .ToArray();
        for (var i = 1; ordinals && i < entries.Length; i++)
        {
            entries[i] =
                entries[i].Key == entries[i - 1].Key ? entries[i] with { Ordinal = (ushort)(entries[i - 1].Ordinal + 1) } : entries[i];
        }

        return entries;
    }

    private static string Text(StateEntry entry) => $"{(char)entry.Key.High}{entry.Content}#{entry.Ordinal}";
}
