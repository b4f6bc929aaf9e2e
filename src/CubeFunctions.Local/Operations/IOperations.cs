using CubeFunctions.Core.Endpoints;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Operations.Probing;
using CubeFunctions.Local.Commands;

namespace CubeFunctions.Local.Operations;

/// <summary>
/// What commands ask and do: in storage itself, or in a deployed app by its operations API. What is refused is an
/// <see cref="OperationException"/> in both.
/// </summary>
internal interface IOperations : IAsyncDisposable
{
    Task<StatusDocument> ReadStatusAsync(CancellationToken cancellationToken);

    Task<ProbeReport> ProbeAsync(CancellationToken cancellationToken);

    Task<IReadOnlyList<RunView>> ListRunsAsync(int days, CancellationToken cancellationToken);

    Task<RunDetail> ReadRunAsync(string runId, CancellationToken cancellationToken);

    Task<RunView> CancelRunAsync(string runId, CancellationToken cancellationToken);

    /// <summary>Starts a run and follows it to its end. Storage has no worker but this process: there it also works on the run.</summary>
    /// <param name="order">What to read.</param>
    /// <param name="output">Takes the progress.</param>
    /// <param name="cancellationToken">Ends it; a run that an app works on goes on.</param>
    Task<RunDetail> RunAsync(RunOrder order, SyncConsole output, CancellationToken cancellationToken);

    Task<DeadWorkResult> ReplayAsync(DeadWorkOrder order, CancellationToken cancellationToken);

    Task<DeadWorkResult> DropAsync(DeadWorkOrder order, CancellationToken cancellationToken);

    Task<IReadOnlyList<PauseView>> ListPausesAsync(CancellationToken cancellationToken);

    Task LiftPauseAsync(string name, CancellationToken cancellationToken);

    Task<IReadOnlyList<GapView>> ListGapsAsync(CancellationToken cancellationToken);

    Task AcceptGapAsync(string id, AcceptOrder order, CancellationToken cancellationToken);

    /// <summary>Erases a person, and waits for the end of it.</summary>
    Task<ErasureReport> EraseAsync(ErasureOrder order, Action<string> say, CancellationToken cancellationToken);

    /// <summary>Accepts customers, as a body that <c>POST /api/assignments/{id}/customers</c> takes.</summary>
    /// <returns>Ids of the upserts, in the order of the body.</returns>
    Task<IReadOnlyList<string>> PutCustomersAsync(string assignment, ReadOnlyMemory<byte> body, CancellationToken cancellationToken);

    Task<UpsertAnswer> ReadUpsertAsync(string id, CancellationToken cancellationToken);

    /// <summary>Works on upserts until cancelled; an app has workers of its own.</summary>
    Task WorkAsync(CancellationToken cancellationToken);
}
