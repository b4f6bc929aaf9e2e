namespace CubeFunctions.Core.Persons;

/// <summary>Who is to be erased: the id that was imported, and Cube's own ids as far as they were found beside it.</summary>
internal sealed class Person(string assignmentId, string imported)
{
    private readonly HashSet<string> _internal = new(StringComparer.Ordinal);

    /// <summary>The assignment or CRM. Another one's customer may have the same imported id.</summary>
    public string AssignmentId => assignmentId;

    /// <summary>The imported id, as text: leading zeros count.</summary>
    public string Imported => imported;

    /// <summary>Cube's own ids.</summary>
    public IReadOnlyCollection<string> Internal => _internal;

    /// <summary>Whether the tombstone holds all ids that are known. Nothing may be removed before it does.</summary>
    public bool Marked { get; set; }

    /// <summary>Takes in an internal id that stands beside the imported one.</summary>
    /// <returns>True when it is new.</returns>
    public bool Learn(string internalId)
    {
        if (internalId.Length == 0 || !_internal.Add(internalId))
        {
            return false;
        }

        Marked = false;
        return true;
    }

    /// <summary>Whether a record of these two ids is the person's.</summary>
    /// <remarks>
    /// A record of an internal id of the person with another imported one is left alone: the imported id may have been handed on. To have
    /// it gone, erase that id as well.
    /// </remarks>
    /// <param name="importedId">The record's imported id, or null.</param>
    /// <param name="internalId">The record's internal id, or null.</param>
    /// <param name="importedCounts">False where the record's assignment is not known: then the internal id decides.</param>
    public bool Is(string? importedId, string? internalId, bool importedCounts) =>
        importedId == imported
            ? importedCounts || (internalId is not null && _internal.Contains(internalId))
            : importedId is null && internalId is not null && _internal.Contains(internalId);

    /// <summary>Ids are personal data: nothing of the person is ever shown.</summary>
    public override string ToString() => "a person";
}
