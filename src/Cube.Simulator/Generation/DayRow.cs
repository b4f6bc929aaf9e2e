namespace Cube.Simulator.Generation;

/// <summary>A response, or an SMS (with <see cref="Comment"/> as its message), without its customer's fields.</summary>
internal sealed record DayRow(long CustomerId, string Type, string Subtype, string Comment, string When, string By)
{
    /// <summary>The offset of <see cref="When"/>, where the clock shows that minute twice.</summary>
    public TimeSpan? Offset { get; init; }
}
