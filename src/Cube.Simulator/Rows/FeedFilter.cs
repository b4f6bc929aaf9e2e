namespace Cube.Simulator.Rows;

/// <summary>Which rows of a feed are asked for; dates matter to feeds by day alone.</summary>
internal sealed record FeedFilter(DateOnly From, DateOnly To)
{
    public string? Type { get; init; }

    public string? CallState { get; init; }
}
