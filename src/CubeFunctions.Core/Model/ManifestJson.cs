using System.Text.Json;
using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Model;

/// <summary>JSON of manifests, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = false,
    Converters = [typeof(ProofConverter), typeof(RunKindConverter), typeof(RunStatusConverter)]
)]
[JsonSerializable(typeof(WindowManifest))]
[JsonSerializable(typeof(RunManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;

internal sealed class ProofConverter() : JsonStringEnumConverter<Proof>(JsonNamingPolicy.CamelCase);

internal sealed class RunKindConverter() : JsonStringEnumConverter<RunKind>();

internal sealed class RunStatusConverter() : JsonStringEnumConverter<RunStatus>();
