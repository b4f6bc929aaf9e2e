namespace Cube.Simulator;

/// <summary>What a fault can ask of a request.</summary>
internal sealed record RequestShape(string Method, string Path, int Page, bool IsPaged, bool IsWrite, string Feed)
{
    public DateOnly? From { get; init; }

    public DateOnly? To { get; init; }
}
