namespace Cube.Simulator.Generation;

/// <summary>The products' codes, in the order of <see cref="Words.Products"/>.</summary>
internal static class Product
{
    public static readonly string[] Codes =
    [
        .. Words.Products.Select((title, ordinal) => $"{title[..2].ToUpperInvariant()}-{ordinal + 1}"),
    ];
}
