using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>One customer as its sender describes it.</summary>
internal abstract class SourceRecord
{
    /// <summary>Finds a value; one that the event does not carry is not found, and one that it gives as empty is found as null.</summary>
    public bool TryFind(SourcePath path, out JsonElement value) =>
        path.Pointer is { } pointer ? pointer.TryFind(Whole, out value) : TryFindField(path.Text, out value);

    /// <summary>The event, for pointers.</summary>
    protected abstract JsonElement Whole { get; }

    /// <summary>
    /// Whether what the event does not carry is known to be empty, as in a record just created: joined fields need not wait for it.
    /// </summary>
    public virtual bool IsComplete => false;

    /// <summary>Finds a field by its name.</summary>
    protected abstract bool TryFindField(string name, out JsonElement value);
}
