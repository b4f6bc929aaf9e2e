namespace Cube.Simulator.Generation;

/// <summary>A campaign as it stands; mutations replace it.</summary>
internal sealed record Campaign(int Id, string Name, Assignment Assignment, int OrdinalInAssignment, DateOnly Start, DateOnly? End)
{
    /// <summary>Not in the list any more, though its feeds still answer.</summary>
    public bool Unlisted { get; init; }

    /// <summary>Its feeds answer 404.</summary>
    public bool Gone { get; init; }

    public bool RunsOn(DateOnly day) => day >= Start && (End is null || day <= End);

    public bool ActiveOn(DateOnly day) => End is null || day <= End;
}
