using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Fan-in: the worker that ends the last item closes the run.</summary>
/// <remarks>
/// A process looks only when it has no other item of the run in hand. The process that ends the run's very last item has none, so there is
/// always a look after the
/// last one; the janitor looks for a process that dies before that.
/// </remarks>
public sealed partial class RunCloser(RunStore runs, GapStore gaps, RawStore raw, SyncProgress progress, ILogger<RunCloser> logger)
{
    /// <summary>So many items are read whole at once; of more it is asked first whether one is open.</summary>
    private const int FewItems = 100;

    private readonly ConcurrentDictionary<string, int> _inHand = new();

    /// <summary>Whether this process works on an item of the run.</summary>
    public bool HasInHand(string runId) => InHand(runId) > 0;

    /// <summary>How many items of the run this process works on.</summary>
    internal int InHand(string runId) => _inHand.GetValueOrDefault(runId);

    internal void Enter(string runId) => _inHand.AddOrUpdate(runId, 1, static (_, count) => count + 1);

    internal void Leave(string runId)
    {
        if (_inHand.AddOrUpdate(runId, 0, static (_, count) => count - 1) == 0)
        {
            _inHand.TryRemove(KeyValuePair.Create(runId, 0));
        }
    }

    /// <summary>Closes the run when no item of it is open: run manifest, then the row.</summary>
    internal async Task CloseIfDoneAsync(string runId, CancellationToken cancellationToken)
    {
        if (await runs.FindRunToCloseAsync(runId, cancellationToken) is not { Status: RunStatus.Running } run)
        {
            return;
        }

        if (await EndedItemsAsync(run, cancellationToken) is not { } items)
        {
            // For the next look.
            runs.Expect(run);
            return;
        }

        var known = run.HasGaps || items.Exists(item => item.Gaps > 0) ? await gaps.ListAsync(cancellationToken) : [];
        var manifest = RunSummary.Of(run, items, known);
        if (!await raw.TryWriteAsync(BlobPaths.Run(runId), manifest, ManifestJson.Default.RunManifest, cancellationToken))
        {
            manifest = await raw.FindRunManifestAsync(runId, cancellationToken) ?? manifest;
        }

        run.Status = manifest.Status;
        run.CompletedAt = manifest.CompletedAt;
        (run.Succeeded, run.Failed, run.Unproven) = (manifest.Items.Succeeded, manifest.Items.Failed, manifest.Items.Unproven);
        (run.Pages, run.Records, run.Bytes) = (manifest.Pages, manifest.Records, manifest.Bytes);
        run.DayRecords = RunDays.Pack(run, manifest.Windows);
        if (!await runs.TryUpdateAsync(run, cancellationToken))
        {
            // The row was not as this process knew it.
            await CloseIfDoneAsync(runId, cancellationToken);
            return;
        }

        LogClosed(logger, run.Kind, runId, run.Status.Value, run.Succeeded, run.Failed, run.Unproven, run.Records);
        progress.Closed(manifest);
    }

    /// <summary>All items of the run, or null when one is open.</summary>
    private async Task<List<ItemRow>?> EndedItemsAsync(RunRow run, CancellationToken cancellationToken)
    {
        if (run.Items > FewItems && await runs.AnyOpenItemAsync(run.RowKey, cancellationToken))
        {
            return null;
        }

        var items = await runs.ItemsAsync(run.RowKey, cancellationToken).ToListAsync(cancellationToken);
        return items.Count < run.Items + run.Left || items.Exists(item => item.IsOpen) ? null : items;
    }

    [LoggerMessage(
        110,
        LogLevel.Information,
        "{Kind} run {RunId} closed: {Status}; {Succeeded} items succeeded, {Failed} failed, {Unproven} unproven; {Records} records"
    )]
    private static partial void LogClosed(
        ILogger logger,
        RunKind kind,
        string runId,
        RunStatus status,
        int succeeded,
        int failed,
        int unproven,
        long records
    );
}
