using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Persons;

/// <summary>A search for a person in one scope and feed, or in what is kept outside of scopes.</summary>
/// <param name="Person">The person.</param>
/// <param name="Tally">Takes the counts.</param>
/// <param name="Place">The scope and feed; null for what is kept outside of scopes. Its lease is held before anything is erased.</param>
internal sealed record PersonSearch(Person Person, ErasureTally Tally, SearchedScope? Place = null)
{
    /// <summary>A search in one scope and feed.</summary>
    /// <param name="person">The person.</param>
    /// <param name="tally">Takes the counts.</param>
    /// <param name="feed">The feed.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="assignmentKnown">Whether the scope is known to be of the person's assignment; else Cube's own id alone decides.</param>
    public static PersonSearch In(Person person, ErasureTally tally, Feed feed, Scope scope, bool assignmentKnown) =>
        new(person, tally, new SearchedScope(feed, scope, new PersonRecords(person, feed, assignmentKnown)));
}

/// <summary>A scope and feed that is searched.</summary>
/// <param name="Feed">The feed.</param>
/// <param name="Scope">The scope.</param>
/// <param name="Records">Decides which records are the person's; shared by all places of the scope.</param>
internal sealed record SearchedScope(Feed Feed, Scope Scope, PersonRecords Records)
{
    /// <summary>The folder of the scope and feed, ending in a slash.</summary>
    public string Folder => $"{Feed.Name}/{Scope}/";
}
