using System.Text.Json.Serialization;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Local.Commands;

/// <summary>What <c>sync --json</c> prints.</summary>
internal sealed record SyncReport(
    string? RunId,
    RunStatus Status,
    ItemTotals Items,
    long Pages,
    long Records,
    long Bytes,
    long DurationMs,
    IReadOnlyList<SyncReportFailure> Failures
)
{
    /// <summary>What was passed over, in words. Left out where there is nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Notices { get; init; }

    /// <summary>Why the command did not come to its end. Left out where it did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    public static SyncReport Of(RunManifest run, IReadOnlyList<string> notices) =>
        new(
            run.RunId,
            run.Status,
            run.Items,
            run.Pages,
            run.Records,
            run.Bytes,
            (long)(run.CompletedAt - run.StartedAt).TotalMilliseconds,
            [.. run.Failures.Select(failure => new SyncReportFailure(failure.Scope, failure.ScopeId, failure.Feed, failure.Reason))]
        )
        {
            Notices = notices.Count == 0 ? null : notices,
        };

    /// <summary>Of a run that was stopped or could not go on: what this process had read.</summary>
    public static SyncReport Of(CommandFailure failure, ForegroundProgress progress) =>
        new(
            progress.RunId,
            failure.Code == CommandLine.Interrupted ? RunStatus.Cancelled : RunStatus.Failed,
            new ItemTotals(progress.Items, 0, 0, 0),
            progress.Counts?.Pages ?? 0,
            progress.Counts?.Records ?? 0,
            progress.Counts?.Bytes ?? 0,
            (long)TimeProvider.System.GetElapsedTime(progress.Started).TotalMilliseconds,
            []
        )
        {
            Error = failure.Reason,
        };

    /// <summary>What a run that succeeded has not read, and a person may have expected.</summary>
    public static IReadOnlyList<string> NoticesOf(RunManifest run) =>
        [
            .. IsListingEmpty(run)
                ? ["Cube lists no active campaign. Is it the right user, and Cube__ExternalUser as it should be?"]
                : Array.Empty<string>(),
            .. run.Notices ?? [],
            .. (run.InHand ?? [])
                .GroupBy(left => left.RunId)
                .Select(group => $"{group.Count()} scopes and feeds were left to run {group.Key}, which has them in hand"),
        ];

    /// <summary>Whether Cube named no campaign at all: no success, whatever else was read.</summary>
    public static bool IsListingEmpty(RunManifest run) =>
        run.Windows.Any(window => window.Feed == FeedCatalogue.Campaigns.Name && window.Records == 0);
}

internal sealed record SyncReportFailure(string Scope, string ScopeId, string Feed, string Reason);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    Converters = [typeof(JsonStringEnumConverter<RunStatus>)]
)]
[JsonSerializable(typeof(SyncReport))]
internal sealed partial class SyncReportJson : JsonSerializerContext;
