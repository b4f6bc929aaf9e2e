using System.Collections.Concurrent;
using Azure;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Keeps the index of imported ids in step with snapshots that are proven or kept as a gap, and notifies upserts that waited for them.
/// Persons who were erased are left out while Cube still lists them.
/// </summary>
internal sealed class CustomerIndexObserver(CustomerIndex index, UpsertNotifications upserts, ErasedPersons erased) : IWindowObserver
{
    /// <inheritdoc />
    public IItemObservation? Begin(ObservedItem item) => item.Feed.CustomerIds.Count > 0 ? new Item(item, index, upserts, erased) : null;

    private sealed class Item(ObservedItem item, CustomerIndex index, UpsertNotifications upserts, ErasedPersons erased) : IItemObservation
    {
        private readonly string _assignmentId = item.Scope.Id;

        /// <summary>
        /// The index as it was when the lease was taken. Whoever stalls, loses the lease and goes on does not replace a newer one.
        /// </summary>
        private ETag _state;
        private ErasedFilter? _erased;

        public async Task PrepareAsync(CancellationToken cancellationToken)
        {
            _state = await index.FindStateAsync(_assignmentId, cancellationToken);
            _erased = item.MayHaveErased
                ? await erased.ForAsync(item.Feed, item.Assignment, item.RunId, item.ErasedAt, cancellationToken)
                : null;
        }

        /// <summary>The customers of a page; null where it was not parsed.</summary>
        public CustomerKey[]? CustomersOf(ObservedPage page)
        {
            if (_erased is not { } filter || page.Records is not { } records)
            {
                return page.Records?.Summary.Customers;
            }

            var gone = records
                .Bounds.Select(bounds => bounds.Of(page.Bytes))
                .Where(record => filter.Covers(record.Span))
                .Select(record => CustomerIds.HashOf(CustomerIds.Find(record.Span, CustomerIds.Imported) ?? ""))
                .ToHashSet();
            return [.. records.Summary.Customers.Where(customer => !gone.Contains(customer.ImportedHash))];
        }

        public IWindowObservation BeginWindow(Window window) => new Snapshot(this, index, _assignmentId);

        public async Task SaveAsync(
            List<IndexedPage> pages,
            CustomerIndexFile? before,
            bool isGap,
            bool hasEarlierReading,
            CancellationToken cancellationToken
        )
        {
            _state = await index.SaveAsync(_assignmentId, _state, pages, before, isGap, cancellationToken);
            if (isGap || item.HasGaps || !hasEarlierReading)
            {
                await upserts.NotifyAssignmentAsync(_assignmentId, cancellationToken);
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
            _pages[page.Number] = new IndexedPage(page.Sha256, item.CustomersOf(page));
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

        public async Task CompletedAsync(bool isGap, bool hasEarlierReading, CancellationToken cancellationToken)
        {
            _before ??= isGap ? await index.ReadAsync(assignmentId, cancellationToken) : null;
            await item.SaveAsync(Pages(), _before, isGap, hasEarlierReading, cancellationToken);
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
