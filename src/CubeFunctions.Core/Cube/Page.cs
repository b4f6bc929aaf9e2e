using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Cube;

/// <summary>A page as received, with what one pass read off it.</summary>
public sealed class Page : IDisposable
{
    private readonly PageRecords? _records;

    internal Page(PooledBody body, PageRecords records) => (Body, _records, Summary) = (body, records, records.Summary);

    /// <summary>A page that equals one that was parsed before, and was not parsed again.</summary>
    internal Page(PooledBody body, PageSummary summary, string sha256) => (Body, Summary, Sha256) = (body, summary, sha256);

    /// <summary>The bytes.</summary>
    public PooledBody Body { get; }

    /// <summary>What paging and the proof need; without keys where the page was not parsed.</summary>
    public PageSummary Summary { get; }

    /// <summary>Whether its records were read. Those of a page that an earlier reading knows need not be.</summary>
    internal bool IsParsed => _records is not null;

    /// <summary>All that was read off the page.</summary>
    internal PageRecords Records => _records ?? throw new InvalidOperationException("The page was not parsed.");

    /// <summary>Its SHA-256 in lower-case hexadecimal digits, where it is known already.</summary>
    internal string? Sha256 { get; init; }

    /// <inheritdoc />
    public void Dispose() => Body.Dispose();
}
