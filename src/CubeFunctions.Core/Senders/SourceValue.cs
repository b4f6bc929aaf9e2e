namespace CubeFunctions.Core.Senders;

/// <summary>One value that an event brings, ready for the customer's mailbox.</summary>
/// <param name="Field">Cube's field, or <c>custom:{label}</c> for a custom field that delivery looks up.</param>
/// <param name="Part">Which source of a joined field; 0 for every other field.</param>
/// <param name="RawJson">A JSON scalar: text, number, <c>true</c>, <c>false</c> or <c>null</c>.</param>
/// <param name="Parts">
/// How many parts the field is joined of; 1 for a whole value. A part 0 of several must not be kept where a whole value is kept:
/// another sender may send the same field as a whole, and each would be taken for the other.
/// </param>
public sealed record SourceValue(string Field, int Part, string RawJson, int Parts = 1)
{
    /// <summary>Field and part, without the value: that is personal data.</summary>
    public override string ToString() => $"{Field}[{Part}]";
}
