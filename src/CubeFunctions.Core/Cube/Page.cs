using CubeFunctions.Core.Storage;




namespace CubeFunctions.Core.Cube;

/// <summary>A page as received, with what was read off it.</summary>
public sealed class Page(PooledBody body, PageSummary summary) : IDisposable
{
    /// <summary>The bytes.</summary>
    public PooledBody Body { get; } = body;

    /// <summary>What was read off them.</summary>
    public PageSummary Summary { get; } = summary;

    /// <inheritdoc />
    public void Dispose() => Body.Dispose();
}
