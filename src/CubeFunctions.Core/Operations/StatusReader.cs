using System.Security.Cryptography;
using System.Text.Json;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Operations;

/// <summary>The state of everything at a glance. Reads the checkpoints, gaps, the newest runs, the pauses and one blob of figures: a fixed number of requests whatever the history holds.</summary>
internal sealed class StatusReader(RunReader runs, GapControl gaps, BacklogCounter backlog, SharedFlags pauses)
{
    private const int RecentDays = 2;
    private const int MostRuns = 20;

    /// <summary>The status.</summary>
    public async Task<StatusDocument> ReadAsync(CancellationToken cancellationToken)
    {
        var checkpoints = runs.CheckpointsAsync(cancellationToken);
        var recent = runs.RecentAsync(RecentDays, cancellationToken);
        var figures = backlog.ReadAsync(cancellationToken);
        return new StatusDocument(
            [.. (await checkpoints).Select(row => new StatusScope(row.ScopeKind, row.ScopeId, row.Feed, row.Through, row.ProvenAt, row.RetiredReason, row.DeletionsHeldBack))],
            [.. (await recent).Take(MostRuns).Select(ViewOf)],
            await PausesAsync(cancellationToken),
            await gaps.ListAsync(cancellationToken),
            await figures);
    }

    /// <summary>The status as JSON, with a tag that changes when anything but the time of counting does.</summary>
    public async Task<(byte[] Json, string ETag)> ReadJsonAsync(CancellationToken cancellationToken)
    {
        var status = await ReadAsync(cancellationToken);
        var compared = JsonSerializer.SerializeToUtf8Bytes(status with { Backlog = status.Backlog with { CountedAt = default } }, OperationsJson.Default.StatusDocument);
        return (JsonSerializer.SerializeToUtf8Bytes(status, OperationsJson.Default.StatusDocument), $"\"{Convert.ToHexStringLower(SHA256.HashData(compared).AsSpan(0, 16))}\"");
    }

    /// <summary>Pauses that are up.</summary>
    public async Task<IReadOnlyList<PauseView>> PausesAsync(CancellationToken cancellationToken) =>
        [.. (await pauses.ListAsync(cancellationToken)).Select(pause => new PauseView(
            pause.Name, pause.State.UntilLifted ? null : pause.State.Until, pause.State.Since, pause.State.Reason, pause.State.AskedBy))];

    /// <summary>Lifts a pause, whoever asked for it.</summary>
    /// <exception cref="OperationException">There is none of this name.</exception>
    public async Task LiftAsync(string name, CancellationToken cancellationToken)
    {
        if (!await pauses.LiftAsync(name, cancellationToken))
        {
            throw OperationException.NotFound("pause");
        }
    }

    internal static RunView ViewOf(RunRow run) => new(
        run.RowKey, $"{run.Kind}", $"{run.Status}", run.StartedAt, run.CompletedAt, run.Items, run.Succeeded, run.Failed, run.Unproven, run.Pages, run.Records, run.Bytes);
}
