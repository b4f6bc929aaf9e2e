using System.Text.Json.Serialization;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>What the floor does with each page.</summary>
internal enum FloorMode
{
    /// <summary>GET, 8 at once, and one upload.</summary>
    Upload,

    /// <summary>GET, 8 at once, and SHA-256 over the bytes.</summary>
    Hash,

    /// <summary>GET one after the other, as a client that follows <c>next</c> must.</summary>
    Follow,

    /// <summary>
    /// As <see cref="Hash"/>, and one storage request: an upload of a page that has changed since an <see cref="Upload"/> before, a copy
    /// within storage of any other.
    /// </summary>
    Keep,
}

/// <summary>What a floor process is to do.</summary>
/// <param name="BaseUrl">The page server.</param>
/// <param name="Storage">Connection string; used by <see cref="FloorMode.Upload"/> and <see cref="FloorMode.Keep"/>.</param>
/// <param name="Mode">What is done with a page.</param>
/// <param name="Tenant">Which pages there are.</param>
/// <param name="Today">The day that dated feeds end at.</param>
internal sealed record FloorOrder(string BaseUrl, string Storage, FloorMode Mode, Tenant Tenant, DateOnly Today);

/// <summary>What a floor process did.</summary>
internal sealed record FloorReport(long Pages, long Bytes);

/// <summary>
/// What the page server counted since it was last reset. Time stamps are of the machine's monotonic clock, which processes share.
/// </summary>
internal sealed record ServerStats(
    long Requests,
    long Pages,
    long Bytes,
    long WireBytes,
    long GzipAsked,
    long Writes,
    long FirstAt,
    long FirstPageAt,
    long LastAt
);

[JsonSourceGenerationOptions(Converters = [typeof(JsonStringEnumConverter<FloorMode>)])]
[JsonSerializable(typeof(FloorOrder))]
[JsonSerializable(typeof(Tenant))]
[JsonSerializable(typeof(FloorReport))]
[JsonSerializable(typeof(ServerStats))]
internal sealed partial class CompareJson : JsonSerializerContext;
