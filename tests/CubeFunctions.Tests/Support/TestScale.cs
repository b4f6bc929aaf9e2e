namespace CubeFunctions.Tests.Support;

/// <summary>
/// How much is tested: <c>CUBE_TESTS=full</c> runs kill, fuzz, soak and million-row tests whole; <c>CUBE_TESTS=generations</c> runs what is
/// tested over the generations of Cube's API over each of them, and nothing more.
/// </summary>
public static class TestScale
{
    private static readonly string? Asked = Environment.GetEnvironmentVariable("CUBE_TESTS");

    public static bool Full { get; } = Asked == "full";

    /// <summary>Whether each case runs over both generations of Cube's API, not over one of them.</summary>
    public static bool EveryGeneration { get; } = Full || Asked == "generations";

    /// <summary>The seed of everything random; <c>CUBE_SEED</c> repeats a run.</summary>
    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("CUBE_SEED"), out var seed) ? seed : Environment.TickCount;

    public static T Of<T>(T scaledDown, T full) => Full ? full : scaledDown;
}
