namespace CubeFunctions.Core.Upserts;

/// <summary>What came of an attempt to split a post.</summary>
internal abstract record PostOutcome
{
    private PostOutcome() { }

    /// <summary>Its events have rows of their own.</summary>
    internal sealed record Split : PostOutcome;

    /// <summary>There is no such post: it is split already, or a person gave it up.</summary>
    internal sealed record Gone : PostOutcome;

    /// <summary>Another worker splits it.</summary>
    internal sealed record Held(TimeSpan Left) : PostOutcome;

    /// <summary>It stays as it is until somebody changes something.</summary>
    internal sealed record Waiting(string Reason) : PostOutcome;
}
