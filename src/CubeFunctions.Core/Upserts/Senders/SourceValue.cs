namespace CubeFunctions.Core.Upserts;

/// <summary>One value that an event brings, ready for the customer's mailbox.</summary>
/// <param name="Field">Cube's field, or <c>custom:{label}</c> for a custom field that delivery looks up.</param>
/// <param name="Part">Which source of a joined field; 0 for every other field.</param>
/// <param name="RawJson">A JSON scalar: text, number, <c>true</c>, <c>false</c> or <c>null</c>.</param>
public sealed record SourceValue(string Field, int Part, string RawJson)
{
    /// <summary>Field and part, without the value: that is personal data.</summary>
    public override string ToString() => $"{Field}[{Part}]";
}
