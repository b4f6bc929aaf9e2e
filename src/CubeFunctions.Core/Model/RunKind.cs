namespace CubeFunctions.Core.Model;

/// <summary>Why a run is.</summary>
public enum RunKind
{
    /// <summary>Dated feeds, often. The command <c>sync</c> adds the undated ones.</summary>
    Scheduled,

    /// <summary>Undated feeds, seldom: each one reads every customer.</summary>
    Snapshot,

    /// <summary>Chosen scopes, feeds or dates. Moves no checkpoint.</summary>
    Manual,
}
