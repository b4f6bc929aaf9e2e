namespace CubeFunctions.Benchmarks.Compare;

/// <summary>What day it is where the product thinks that the tenant is.</summary>
internal static class Days
{
    public static DateOnly Oslo { get; } =
        DateOnly.FromDateTime(
            TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("Europe/Oslo")).DateTime
        );
}
