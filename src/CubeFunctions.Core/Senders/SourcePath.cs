namespace CubeFunctions.Core.Senders;

/// <summary>
/// Where a source value stands: a field of the sender by its name, or, beginning with <c>/</c>, a JSON Pointer into the event.
/// </summary>
internal sealed record SourcePath(string Text, JsonPointer? Pointer)
{
    /// <summary>Null where it begins as a pointer and is none.</summary>
    public static SourcePath? Parse(string text) =>
        !text.StartsWith('/') ? new SourcePath(text, null)
        : JsonPointer.TryParse(text, out var pointer) ? new SourcePath(text, pointer)
        : null;
}
