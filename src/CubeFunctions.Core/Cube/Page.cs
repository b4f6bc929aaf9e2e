using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Cube;

/// <summary>A page as received, with what one pass read off it.</summary>
public sealed class Page : IDisposable
{
    internal Page(PooledBody body, PageRecords records) => (Body, Records) = (body, records);

    /// <summary>The bytes.</summary>
    public PooledBody Body { get; }

    /// <summary>What paging and the proof need.</summary>
    public PageSummary Summary => Records.Summary;

    /// <summary>All that was read off the page.</summary>
    internal PageRecords Records { get; }

    /// <inheritdoc />
    public void Dispose() => Body.Dispose();
}
