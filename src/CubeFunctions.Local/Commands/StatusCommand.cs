using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>status</c>: checkpoints, runs, dead letters.</summary>
internal static class StatusCommand
{
    public const int RecentDays = 7;
    private const int ShownRuns = 20;
    private static readonly Option<bool> All = new("--all") { Description = "A line for each scope and feed, and for each failure." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    public static Command Create()
    {
        var command = new Command("status", "Show checkpoints, recent runs and what failed.") { All, Json };
        command.SetAction((parsed, cancellationToken) => CommandLine.RunAsync(
            token => RunAsync(parsed.GetValue(Json), parsed.GetValue(All), token), parsed.GetValue(Json) ? failure => failure.ToJson() : null, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool json, bool all, CancellationToken cancellationToken)
    {
        await using var app = await LocalApp.StartAsync(needsCube: false, Console.Error.WriteLine, LogLevel.Warning, cancellationToken);
        await app.EnsureStorageAsync(cancellationToken);
        var reader = app.Services.GetRequiredService<RunReader>();
        var report = await StatusReport.ReadAsync(reader, app.Services.GetRequiredService<UpsertReader>(), app.Services.GetRequiredService<DeliveryReader>(), RecentDays, ShownRuns, cancellationToken);
        if (json)
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(report, StatusJson.Default.StatusReport));
        }
        else
        {
            StatusText.Print(report, all);
        }

        return 0;
    }
}

/// <summary>What <c>status --json</c> prints.</summary>
internal sealed record StatusReport(
    IReadOnlyList<StatusCheckpoint> Checkpoints, IReadOnlyList<StatusRun> Runs, IReadOnlyList<StatusFailure> Failures, StatusUpserts Upserts, StatusChanges Changes)
{
    public static async Task<StatusReport> ReadAsync(RunReader reader, UpsertReader upserts, DeliveryReader deliveries, int days, int mostRuns, CancellationToken cancellationToken)
    {
        var runs = (await reader.RecentAsync(days, cancellationToken)).Take(mostRuns).ToList();
        var failures = new List<StatusFailure>();
        foreach (var run in runs.Where(run => run.Failed > 0))
        {
            failures.AddRange((await reader.FailedAsync(run.RowKey, cancellationToken))
                .Select(item => new StatusFailure(run.RowKey, item.ScopeKind, item.ScopeId, item.Feed, item.Reason ?? "unknown")));
        }

        return new StatusReport(
            [.. (await reader.CheckpointsAsync(cancellationToken)).Select(row => new StatusCheckpoint(row.ScopeKind, row.ScopeId, row.Feed, row.Through, row.ProvenAt, row.RetiredReason))],
            [.. runs.Select(run => new StatusRun(run.RowKey, run.Kind.ToString(), run.Status?.ToString() ?? "", run.StartedAt, run.CompletedAt, run.Items, run.Succeeded, run.Failed, run.Unproven, run.Pages, run.Records, run.Bytes))],
            failures, await StatusUpserts.ReadAsync(upserts, cancellationToken), await StatusChanges.ReadAsync(deliveries, cancellationToken));
    }
}

/// <summary>Upserts that are on their way, and those that are dead, with their reasons.</summary>
internal sealed record StatusUpserts(int Waiting, int Dead, IReadOnlyList<StatusUpsert> Oldest)
{
    private const int Shown = 50;

    public static async Task<StatusUpserts> ReadAsync(UpsertReader reader, CancellationToken cancellationToken)
    {
        var waiting = await reader.InStateAsync(UpsertState.Waiting, int.MaxValue, cancellationToken);
        var dead = await reader.InStateAsync(UpsertState.Dead, int.MaxValue, cancellationToken);
        return new StatusUpserts(
            waiting.Count, dead.Count,
            [.. dead.Concat(waiting).Take(Shown).Select(row => new StatusUpsert(row.Id, row.Sender, row.State.ToString().ToLowerInvariant(), row.AcceptedAt, string.IsNullOrEmpty(row.Reason) ? null : row.Reason))]);
    }
}

/// <summary>Changes that are on their way to the CRM, and those that are dead, with their reasons.</summary>
/// <param name="Waiting">Changes that wait.</param>
/// <param name="Dead">Changes that were given up.</param>
/// <param name="PausedUntil">Until when the receiver asked to be left alone, or null.</param>
/// <param name="Gone">Whether it answered 410, and waits for a replay.</param>
/// <param name="Oldest">The deliveries that hold them, the dead first.</param>
internal sealed record StatusChanges(int Waiting, int Dead, DateTimeOffset? PausedUntil, bool Gone, IReadOnlyList<StatusDelivery> Oldest)
{
    private const int Shown = 50;

    /// <summary>The pause in words.</summary>
    [JsonIgnore]
    public string Pause => Gone ? "; the receiver answered 410: 'replay changes' goes on" : PausedUntil is { } until ? $"; paused until {until:u}" : "";

    public static async Task<StatusChanges> ReadAsync(DeliveryReader reader, CancellationToken cancellationToken)
    {
        var waiting = await reader.InStateAsync(DeliveryState.Waiting, cancellationToken);
        var dead = await reader.InStateAsync(DeliveryState.Dead, cancellationToken);
        var paused = await reader.PausedUntilAsync(cancellationToken);
        var gone = paused == DateTimeOffset.MaxValue;
        return new StatusChanges(
            waiting.Sum(row => row.Changes - row.Done), dead.Sum(row => row.Changes - row.Done), gone ? null : paused, gone,
            [.. dead.Concat(waiting).Take(Shown).Select(row => new StatusDelivery(row.Id, row.IsOfStream ? row.PartitionKey : $"{row.RowKey} (held back)", row.State.ToString().ToLowerInvariant(), row.Changes - row.Done, row.CreatedAt, row.Reason))]);
    }
}

/// <summary>A delivery that is not done.</summary>
/// <param name="Id">For <c>replay changes</c> and <c>drop changes</c>.</param>
/// <param name="Feed">Feed and scope.</param>
/// <param name="State"><c>waiting</c> or <c>dead</c>.</param>
/// <param name="Changes">How many changes.</param>
/// <param name="CreatedAt">When they were published.</param>
/// <param name="Reason">What they wait for, or why they are dead.</param>
internal sealed record StatusDelivery(string Id, string Feed, string State, int Changes, DateTimeOffset CreatedAt, string? Reason);

internal sealed record StatusUpsert(string Id, string Sender, string State, DateTimeOffset AcceptedAt, string? Reason);

internal sealed record StatusCheckpoint(string Scope, string ScopeId, string Feed, string? Through, DateTimeOffset? ProvenAt, string? Retired);

internal sealed record StatusRun(
    string RunId, string Kind, string Status, DateTimeOffset StartedAt, DateTimeOffset? CompletedAt, int Items, int Succeeded, int Failed, int Unproven, long Pages, long Records, long Bytes);

internal sealed record StatusFailure(string RunId, string Scope, string ScopeId, string Feed, string Reason);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class StatusJson : JsonSerializerContext;
