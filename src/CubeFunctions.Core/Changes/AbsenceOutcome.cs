namespace CubeFunctions.Core.Changes;

/// <summary>What came of records that are known but absent, and of changes that could not be published.</summary>
internal sealed class AbsenceOutcome
{
    /// <summary>Whether so many are absent that none is taken for gone.</summary>
    public bool HeldBack { get; set; }

    /// <summary>Updates of records that are as they were known, with the names of the members that were set back.</summary>
    public Dictionary<PlannedChange, List<string>> Undone { get; set; } = [];

    /// <summary>Indexes of known records that stay as they are until a later run.</summary>
    public List<int> Waiting { get; } = [];

    /// <summary>Indexes of known records that a later snapshot has to confirm as gone.</summary>
    public List<int> Marked { get; } = [];

    /// <summary>Changes that an earlier try's file does not hold: the next run publishes them.</summary>
    public List<PlannedChange> Postponed { get; } = [];

    /// <summary>Whether nothing is left to be looked at again.</summary>
    public bool IsSettled => Waiting.Count == 0 && Marked.Count == 0 && Postponed.Count == 0;
}
