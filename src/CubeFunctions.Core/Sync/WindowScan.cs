namespace CubeFunctions.Core.Sync;

/// <summary>What a look through one window's pages found.</summary>
/// <param name="Folder">The window.</param>
internal sealed record WindowScan(WindowFolder Folder)
{
    private readonly HashSet<ulong> _keysBefore = [];
    private readonly HashSet<ulong> _keysAfter = [];

    /// <summary>Places, among the pages that the manifest names, of those that hold records of the person.</summary>
    public List<int> Hits { get; } = [];

    /// <summary>
    /// Pages that no manifest names and that are to be deleted, in this order: in a complete window all, those that hold the person last.
    /// </summary>
    public List<string> Deleted { get; } = [];

    /// <summary>Distinct keys that go with the person's records.</summary>
    public int LostKeys => _keysBefore.Count(key => !_keysAfter.Contains(key));

    /// <summary>Whether anything is to be done.</summary>
    public bool IsEmpty => Hits.Count == 0 && Deleted.Count == 0;

    /// <summary>Notes the keys of a page that may name the person. Other pages cannot share a key with the person's records.</summary>
    public void Note(IEnumerable<ulong> before, IEnumerable<ulong> after)
    {
        _keysBefore.UnionWith(before);
        _keysAfter.UnionWith(after);
    }
}
