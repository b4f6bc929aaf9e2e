using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Persons;

/// <summary>Says that somebody was erased, by salted hashes alone.</summary>
/// <param name="Assignment">The assignment.</param>
/// <param name="Imported">Hash of the imported id.</param>
/// <param name="Internal">Hashes of Cube's own ids.</param>
/// <param name="ErasedAt">The day.</param>
/// <param name="GoneSince">Since when proven snapshots lack the person; null while Cube has the record.</param>
internal sealed record Tombstone(
    string Assignment,
    string Imported,
    IReadOnlyList<string> Internal,
    DateOnly ErasedAt,
    DateOnly? GoneSince = null
);

/// <summary>The blob <c>tombstones</c> in <c>cube-state</c>: all who were erased.</summary>
/// <param name="Schema">Version of the format.</param>
/// <param name="Persons">A tombstone each.</param>
internal sealed record TombstoneFile(int Schema, IReadOnlyList<Tombstone> Persons);

/// <summary>JSON of tombstones, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(TombstoneFile))]
internal sealed partial class TombstoneJson : JsonSerializerContext;
