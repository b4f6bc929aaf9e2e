using System.Text.Json.Serialization;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Operations.Probing;

namespace CubeFunctions.Core.Operations;

/// <summary>JSON of the operations API, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow
)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(Figures))]
[JsonSerializable(typeof(IReadOnlyList<PauseView>))]
[JsonSerializable(typeof(IReadOnlyList<GapView>))]
[JsonSerializable(typeof(AcceptOrder))]
[JsonSerializable(typeof(IReadOnlyList<RunView>))]
[JsonSerializable(typeof(RunDetail))]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(RunOrder))]
[JsonSerializable(typeof(StartedRun))]
[JsonSerializable(typeof(DeadWorkOrder))]
[JsonSerializable(typeof(DeadWorkResult))]
[JsonSerializable(typeof(ErasureOrder))]
[JsonSerializable(typeof(ErasureView))]
[JsonSerializable(typeof(ProbeReport))]
internal sealed partial class OperationsJson : JsonSerializerContext;

/// <summary>What <c>POST /api/runs</c> answers.</summary>
/// <param name="RunId">The run.</param>
internal sealed record StartedRun(string RunId);
