using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Erasure;

/// <summary>JSON of erasure reports, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ErasureReport))]
[JsonSerializable(typeof(ErasureOrder))]
internal sealed partial class ErasureJson : JsonSerializerContext;
