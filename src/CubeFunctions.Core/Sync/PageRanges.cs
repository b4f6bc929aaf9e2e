using System.Globalization;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Page numbers as short text: <c>1-40,42</c>.</summary>
internal static class PageRanges
{
    /// <summary>Ranges of numbers of six digits that a row's column holds. Pages beyond them are asked for again.</summary>
    private const int MostRanges = OptimisticTable.MaxText / 14;

    /// <summary>Writes numbers, as many as a row's column holds.</summary>
    public static string Format(IEnumerable<int> numbers)
    {
        var ranges = new List<(int First, int Last)>();
        foreach (var number in numbers.Order())
        {
            if (ranges.Count > 0 && ranges[^1].Last + 1 == number)
            {
                ranges[^1] = (ranges[^1].First, number);
            }
            else
            {
                ranges.Add((number, number));
            }
        }

        return string.Join(
            ',',
            ranges
                .Take(MostRanges)
                .Select(range =>
                    range.First == range.Last
                        ? range.First.ToString(CultureInfo.InvariantCulture)
                        : string.Create(CultureInfo.InvariantCulture, $"{range.First}-{range.Last}")
                )
        );
    }

    public static IEnumerable<int> Parse(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(range =>
            {
                var ends = range.Split('-');
                var first = int.Parse(ends[0], CultureInfo.InvariantCulture);
                return Enumerable.Range(first, int.Parse(ends[^1], CultureInfo.InvariantCulture) - first + 1);
            });
}
