namespace CubeFunctions.Core.Cube;

/// <summary>What a comparison needs of a record.</summary>
/// <param name="Key">Hash of its key, without the ordinal.</param>
/// <param name="Content">Hash of its content.</param>
/// <param name="Alias">Hash of the id that was imported, in the customers feed; 0 where there is none.</param>
/// <param name="Day">The day that it is filed under, as <see cref="DateOnly.DayNumber"/>; 0 where it has none.</param>
/// <param name="Anonymised">Whether Cube has anonymised the person.</param>
internal readonly record struct RecordDigest(KeyHash Key, ulong Content, ulong Alias, int Day, bool Anonymised);
