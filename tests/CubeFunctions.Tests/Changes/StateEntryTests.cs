using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Cube;
using Xunit;

namespace CubeFunctions.Tests.Changes;

public sealed class StateEntryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(500)]
    [InlineData(20_000)]
    public void Sorting_by_hash_gives_the_order_of_whole_entries(int count)
    {
        // Spread as hashes are; a few hashes only, many times; and all of one kind.
        foreach (var kinds in new[] { ulong.MaxValue, 9UL, 1UL })
        {
            var dice = new Random(count);
            var entries = Enumerable
                .Range(0, count)
                .Select(_ => new StateEntry(
                    new KeyHash((ulong)dice.NextInt64(long.MinValue, long.MaxValue) % kinds, (ulong)dice.Next(3)),
                    (ulong)dice.Next(3),
                    0,
                    0,
                    1,
                    0,
                    (ushort)dice.Next(3),
                    EntryFlags.None
                ))
                .ToArray();
            var sorted = entries.Order().ToArray();
            StateEntry.Sort(entries);
            Assert.Equal(sorted, entries);
        }
    }
}
