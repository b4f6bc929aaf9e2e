using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Upserts;

/// <summary>Keeps the index of imported ids in step with proven snapshots, and notifies upserts that waited for the first.</summary>
internal sealed class CustomerIndexObserver(CustomerIndex index, UpsertNotifications upserts) : IWindowObserver
{
    /// <inheritdoc />
    public IItemObservation? Begin(ObservedItem item) => item.Feed.CustomerIds.Count > 0 ? new Item(index, upserts, item.Scope.Id) : null;

    private sealed class Item(CustomerIndex index, UpsertNotifications upserts, string assignmentId) : IItemObservation
    {
        public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public IWindowObservation BeginWindow(Window window) => new Snapshot(index, upserts, assignmentId);

        public Task CommitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() { }
    }

    private sealed class Snapshot(CustomerIndex index, UpsertNotifications upserts, string assignmentId) : IWindowObservation
    {
        private readonly ConcurrentDictionary<int, IndexedPage> _pages = new();

        /// <summary>Has the customers of the pages that were not parsed.</summary>
        private CustomerIndexFile? _before;

        public Task PageAsync(ObservedPage page, CancellationToken cancellationToken)
        {
            _pages[page.Number] = new IndexedPage(page.Sha256, page.Records?.Summary.Customers);
            return Task.CompletedTask;
        }

        public async Task<IReadOnlyCollection<int>> RecallAsync(UnparsedPages pages, CancellationToken cancellationToken)
        {
            _before = await index.ReadAsync(assignmentId, cancellationToken);
            return [.. pages.Numbers.Where(number => _before?.Holds(number, _pages[number].Sha256) != true)];
        }

        public void Restart()
        {
            _pages.Clear();
            _before = null;
        }

        public async Task ProvenAsync(bool hasEarlierReading, CancellationToken cancellationToken)
        {
            var pages = new List<IndexedPage>(_pages.Count);
            for (var number = 1; _pages.TryGetValue(number, out var page); number++)
            {
                pages.Add(page);
            }

            await index.SaveAsync(assignmentId, pages, _before, cancellationToken);
            Restart();
            if (!hasEarlierReading)
            {
                await upserts.NotifyAssignmentAsync(assignmentId, cancellationToken);
            }
        }

        public Task StoredAsync(StoredWindow window, CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() { }
    }
}
