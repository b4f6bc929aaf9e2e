using System.Text.Json.Serialization;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>JSON that rows and messages hold: no line breaks.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(ProofConverter)],
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault
)]
[JsonSerializable(typeof(List<WindowResult>))]
[JsonSerializable(typeof(List<Reading>))]
[JsonSerializable(typeof(CrawlProgress))]
[JsonSerializable(typeof(List<string>))]
internal sealed partial class SyncRowJson : JsonSerializerContext;
