using System.Collections.Concurrent;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Upserts;

/// <summary>Keeps the index of imported ids in step with proven snapshots, and notifies upserts that waited for the first.</summary>
internal sealed class CustomerIndexObserver(CustomerIndex index, UpsertNotifications upserts) : IWindowObserver
{
    /// <inheritdoc />
    public IItemObservation? Begin(ObservedItem item) => item.Feed.CustomerIds.Count > 0 ? new Item(this, item.Scope.Id) : null;

    private sealed class Item(CustomerIndexObserver owner, string assignmentId) : IItemObservation
    {
        public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public IWindowObservation BeginWindow(Window window) => new Snapshot(owner, assignmentId);

        public Task CommitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() { }
    }

    private sealed class Snapshot(CustomerIndexObserver owner, string assignmentId) : IWindowObservation
    {
        private readonly ConcurrentDictionary<int, CustomerKey[]> _pages = new();

        public Task PageAsync(ObservedPage page, CancellationToken cancellationToken)
        {
            _pages[page.Number] = page.Records.Summary.Customers;
            return Task.CompletedTask;
        }

        public void Restart() => _pages.Clear();

        public async Task ProvenAsync(bool hasEarlierReading, CancellationToken cancellationToken)
        {
            await owner.SaveAsync(assignmentId, [.. _pages.OrderBy(page => page.Key).Select(page => page.Value)], cancellationToken);
            if (!hasEarlierReading)
            {
                await owner.NotifyAsync(assignmentId, cancellationToken);
            }
        }

        public Task StoredAsync(StoredWindow window, CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() { }
    }

    private Task SaveAsync(string assignmentId, CustomerKey[][] pages, CancellationToken cancellationToken) =>
        index.SaveAsync(assignmentId, pages, cancellationToken);

    private Task NotifyAsync(string assignmentId, CancellationToken cancellationToken) =>
        upserts.NotifyAssignmentAsync(assignmentId, cancellationToken);
}
