using System.Globalization;
using System.Text.Json;
using CubeFunctions.Core.Endpoints;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Operations.Probing;
using CubeFunctions.Local.Commands;
using CubeFunctions.Local.Hosting;

namespace CubeFunctions.Local.Operations;

/// <summary>Asks a deployed app.</summary>
internal sealed class AppOperations(AppClient app) : IOperations
{
    /// <summary>An app that is being deployed, or moved, is away for less.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public async Task<StatusDocument> ReadStatusAsync(CancellationToken cancellationToken)
    {
        var status = await app.GetAsync<StatusDocument>("status", cancellationToken);

        // The reader leaves null where an older app has no such member.
        return status with
        {
            Backlog = status.Backlog with { UnprovenItems = status.Backlog.UnprovenItems ?? [] },
        };
    }

    public Task<ProbeReport> ProbeAsync(CancellationToken cancellationToken) => app.GetAsync<ProbeReport>("probe", cancellationToken);

    public Task<IReadOnlyList<RunView>> ListRunsAsync(int days, CancellationToken cancellationToken) =>
        app.GetAsync<IReadOnlyList<RunView>>(string.Create(CultureInfo.InvariantCulture, $"runs?days={days}"), cancellationToken);

    public Task<RunDetail> ReadRunAsync(string runId, CancellationToken cancellationToken) =>
        app.GetAsync<RunDetail>($"runs/{Escaped(runId)}", cancellationToken);

    public Task<RunView> CancelRunAsync(string runId, CancellationToken cancellationToken) =>
        app.PostAsync<RunView>($"runs/{Escaped(runId)}/cancel", "{}"u8.ToArray(), cancellationToken);

    public async Task<RunDetail> RunAsync(RunOrder order, SyncConsole output, CancellationToken cancellationToken)
    {
        var started = await app.PostAsync<RunOrder, StartedRun>("runs", order, OperationsJson.Default.RunOrder, cancellationToken);
        output.Say($"Run {started.RunId} is started in the app");
        var done = 0;
        return await FollowAsync(
            $"run {started.RunId} goes on; 'cube runs cancel {started.RunId}' ends it",
            async () =>
            {
                var detail = await ReadRunAsync(started.RunId, cancellationToken);
                var ended = detail.Items.Count(item => item.CompletedAt is not null);
                if (ended > done)
                {
                    done = ended;
                    output.Say($"{ended} of {detail.Items.Count} items");
                }

                return detail.Run.CompletedAt is null ? null : detail;
            },
            output.Say,
            cancellationToken
        );
    }

    public Task<DeadWorkResult> ReplayAsync(DeadWorkOrder order, CancellationToken cancellationToken) =>
        app.PostAsync<DeadWorkOrder, DeadWorkResult>("replay", order, OperationsJson.Default.DeadWorkOrder, cancellationToken);

    public Task<DeadWorkResult> DropAsync(DeadWorkOrder order, CancellationToken cancellationToken) =>
        app.PostAsync<DeadWorkOrder, DeadWorkResult>("drop", order, OperationsJson.Default.DeadWorkOrder, cancellationToken);

    public Task<IReadOnlyList<PauseView>> ListPausesAsync(CancellationToken cancellationToken) =>
        app.GetAsync<IReadOnlyList<PauseView>>("pauses", cancellationToken);

    public Task LiftPauseAsync(string name, CancellationToken cancellationToken) =>
        app.SendAsync(HttpMethod.Delete, $"pauses/{Escaped(name)}", null, cancellationToken);

    public Task<IReadOnlyList<GapView>> ListGapsAsync(CancellationToken cancellationToken) =>
        app.GetAsync<IReadOnlyList<GapView>>("gaps", cancellationToken);

    public Task AcceptGapAsync(string id, AcceptOrder order, CancellationToken cancellationToken) =>
        app.SendAsync(
            HttpMethod.Post,
            $"gaps/{Escaped(id)}/accept",
            JsonSerializer.SerializeToUtf8Bytes(order, OperationsJson.Default.AcceptOrder),
            cancellationToken
        );

    public async Task<ErasureReport> EraseAsync(ErasureOrder order, Action<string> say, CancellationToken cancellationToken)
    {
        // Whom it is about travels in this one body.
        var asked = await app.PostAsync<ErasureOrder, ErasureView>("erasures", order, ErasureJson.Default.ErasureOrder, cancellationToken);
        string? reason = null;
        var ended = await FollowAsync(
            $"erasure {asked.Id} goes on; GET /api/erasures/{asked.Id} has its report",
            async () =>
            {
                var view = await app.GetAsync<ErasureView>($"erasures/{Escaped(asked.Id)}", cancellationToken);
                if (view.CompletedAt is null && view.Reason is not null && view.Reason != reason)
                {
                    reason = view.Reason;
                    say($"Erasure {asked.Id} is not done yet, and is tried again: {reason}");
                }

                return view.CompletedAt is null ? null : view;
            },
            say,
            cancellationToken
        );
        return ended.Report
            ?? throw new LocalHostException(
                $"Erasure {ended.Id} was given up: {ended.Reason ?? "unknown"}; run the command again to erase the rest"
            );
    }

    public async Task<IReadOnlyList<string>> PutCustomersAsync(
        string assignment,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await app.PostAsync<AcceptedAnswer>($"assignments/{Escaped(assignment)}/customers", body, cancellationToken)
            ).Upserts.Select(upsert => upsert.Id),
        ];

    public Task<UpsertAnswer> ReadUpsertAsync(string id, CancellationToken cancellationToken) =>
        app.GetAsync<UpsertAnswer>($"upserts/{Escaped(id)}", cancellationToken);

    public Task WorkAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        app.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Escaped(string id) => Uri.EscapeDataString(id);

    /// <summary>
    /// Looks until there is something, as often as the app asks for. What was begun goes on without us, and trouble with the connection
    /// ends nothing.
    /// </summary>
    private async Task<T> FollowAsync<T>(string goesOn, Func<Task<T?>> lookAsync, Action<string> say, CancellationToken cancellationToken)
        where T : class
    {
        var answered = TimeProvider.System.GetTimestamp();
        try
        {
            while (true)
            {
                await Task.Delay(app.LookAfter, TimeProvider.System, cancellationToken);
                try
                {
                    if (await lookAsync() is { } found)
                    {
                        return found;
                    }

                    answered = TimeProvider.System.GetTimestamp();
                }
                catch (Exception exception)
                    when (exception is AppTroubleException or OperationException { Status: >= 500 }
                        && TimeProvider.System.GetElapsedTime(answered) < Patience
                    )
                {
                    say($"{exception.Message}; looking again");
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new StoppedException($"Stopped looking; {goesOn}.");
        }
        catch (AppTroubleException exception)
        {
            throw new AppTroubleException($"{exception.Message}; {goesOn}", exception);
        }
    }
}
