namespace CubeFunctions.Core.Upserts;

/// <summary>What came of an attempt to bring fields into Cube. Failures that may pass are thrown.</summary>
internal abstract record WriteOutcome
{
    private WriteOutcome()
    {
    }

    /// <summary>They are in Cube.</summary>
    /// <param name="Fields">JSON by the names that Cube got, and for a customer just created what Cube made of it.</param>
    internal sealed record Written(IReadOnlyDictionary<string, string> Fields) : WriteOutcome;

    /// <summary>Not yet: for as long as it takes.</summary>
    internal sealed record Waits(string Reason) : WriteOutcome;

    /// <summary>The tenant takes no writes.</summary>
    /// <param name="Reason">Cube's answer.</param>
    /// <param name="MayBeOne">Whether the answer may be about this one customer: a 404.</param>
    internal sealed record NotAvailable(string Reason, bool MayBeOne = false) : WriteOutcome;

    /// <summary>Never: for the named fields, or for all where none is named.</summary>
    internal sealed record Refused(string Reason, IReadOnlyDictionary<string, string> Fields) : WriteOutcome;
}
