using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>Sends messages for customers whose events wait.</summary>
public sealed class UpsertNotifications(UpsertStore store, QueueNotifier<UpsertMessage> notifier)
{
    private const int Parallelism = 16;
    private static readonly string[] Columns =
    [
        "PartitionKey",
        "RowKey",
        nameof(UpsertRow.State),
        nameof(UpsertRow.Sender),
        nameof(UpsertRow.AcceptedAt),
        nameof(UpsertRow.ReplayedAt),
        nameof(UpsertRow.AssignmentId),
        nameof(UpsertRow.Reason),
        nameof(UpsertRow.FailingSince),
        nameof(UpsertRow.Attempts),
    ];

    /// <summary>All events that wait, without their values.</summary>
    internal IAsyncEnumerable<UpsertRow> WaitingAsync(CancellationToken cancellationToken) =>
        store.AllAsync(UpsertState.Waiting, Columns, cancellationToken);

    /// <summary>Notifies all customers of an assignment.</summary>
    internal async Task NotifyAssignmentAsync(string assignmentId, CancellationToken cancellationToken)
    {
        var customers = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var row in WaitingAsync(cancellationToken))
        {
            if (row.AssignmentId == assignmentId)
            {
                customers.Add(row.PartitionKey);
            }
        }

        await NotifyAsync(customers, TimeSpan.Zero, cancellationToken);
    }

    /// <summary>Notifies customers.</summary>
    internal Task NotifyAsync(IEnumerable<string> customers, TimeSpan delay, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            customers,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (customer, token) => await notifier.SendAsync(UpsertMessage.ForCustomer(customer), delay, token)
        );

    /// <summary>Has a post split.</summary>
    internal Task NotifyPostAsync(string post, CancellationToken cancellationToken) =>
        notifier.SendAsync(UpsertMessage.ForPost(post), TimeSpan.Zero, cancellationToken);

    /// <summary>Whether messages wait to be handled.</summary>
    internal Task<bool> HasVisibleAsync(CancellationToken cancellationToken) => notifier.HasVisibleAsync(cancellationToken);
}
