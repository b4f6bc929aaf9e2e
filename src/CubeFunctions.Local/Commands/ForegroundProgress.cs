using CubeFunctions.Core.Sync;

namespace CubeFunctions.Local.Commands;

/// <summary>How far a run in the foreground came: what <c>--json</c> prints of one that did not come to its end.</summary>
internal sealed class ForegroundProgress
{
    /// <summary>The run, once it is planned.</summary>
    public string? RunId { get; set; }

    /// <summary>How many items it has.</summary>
    public int Items { get; set; }

    /// <summary>When it was started.</summary>
    public long Started { get; } = TimeProvider.System.GetTimestamp();

    /// <summary>What this process has read, once it reads.</summary>
    public SyncProgress? Counts { get; set; }
}
