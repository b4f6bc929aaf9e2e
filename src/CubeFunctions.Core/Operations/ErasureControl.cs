using CubeFunctions.Core.Erasure;

namespace CubeFunctions.Core.Operations;

/// <summary>An erasure as people see it: counts alone, nothing of the person.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State"><c>waiting</c>, <c>done</c> or <c>failed</c>.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="CompletedAt">When it was done, or given up.</param>
/// <param name="Reason">The last failure, or null.</param>
/// <param name="Report">What it touched, once it is done.</param>
internal sealed record ErasureView(
    string Id,
    string State,
    DateTimeOffset CreatedAt,
    DateTimeOffset? CompletedAt,
    string? Reason,
    ErasureReport? Report
);

/// <summary>Erasures as people ask for them.</summary>
internal sealed class ErasureControl(ErasureOrders orders)
{
    /// <summary>Stores an erasure and begins it.</summary>
    /// <exception cref="OperationException">The order is wrong.</exception>
    public Task<string> SubmitAsync(ErasureOrder order, CancellationToken cancellationToken) =>
        order.FindFault() is { } fault ? throw OperationException.Invalid(fault) : orders.SubmitAsync(order, cancellationToken);

    /// <summary>Where an erasure stands.</summary>
    /// <exception cref="OperationException">There is none of this id.</exception>
    public async Task<ErasureView> ReadAsync(string id, CancellationToken cancellationToken)
    {
        var row =
            id is { Length: > 0 and < 64 } && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
                ? await orders.FindAsync(id, cancellationToken)
                : null;
        return row is null
            ? throw OperationException.NotFound("erasure")
            : new ErasureView(
                row.RowKey,
                row.State == ErasureState.Erased ? "waiting" : row.State.ToString().ToLowerInvariant(),
                row.CreatedAt,
                row.CompletedAt,
                row.Reason,
                row.State == ErasureState.Done ? row.ReadReport() : null
            );
    }
}
