using System.Collections.Concurrent;
using Azure;
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
        /// <summary>
        /// The index as it was when the lease was taken. Whoever stalls, loses the lease and goes on does not replace a newer one.
        /// </summary>
        private ETag _state;

        public async Task PrepareAsync(CancellationToken cancellationToken) =>
            _state = await index.FindStateAsync(assignmentId, cancellationToken);

        public IWindowObservation BeginWindow(Window window) => new Snapshot(this, index, assignmentId);

        public async Task SaveAsync(
            List<IndexedPage> pages,
            CustomerIndexFile? before,
            bool hasEarlierReading,
            CancellationToken cancellationToken
        )
        {
            _state = await index.SaveAsync(assignmentId, _state, pages, before, cancellationToken);
            if (!hasEarlierReading)
            {
                await upserts.NotifyAssignmentAsync(assignmentId, cancellationToken);
            }
        }

        public Task CommitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() { }
    }

    private sealed class Snapshot(Item item, CustomerIndex index, string assignmentId) : IWindowObservation
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
            await item.SaveAsync(Pages(), _before, hasEarlierReading, cancellationToken);
            Restart();
        }

        public Task<bool> IsIntactAsync(CancellationToken cancellationToken) =>
            index.IsOfAsync(assignmentId, Pages().ConvertAll(static page => page.Sha256), cancellationToken);

        private List<IndexedPage> Pages()
        {
            var pages = new List<IndexedPage>(_pages.Count);
            for (var number = 1; _pages.TryGetValue(number, out var page); number++)
            {
                pages.Add(page);
            }

            return pages;
        }

        public Task StoredAsync(StoredWindow window, CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() { }
    }
}
