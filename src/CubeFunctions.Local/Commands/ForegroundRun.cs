using System.Globalization;
using System.Threading.Channels;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Local.Commands;

/// <summary>Starts a run, works on it together with other workers, and waits for its end.</summary>
internal sealed class ForegroundRun(LocalApp app, SyncConsole output, ForegroundProgress progress)
{
    /// <summary>
    /// How soon storage is asked whether another process has closed the run, once nothing is in hand here; doubled each time.
    /// </summary>
    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DeliveriesEvery = TimeSpan.FromSeconds(2);

    private readonly RunReader _reader = app.Services.GetRequiredService<RunReader>();
    private readonly TimeProvider _time = app.Services.GetRequiredService<TimeProvider>();

    /// <summary>Runs.</summary>
    /// <param name="request">What to read.</param>
    /// <param name="finishOthers">Whether runs that are open are brought to their end first.</param>
    /// <param name="cancellationToken">Stops the run cleanly.</param>
    public async Task<RunManifest> RunAsync(RunRequest request, bool finishOthers, CancellationToken cancellationToken)
    {
        using var work = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var closed = Channel.CreateUnbounded<RunManifest>();
        progress.Counts = app.Services.GetRequiredService<SyncProgress>();
        progress.Counts.RunClosed += manifest => closed.Writer.TryWrite(manifest);

        // Before anything is taken in hand here: leases do not tell processes apart.
        var others = finishOthers ? await app.Services.GetRequiredService<SyncJanitor>().RecoverAllAsync(cancellationToken) : [];
        var leases = others.Count > 0 ? await LeasesAsync(cancellationToken) : new Dictionary<string, DateTimeOffset>();
        var workers = app.WorkAsync(others.Count > 0 ? PollWaits.Eager : PollWaits.Patient, syncOnly: true, work.Token);
        try
        {
            foreach (var runId in others)
            {
                output.Say(Standing(runId, leases));
                await WaitAsync(runId, await _reader.ItemCountAsync(runId, cancellationToken), closed.Reader, cancellationToken);
            }

            output.Say("Reading the list of campaigns ...");
            var planner = app.Services.GetRequiredService<RunPlanner>();
            RunStart start;
            while ((start = await planner.StartAsync(request, cancellationToken)).Skipped)
            {
                output.Say($"Run {start.RunId} comes first: it is open, and has in hand what would be read");
                await WaitAsync(
                    start.RunId,
                    await _reader.ItemCountAsync(start.RunId, cancellationToken),
                    closed.Reader,
                    cancellationToken
                );
            }

            (progress.RunId, progress.Items) = (start.RunId, start.Items);
            var manifest = await WaitAsync(start.RunId, start.Items, closed.Reader, cancellationToken);
            output.Stop();
            await DeliverAsync(cancellationToken);
            return manifest;
        }
        finally
        {
            await work.CancelAsync();
            await workers;
            output.Stop();
        }
    }

    /// <summary>
    /// Waits until the receiver has what is to be delivered, as long as it takes it; what it does not take now goes on with the next run,
    /// or with dev or work.
    /// </summary>
    private async Task DeliverAsync(CancellationToken cancellationToken)
    {
        if (app.Services.GetRequiredService<DeliverySettings>().Crm is null)
        {
            return;
        }

        var deliveries = app.Services.GetRequiredService<DeliveryReader>();
        var said = false;
        while (await deliveries.AnyDueAsync(cancellationToken))
        {
            if (!said)
            {
                output.Say("Delivering what changed to the CRM's receiver ...");
                said = true;
            }

            await Task.Delay(DeliveriesEvery, _time, cancellationToken);
        }

        var waiting = await deliveries.InStateAsync(DeliveryState.Waiting, cancellationToken);
        if (waiting.Count > 0)
        {
            output.Say(
                $"{waiting.Sum(row => row.Changes - row.Done)} changes wait for the receiver: {waiting.Select(row => row.Reason).FirstOrDefault(reason => reason is not null) ?? "they are sent again later"}"
            );
        }
    }

    /// <summary>What is known of an open run: a lease says that a process had work in hand lately, not that it is alive.</summary>
    private string Standing(string runId, IReadOnlyDictionary<string, DateTimeOffset> leases) =>
        leases.TryGetValue(runId, out var until) && until > _time.GetUtcNow()
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Run {runId} is in the hands of another process, or of one that died: its lease ends at {until:HH:mm:ss} UTC unless it is renewed. Working on it together"
            )
            : $"Finishing run {runId}, which was left unfinished";

    /// <summary>When the last lease of each run ends.</summary>
    private async Task<IReadOnlyDictionary<string, DateTimeOffset>> LeasesAsync(CancellationToken cancellationToken) =>
        (await _reader.CheckpointsAsync(cancellationToken))
            .Where(row => row is { LeaseHolder: not null, LeaseUntil: not null })
            .GroupBy(row => row.LeaseHolder!.Split('|')[0], StringComparer.Ordinal)
            .ToDictionary(run => run.Key, run => run.Max(row => row.LeaseUntil!.Value), StringComparer.Ordinal);

    /// <summary>Waits until a run is closed, by us or by another process.</summary>
    private async Task<RunManifest> WaitAsync(
        string runId,
        int items,
        ChannelReader<RunManifest> closed,
        CancellationToken cancellationToken
    )
    {
        output.Follow(runId, app.Services.GetRequiredService<SyncProgress>(), items);
        var closer = app.Services.GetRequiredService<RunCloser>();
        var started = _time.GetTimestamp();
        var refreshed = TimeSpan.Zero;
        var look = ShortestLook;
        while (true)
        {
            while (closed.TryRead(out var manifest))
            {
                if (manifest.RunId == runId)
                {
                    return manifest;
                }
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var signalled = closed.WaitToReadAsync(limit.Token).AsTask();
            var first = await Task.WhenAny(signalled, Task.Delay(look, _time, limit.Token));
            await limit.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (first == signalled)
            {
                continue;
            }

            // While this process holds items, no other one can close the run.
            if (closer.HasInHand(runId))
            {
                look = ShortestLook;
            }
            else if (await _reader.FindManifestAsync(runId, cancellationToken) is { } closedByOther)
            {
                return closedByOther;
            }
            else
            {
                // Slowly: what another process closes is seen late by no more than a quarter of the time that it took.
                look = TimeSpan.FromTicks(Math.Min(look.Ticks * 5 / 4, LongestLook.Ticks));
            }

            var elapsed = _time.GetElapsedTime(started);
            if (elapsed - refreshed >= RefreshEvery)
            {
                refreshed = elapsed;
                output.Refresh(elapsed);
            }
        }
    }
}
