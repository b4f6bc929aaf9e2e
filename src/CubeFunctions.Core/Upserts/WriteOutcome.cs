namespace CubeFunctions.Core.Upserts;

/// <summary>What came of an attempt to bring fields into Cube. Failures that may pass are thrown.</summary>
internal abstract record WriteOutcome
{
    private WriteOutcome() { }

    /// <summary>They are in Cube.</summary>
    /// <param name="Fields">JSON by the names that Cube got, and for a customer just created what Cube made of it.</param>
    internal sealed record Written(IReadOnlyDictionary<string, string> Fields) : WriteOutcome;

    /// <summary>Cube does not take this write: of this customer, or of any.</summary>
    /// <param name="Reason">Cube's answer.</param>
    internal sealed record NotAvailable(string Reason) : WriteOutcome;

    /// <summary>Never: for the named fields, or for one or more of all where none is named.</summary>
    /// <param name="Reason">Cube's answer.</param>
    /// <param name="Fields">What it says of each field that it names.</param>
    internal sealed record Refused(string Reason, IReadOnlyDictionary<string, string> Fields) : WriteOutcome;
}
