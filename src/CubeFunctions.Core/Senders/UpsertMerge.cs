namespace CubeFunctions.Core.Senders;

/// <summary>Records of the CRM that were merged into one.</summary>
/// <param name="Survivor">Imported id of the one that remains.</param>
/// <param name="Merged">Imported ids of those that are no more.</param>
public sealed record UpsertMerge(string Survivor, IReadOnlyList<string> Merged)
{
    /// <summary>The number alone: ids are personal data.</summary>
    public override string ToString() => $"{Merged.Count} merged";
}
