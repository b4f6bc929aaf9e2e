using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Changes;

/// <summary>Lines that are about to be taken out of a change file, since a person is erased.</summary>
/// <param name="Feed">The feed.</param>
/// <param name="Scope">The scope.</param>
/// <param name="Path">The file.</param>
/// <param name="Left">How many lines stay.</param>
/// <param name="Following">Ids of the lines that go, each with the id of the next one that stays, or null where none does.</param>
internal sealed record LinesToRemove(Feed Feed, Scope Scope, string Path, int Left, IReadOnlyDictionary<string, string?> Following);
