using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Operations;

/// <summary>Runs as people start, look at and cancel them.</summary>
internal sealed class RunControl(RunPlanner planner, RunReader reader, RunStore runs, RunCancellation cancellation, RunOrderCheck check)
{
    private const int MostDays = 31;
    private const int MostRuns = 100;

    /// <summary>Starts a run.</summary>
    /// <exception cref="OperationException">The order is wrong, or a run of its kind is active.</exception>
    public async Task<string> StartAsync(RunOrder order, CancellationToken cancellationToken)
    {
        var start = await planner.StartAsync(await CheckAsync(order, cancellationToken), cancellationToken);
        return start.Skipped
            ? throw new OperationException(409, "Active", $"Run {start.RunId} of this kind is active already.")
            : start.RunId;
    }

    /// <summary>The run that an order asks for.</summary>
    /// <exception cref="OperationException">The order is wrong, or would read nothing.</exception>
    public Task<RunRequest> CheckAsync(RunOrder order, CancellationToken cancellationToken) =>
        check.ToRequestAsync(order, cancellationToken);

    /// <summary>Runs of the last days, newest first, up to a hundred.</summary>
    public async Task<IReadOnlyList<RunView>> ListAsync(int? days, CancellationToken cancellationToken) =>
        days is < 1 or > MostDays
            ? throw OperationException.Invalid($"days: 1 to {MostDays}")
            : [.. (await reader.RecentAsync(days ?? 1, cancellationToken)).Take(MostRuns).Select(StatusReader.ViewOf)];

    /// <summary>One run with its items.</summary>
    /// <exception cref="OperationException">There is none of this id.</exception>
    public async Task<RunDetail> ReadAsync(string runId, CancellationToken cancellationToken)
    {
        var run = await FindAsync(runId, cancellationToken);
        var items = await runs.ItemsAsync(runId, cancellationToken)
            .Select(item => new ItemView(item.Feed, item.ScopeKind, item.ScopeId, $"{item.State}", item.CompletedAt, item.Reason))
            .ToListAsync(cancellationToken);
        return new RunDetail(StatusReader.ViewOf(run), run.From, run.To, run.Feeds, items);
    }

    /// <summary>Cancels a run: waiting items end at once, running ones with their next save.</summary>
    /// <exception cref="OperationException">There is none of this id, it has ended, or it is being planned.</exception>
    public async Task<RunView> CancelAsync(string runId, CancellationToken cancellationToken)
    {
        var run = await FindAsync(runId, cancellationToken);
        if (run.Status == RunStatus.Planning)
        {
            throw new OperationException(409, "Being planned", "The run is being planned: cancel it when its items are there.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            };
        }

        if (run.Status != RunStatus.Running)
        {
            throw new OperationException(409, "Ended", $"The run has ended: {run.Status}.");
        }

        await cancellation.CancelAsync(runId, cancellationToken);
        return StatusReader.ViewOf(await FindAsync(runId, cancellationToken));
    }

    private async Task<RunRow> FindAsync(string runId, CancellationToken cancellationToken) =>
        runId is { Length: > 0 and < 64 }
        && runId.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
        && await runs.FindRunAsync(runId, cancellationToken) is { } run
            ? run
            : throw OperationException.NotFound("run");
}
