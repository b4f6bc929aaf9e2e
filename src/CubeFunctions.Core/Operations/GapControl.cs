using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Operations;

/// <summary>The body of <c>POST /api/gaps/{id}/accept</c>.</summary>
internal sealed record AcceptOrder
{
    /// <summary>Who accepts the gap; it is shown with it.</summary>
    public string? By { get; init; }
}

/// <summary>Gaps as people list and accept them.</summary>
internal sealed class GapControl(GapStore store)
{
    private const int LongestName = 100;

    /// <summary>All gaps, by scope, feed and day.</summary>
    public async Task<IReadOnlyList<GapView>> ListAsync(CancellationToken cancellationToken) =>
        [
            .. (await store.ListAsync(cancellationToken)).Select(gap => new GapView(
                gap.Id,
                gap.Feed,
                gap.Scope.KindName,
                gap.Scope.Id,
                gap.Day,
                gap.ReportedCount,
                gap.Records,
                gap.Since,
                gap.AcceptedBy
            )),
        ];

    /// <summary>Accepts a gap: a day is read no more, a list is read on.</summary>
    /// <exception cref="OperationException">There is none of this id, or nobody's name is given.</exception>
    public async Task AcceptAsync(string id, AcceptOrder order, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(order.By) || order.By.Length > LongestName || order.By.Any(char.IsControl))
        {
            throw OperationException.Invalid($"by: who accepts it, up to {LongestName} characters");
        }

        if (!await store.AcceptAsync(id, order.By, cancellationToken))
        {
            throw OperationException.NotFound("gap");
        }
    }
}
