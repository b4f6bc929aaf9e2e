using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
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

    /// <summary>The run that this process planned last, and the items of it that ended here: when that is all of them, nobody has to be asked.</summary>
    private OwnRun? _own;

    /// <summary>Whether this process works on an item of the run.</summary>
    public bool HasInHand(string runId) => InHand(runId) > 0;

    /// <summary>How many items of the run this process works on.</summary>
    internal int InHand(string runId) => _inHand.GetValueOrDefault(runId);

    /// <summary>Says that this process planned a run.</summary>
    internal void Planned(string runId) => _own = new OwnRun(runId, new());

    /// <summary>Says that an item ended here, with its row as stored.</summary>
    internal void Ended(ItemRow item)
    {
        if (_own is { } own && own.RunId == item.PartitionKey)
        {
            own.Ended[item.RowKey] = item;
        }
    }

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
        if (await runs.FindRunToCloseAsync(runId, cancellationToken) is not { RunStatus: RunStatus.Running } run
            || await EndedItemsAsync(run, cancellationToken) is not { } items)
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

    /// <summary>All items of the run, or null when one is open.</summary>
    private async Task<List<ItemRow>?> EndedItemsAsync(RunRow run, CancellationToken cancellationToken)
    {
        if (_own is { } own && own.RunId == run.RowKey && own.Ended.Count == run.Items)
        {
            return [.. own.Ended.Values.OrderBy(item => item.RowKey, StringComparer.Ordinal)];
        }

        if (run.Items > FewItems && await runs.AnyOpenItemAsync(run.RowKey, cancellationToken))
        {
            return null;
        }

        var items = new List<ItemRow>();
        await foreach (var item in runs.ItemsAsync(run.RowKey, null, cancellationToken))
        {
            items.Add(item);
        }

        return items.Count < run.Items || items.Exists(item => item.IsOpen) ? null : items;
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

    private sealed record OwnRun(string RunId, ConcurrentDictionary<string, ItemRow> Ended);

    [LoggerMessage(110, LogLevel.Information, "{Kind} run {RunId} closed: {Status}; {Succeeded} items succeeded, {Failed} failed, {Unproven} unproven; {Records} records")]
    private static partial void LogClosed(ILogger logger, string kind, string runId, string status, int succeeded, int failed, int unproven, long records);
}
