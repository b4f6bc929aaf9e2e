using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>All observers of one claimed item, called in the order in which they are registered.</summary>
internal sealed class ItemObservers(List<IItemObservation> items) : IDisposable
{
    /// <inheritdoc cref="IItemObservation.PrepareAsync"/>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var observation in items)
        {
            await observation.PrepareAsync(cancellationToken);
        }
    }

    /// <inheritdoc cref="IItemObservation.BeginWindow"/>
    public WindowObservers BeginWindow(Window window) => new(items.ConvertAll(observation => observation.BeginWindow(window)));

    /// <inheritdoc cref="IItemObservation.CommitAsync"/>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        foreach (var observation in items)
        {
            await observation.CommitAsync(cancellationToken);
        }
    }

    /// <inheritdoc cref="IItemObservation.CompleteAsync"/>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        foreach (var observation in items)
        {
            await observation.CompleteAsync(cancellationToken);
        }
    }

    public void Dispose() => items.ForEach(observation => observation.Dispose());
}

/// <summary>All observers of one window.</summary>
internal sealed class WindowObservers(List<IWindowObservation> windows) : IDisposable
{
    /// <inheritdoc cref="IWindowObservation.PageAsync"/>
    public async Task PageAsync(ObservedPage page, CancellationToken cancellationToken)
    {
        foreach (var window in windows)
        {
            await window.PageAsync(page, cancellationToken);
        }
    }

    /// <inheritdoc cref="IWindowObservation.RecallAsync"/>
    /// <returns>Numbers of those that an observer does not know, or of whose keys none does.</returns>
    public async Task<IReadOnlyCollection<int>> RecallAsync(UnparsedPages pages, CancellationToken cancellationToken)
    {
        var unknown = new HashSet<int>();
        foreach (var window in windows)
        {
            unknown.UnionWith(await window.RecallAsync(pages, cancellationToken));
        }

        unknown.UnionWith(pages.Numbers.Where(number => !pages.Keys.ContainsKey(number)));
        return unknown;
    }

    /// <inheritdoc cref="IWindowObservation.Restart"/>
    public void Restart() => windows.ForEach(window => window.Restart());

    /// <inheritdoc cref="IWindowObservation.CompletedAsync"/>
    public async Task CompletedAsync(bool isGap, bool hasEarlierReading, CancellationToken cancellationToken)
    {
        foreach (var window in windows)
        {
            await window.CompletedAsync(isGap, hasEarlierReading, cancellationToken);
        }
    }

    /// <inheritdoc cref="IWindowObservation.IsIntactAsync"/>
    public async Task<bool> AreIntactAsync(CancellationToken cancellationToken)
    {
        foreach (var window in windows)
        {
            if (!await window.IsIntactAsync(cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc cref="IWindowObservation.StoredAsync"/>
    public async Task StoredAsync(StoredWindow stored, CancellationToken cancellationToken)
    {
        foreach (var window in windows)
        {
            await window.StoredAsync(stored, cancellationToken);
        }
    }

    public void Dispose() => windows.ForEach(window => window.Dispose());
}
