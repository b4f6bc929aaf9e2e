using System.Collections.Concurrent;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Fan-in: whoever ends the last item closes the run.</summary>
/// <remarks>
/// A process looks only when it has no other item of the run in hand. The process that ends the run's very last item has none, so somebody always
/// looks after the last one; a process that dies before it looks is made up for by the sweeper.
/// </remarks>
public sealed partial class RunCloser(RunStore runs, RawStore raw, SyncProgress progress, ILogger<RunCloser> logger)
{
    /// <summary>So many items are read whole at once; of more it is asked first whether one is open.</summary>
    private const int FewItems = 100;

    private readonly ConcurrentDictionary<string, int> _inHand = new();

    /// <summary>Whether this process works on an item of the run.</summary>
    public bool HasInHand(string runId) => _inHand.ContainsKey(runId);

    internal void Enter(string runId) => _inHand.AddOrUpdate(runId, 1, static (_, count) => count + 1);

    internal async Task LeaveAsync(string runId, CancellationToken cancellationToken)
    {
        if (_inHand.AddOrUpdate(runId, 0, static (_, count) => count - 1) == 0)
        {
            _inHand.TryRemove(KeyValuePair.Create(runId, 0));
            await CloseIfDoneAsync(runId, cancellationToken);
        }
    }

    /// <summary>Closes the run when no item of it is open: run manifest, then the row.</summary>
    internal async Task CloseIfDoneAsync(string runId, CancellationToken cancellationToken)
    {
        if (await runs.FindRunAsync(runId, cancellationToken) is not { RunStatus: RunStatus.Running } run
            || (run.Items > FewItems && await runs.AnyOpenItemAsync(runId, cancellationToken)))
        {
            return;
        }

        var items = new List<ItemRow>();
        await foreach (var item in runs.ItemsAsync(runId, null, cancellationToken))
        {
            items.Add(item);
        }

        if (items.Count < run.Items || items.Exists(item => item.IsOpen))
        {
            return;
        }

        var manifest = ManifestOf(run, items);
        await raw.TryWriteAsync(BlobPaths.Run(runId), manifest, ManifestJson.Default.RunManifest, cancellationToken);
        run.Status = manifest.Status.ToString();
        run.CompletedAt = manifest.CompletedAt;
        (run.Succeeded, run.Failed, run.Unproven) = (manifest.Items.Succeeded, manifest.Items.Failed, manifest.Items.Unproven);
        (run.Pages, run.Records, run.Bytes) = (manifest.Pages, manifest.Records, manifest.Bytes);
        if (await runs.TryUpdateAsync(run, cancellationToken))
        {
            LogClosed(logger, run.Kind, runId, run.Status, run.Succeeded, run.Failed, run.Unproven, run.Records);
        }

        progress.Closed(manifest);
    }

    /// <summary>The run manifest: it follows from the rows alone, so that two who close at once write the same.</summary>
    private static RunManifest ManifestOf(RunRow run, List<ItemRow> items)
    {
        int Count(ItemState state) => items.Count(item => item.ItemState == state);
        var totals = new ItemTotals(items.Count, Count(ItemState.Succeeded), Count(ItemState.Failed), Count(ItemState.Unproven));
        var windows = items.SelectMany(item => item.ReadWindows(), (item, window) => (Item: item, Window: window)).ToList();
        return new RunManifest
        {
            RunId = run.RowKey,
            Kind = run.RunKind,
            Status = Count(ItemState.Cancelled) > 0 ? RunStatus.Cancelled
                : totals.Failed == 0 ? RunStatus.Succeeded
                : totals.Failed == totals.Total ? RunStatus.Failed
                : RunStatus.PartiallySucceeded,
            StartedAt = run.StartedAt,
            CompletedAt = items.Max(item => item.CompletedAt) ?? run.StartedAt,
            Items = totals,
            Pages = windows.Sum(entry => (long)entry.Window.Pages),
            Records = windows.Sum(entry => entry.Window.Records),
            Bytes = windows.Sum(entry => entry.Window.Bytes),
            Windows = [.. windows.Select(entry => new RunWindow(
                entry.Item.FeedOf.Name, entry.Item.ScopeKind, entry.Item.ScopeId, entry.Window.From, entry.Window.To, entry.Window.Proof, entry.Window.Records,
                entry.Window.Manifest, entry.Window.Unchanged))],
            Failures = [.. items.Where(item => item.ItemState == ItemState.Failed).Select(item => new RunFailure(
                item.FeedOf.Name, item.ScopeKind, item.ScopeId, item.Reason ?? "unknown"))],
        };
    }

    [LoggerMessage(110, LogLevel.Information, "{Kind} run {RunId} closed: {Status}; {Succeeded} items succeeded, {Failed} failed, {Unproven} unproven; {Records} records")]
    private static partial void LogClosed(ILogger logger, string kind, string runId, string status, int succeeded, int failed, int unproven, long records);
}
