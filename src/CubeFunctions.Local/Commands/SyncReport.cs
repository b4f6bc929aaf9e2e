using System.Text.Json.Serialization;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Local.Commands;

/// <summary>What <c>sync --json</c> prints.</summary>
internal sealed record SyncReport(
    string RunId, RunStatus Status, ItemTotals Items, long Pages, long Records, long Bytes, long DurationMs, IReadOnlyList<SyncReportFailure> Failures)
{
    public static SyncReport Of(RunManifest run) => new(
        run.RunId, run.Status, run.Items, run.Pages, run.Records, run.Bytes, (long)(run.CompletedAt - run.StartedAt).TotalMilliseconds,
        [.. run.Failures.Select(failure => new SyncReportFailure(failure.Scope, failure.ScopeId, failure.Feed, failure.Reason))]);
}

internal sealed record SyncReportFailure(string Scope, string ScopeId, string Feed, string Reason);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, Converters = [typeof(JsonStringEnumConverter<RunStatus>)])]
[JsonSerializable(typeof(SyncReport))]
internal sealed partial class SyncReportJson : JsonSerializerContext;
