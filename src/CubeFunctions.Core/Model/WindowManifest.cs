using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Model;

/// <summary><c>_manifest.json</c>: what a window holds. Written last, so that readers see complete windows only.</summary>
public sealed record WindowManifest
{
    /// <summary>Version of this format.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The run that read the window.</summary>
    public required string RunId { get; init; }

    /// <summary>The feed.</summary>
    public required string Feed { get; init; }

    /// <summary>Kind of the scope.</summary>
    public required string Scope { get; init; }

    /// <summary>Id of the scope.</summary>
    public required string ScopeId { get; init; }

    /// <summary>First day, or null for a snapshot.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day, or null for a snapshot.</summary>
    public DateOnly? To { get; init; }

    /// <summary>Why the window counts as complete.</summary>
    public required Proof Proof { get; init; }

    /// <summary>How many sweeps it took.</summary>
    public required int Sweeps { get; init; }

    /// <summary>The largest count that Cube gave while the pages were read.</summary>
    public required long ReportedCount { get; init; }

    /// <summary>Records in the pages.</summary>
    public required long Records { get; init; }

    /// <summary>Distinct keys among them.</summary>
    public required long DistinctKeys { get; init; }

    /// <summary>Bytes in the pages.</summary>
    public required long Bytes { get; init; }

    /// <summary>When the first request was made.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the last page was stored.</summary>
    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>The pages that count, in order.</summary>
    public required IReadOnlyList<ManifestPage> Pages { get; init; }

    /// <summary>Why the window is not proven, in figures. Left out where it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>
    /// True when the pages were asked for by number, since <c>next</c> names no further page although <c>count</c> says that there is one.
    /// Left out where it is false.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool PagedByNumber { get; init; }

    /// <summary>
    /// True when fewer records than Cube counts have come in the same way for a day: those that came count, what is missing says nothing.
    /// Left out where it is false.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Gap { get; init; }

    /// <summary>
    /// True when a person's records were taken out at the person's wish: there are fewer than <see cref="ReportedCount"/>. Left out where
    /// it is false.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Redacted { get; init; }

    /// <summary>Whether its records count: all of them are there, or what is missing is kept as a gap.</summary>
    internal bool Counts => Proof != Proof.None || Gap;
}

/// <summary>One page of a manifest.</summary>
/// <param name="Name">Its name below the manifest's folder, <c>attempt=1/page-00001.json</c>.</param>
/// <param name="Records">Records in it.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal digits.</param>
public sealed record ManifestPage(string Name, int Records, long Bytes, string Sha256)
{
    /// <summary>The hash of a page as manifests have it: readings are the same where these are, digit for digit.</summary>
    public static string HashOf(ReadOnlySpan<byte> page) => Convert.ToHexStringLower(SHA256.HashData(page));
}
