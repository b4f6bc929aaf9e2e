using CubeFunctions.Core.Endpoints;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Operations.Probing;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Local.Commands;
using CubeFunctions.Local.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Operations;

/// <summary>Works on storage in this process.</summary>
internal sealed class StorageOperations(LocalApp app) : IOperations
{
    /// <summary>Reads the settings and opens storage.</summary>
    public static async Task<StorageOperations> StartAsync(bool needsCube, CancellationToken cancellationToken)
    {
        var app = await LocalApp.StartAsync(needsCube, Console.Error.WriteLine, LogLevel.Warning, cancellationToken);
        try
        {
            await app.EnsureStorageAsync(cancellationToken);
            return new StorageOperations(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async Task<StatusDocument> ReadStatusAsync(CancellationToken cancellationToken)
    {
        // Nobody may have counted since something changed: an app's janitor does, a command that is over does not.
        await Get<BacklogCounter>().CountAsync(cancellationToken);
        return await Get<StatusReader>().ReadAsync(cancellationToken);
    }

    public Task<ProbeReport> ProbeAsync(CancellationToken cancellationToken) => Get<ProbeControl>().RunAsync(cancellationToken);

    public Task<IReadOnlyList<RunView>> ListRunsAsync(int days, CancellationToken cancellationToken) =>
        Get<RunControl>().ListAsync(days, cancellationToken);

    public Task<RunDetail> ReadRunAsync(string runId, CancellationToken cancellationToken) =>
        Get<RunControl>().ReadAsync(runId, cancellationToken);

    public Task<RunView> CancelRunAsync(string runId, CancellationToken cancellationToken) =>
        Get<RunControl>().CancelAsync(runId, cancellationToken);

    public async Task<RunDetail> RunAsync(RunOrder order, SyncConsole output, CancellationToken cancellationToken)
    {
        var request = await Get<RunControl>().CheckAsync(order, cancellationToken);
        var run = await new ForegroundRun(app, output, new ForegroundProgress()).RunAsync(request, finishOthers: false, cancellationToken);
        return await ReadRunAsync(run.RunId, cancellationToken);
    }

    public Task<DeadWorkResult> ReplayAsync(DeadWorkOrder order, CancellationToken cancellationToken) =>
        Get<DeadWork>().ReplayAsync(order, cancellationToken);

    public Task<DeadWorkResult> DropAsync(DeadWorkOrder order, CancellationToken cancellationToken) =>
        Get<DeadWork>().DropAsync(order, cancellationToken);

    public Task<IReadOnlyList<PauseView>> ListPausesAsync(CancellationToken cancellationToken) =>
        Get<StatusReader>().PausesAsync(cancellationToken);

    public Task LiftPauseAsync(string name, CancellationToken cancellationToken) => Get<StatusReader>().LiftAsync(name, cancellationToken);

    public Task<IReadOnlyList<GapView>> ListGapsAsync(CancellationToken cancellationToken) =>
        Get<GapControl>().ListAsync(cancellationToken);

    public Task AcceptGapAsync(string id, AcceptOrder order, CancellationToken cancellationToken) =>
        Get<GapControl>().AcceptAsync(id, order, cancellationToken);

    public async Task<ErasureReport> EraseAsync(ErasureOrder order, Action<string> say, CancellationToken cancellationToken)
    {
        try
        {
            return await Get<PersonEraser>().EraseAsync(order.Assignment!, order.Customer!, cancellationToken);
        }
        catch (ErasureBusyException exception)
        {
            throw new LocalHostException(exception.Message, exception);
        }
    }

    public async Task<IReadOnlyList<string>> PutCustomersAsync(
        string assignment,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken
    )
    {
        var now = Get<TimeProvider>().GetUtcNow();
        var parsed = CustomerPostParser.Parse(
            assignment,
            new HeaderDictionary { ["Content-Type"] = "application/json" },
            body,
            now,
            Guid.CreateVersion7(now).ToString("N")
        );
        if (parsed.IsRefused)
        {
            throw new OperationException(
                parsed.Refusal.Status,
                parsed.Refusal.Kind.ToString(),
                parsed.Refusal.Line is { } line
                    ? $"{parsed.Refusal.Detail} (line {line}, position {parsed.Refusal.Position})"
                    : parsed.Refusal.Detail
            );
        }

        if (await Get<KnownAssignments>().IsUnknownAsync(assignment, cancellationToken))
        {
            throw new OperationException(404, "Unknown assignment", KnownAssignments.WhyUnknown(assignment));
        }

        return
        [
            .. (
                await Get<UpsertReceiver>().AcceptAsync(UpsertSettings.OwnApi, parsed.Events, body, postId: null, cancellationToken)
            ).Upserts.Select(upsert => upsert.Id),
        ];
    }

    public async Task<UpsertAnswer> ReadUpsertAsync(string id, CancellationToken cancellationToken) =>
        await Get<UpsertReader>().FindAsync(id, cancellationToken) is { } row
            ? UpsertAnswer.FromRow(row)
            : throw OperationException.NotFound("upsert");

    public Task WorkAsync(CancellationToken cancellationToken) => app.WorkAsync(PollWaits.Eager, syncOnly: false, cancellationToken);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();
}
