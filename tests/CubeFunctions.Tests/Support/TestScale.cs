namespace CubeFunctions.Tests.Support;

/// <summary>How much is tested: <c>CUBE_TESTS=full</c> runs kill, fuzz, soak and million-row tests whole.</summary>
public static class TestScale
{
    public static bool Full { get; } = Environment.GetEnvironmentVariable("CUBE_TESTS") == "full";

    /// <summary>The seed of everything random; <c>CUBE_SEED</c> repeats a run.</summary>
    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("CUBE_SEED"), out var seed) ? seed : Environment.TickCount;

    public static T Of<T>(T scaledDown, T full) => Full ? full : scaledDown;
}
