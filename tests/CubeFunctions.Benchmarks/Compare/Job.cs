namespace CubeFunctions.Benchmarks.Compare;

/// <summary>A comparison that can be run alone.</summary>
/// <param name="Name">What <c>--job</c> takes.</param>
/// <param name="Title">What it measures.</param>
/// <param name="RunAsync">Measures it.</param>
internal sealed record Job(string Name, string Title, Func<Bench, Task<IReadOnlyList<Row>>> RunAsync);
