using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;

namespace CubeFunctions.Tests.Sync;

/// <summary>An observer of windows and change files at whose every call a thrower stands.</summary>
internal sealed class ThrowingObserver(Thrower thrower) : IWindowObserver, IChangeFileObserver
{
    public IItemObservation? Begin(ObservedItem item)
    {
        thrower.Pass($"begin {item.Feed} {item.Scope}");
        return new Item(thrower, $"{item.Feed} {item.Scope}");
    }

    public Task PublishedAsync(ObservedItem item, Window window, PublishedChangeFile file, CancellationToken cancellationToken) =>
        PassAsync(thrower, $"published {item.Feed} {item.Scope}");

    public Task CompletedAsync(ObservedItem item, CancellationToken cancellationToken) =>
        PassAsync(thrower, $"completed {item.Feed} {item.Scope}");

    public Task RemovingAsync(LinesToRemove lines, CancellationToken cancellationToken) => Task.CompletedTask;

    private static Task PassAsync(Thrower thrower, string place)
    {
        thrower.Pass(place);
        return Task.CompletedTask;
    }

    private sealed class Item(Thrower thrower, string name) : IItemObservation
    {
        public Task PrepareAsync(CancellationToken cancellationToken) => PassAsync(thrower, $"prepare {name}");

        public IWindowObservation BeginWindow(Window window)
        {
            thrower.Pass($"begin window {name}");
            return new Observed(thrower, name);
        }

        public Task CommitAsync(CancellationToken cancellationToken) => PassAsync(thrower, $"commit {name}");

        public Task CompleteAsync(CancellationToken cancellationToken) => PassAsync(thrower, $"complete {name}");

        public void Dispose() { }
    }

    private sealed class Observed(Thrower thrower, string name) : IWindowObservation
    {
        public Task PageAsync(ObservedPage page, CancellationToken cancellationToken) => PassAsync(thrower, $"page {name}");

        public Task<IReadOnlyCollection<int>> RecallAsync(UnparsedPages pages, CancellationToken cancellationToken)
        {
            thrower.Pass($"recall {name}");
            return Task.FromResult<IReadOnlyCollection<int>>([]);
        }

        public void Restart() => thrower.Pass($"restart {name}");

        public Task CompletedAsync(bool isGap, bool hasEarlierReading, CancellationToken cancellationToken) =>
            PassAsync(thrower, $"proven {name}");

        public Task<bool> IsIntactAsync(CancellationToken cancellationToken)
        {
            thrower.Pass($"intact {name}");
            return Task.FromResult(true);
        }

        public Task StoredAsync(StoredWindow window, CancellationToken cancellationToken) => PassAsync(thrower, $"stored {name}");

        public void Dispose() { }
    }
}
