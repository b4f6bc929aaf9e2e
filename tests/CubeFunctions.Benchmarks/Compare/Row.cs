using System.Globalization;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>What a row's mark is held against.</summary>
internal enum Figure
{
    /// <summary>Product by floor.</summary>
    Ratio,

    /// <summary>Floor by product: how many times faster.</summary>
    Speedup,

    /// <summary>The product's own figure.</summary>
    Value,
}

/// <summary>One line of the result.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Unit">Of the two figures.</param>
/// <param name="Floors">The floor's, a figure each pair; empty where there is no floor.</param>
/// <param name="Products">The product's, a figure each pair.</param>
internal sealed record Row(string What, string Unit, IReadOnlyList<double> Floors, IReadOnlyList<double> Products)
{
    /// <summary>What the mark is held against.</summary>
    public Figure Figure { get; init; } = Figure.Value;

    public double? AtMost { get; init; }

    public double? AtLeast { get; init; }

    public double Floor => Floors.Count == 0 ? double.NaN : Median(Floors);

    public double Product => Median(Products);

    /// <summary>The figure of the medians; a mark is held against it.</summary>
    public double Middle => Of(Floor, Product);

    /// <summary>The smallest and the largest figure of a pair.</summary>
    public (double Least, double Most) Range
    {
        get
        {
            double[] figures = [.. Products.Select((product, pair) => Of(Floors.Count > pair ? Floors[pair] : double.NaN, product))];
            return (figures.Min(), figures.Max());
        }
    }

    /// <summary>Whether the mark is reached; null where the row has none.</summary>
    public bool? Holds =>
        (AtMost, AtLeast) switch
        {
            ({ } most, _) => Middle <= most,
            (_, { } least) => Middle >= least,
            _ => null,
        };

    /// <summary>The cells: what, floor, product, figure with its range, mark, whether it is reached.</summary>
    public string[] Cells()
    {
        var unit = Figure == Figure.Value ? "" : " x";
        var (least, most) = Range;
        return
        [
            Unit.Length == 0 ? What : $"{What} ({Unit})",
            Floors.Count == 0 ? "" : Text(Floor),
            Text(Product),
            Figure == Figure.Value && Products.Count == 1 ? "" : $"{Text(Middle)}{unit} ({Text(least)} to {Text(most)})",
            AtMost is { } limit ? $"at most {Text(limit)}{unit}"
            : AtLeast is { } floor ? $"at least {Text(floor)}{unit}"
            : "",
            Holds switch
            {
                true => "yes",
                false => "**no**",
                null => "",
            },
        ];
    }

    public static double Median(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private double Of(double floor, double product) =>
        Figure switch
        {
            Figure.Ratio => product / floor,
            Figure.Speedup => floor / product,
            _ => product,
        };

    private static string Text(double figure) =>
        figure.ToString(
            Math.Abs(figure) switch
            {
                >= 1000 => "#,0",
                >= 100 => "0",
                >= 10 => "0.0",
                >= 1 => "0.00",
                >= 0.001 or 0 => "0.###",
                _ => "0.##E0",
            },
            CultureInfo.InvariantCulture
        );
}
