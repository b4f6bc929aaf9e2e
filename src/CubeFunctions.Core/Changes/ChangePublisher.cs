using System.Diagnostics;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>Offers one item's change files to the observers, and its turns at comparing.</summary>
internal sealed class ChangePublisher(ObservedItem item, IEnumerable<IChangeFileObserver> observers, SemaphoreSlim comparing)
{
    /// <summary>Compares a window when it is its turn.</summary>
    public async Task InTurnAsync(Func<Task> compare, CancellationToken cancellationToken)
    {
        await comparing.WaitAsync(cancellationToken);
        try
        {
            await compare();
        }
        finally
        {
            comparing.Release();
        }
    }

    /// <summary>A file is stored, and the snapshot that includes its changes is not saved yet.</summary>
    public async Task PublishAsync(Window window, PublishedChangeFile file, CancellationToken cancellationToken)
    {
        // Part of the run's trace, and linked to those of the upserts whose values it holds.
        using var span = CubeTraces.Source.StartActivity(
            ActivityKind.Internal,
            links: CubeTraces.LinksTo(file.Causes.Select(cause => cause.Traceparent).Distinct(StringComparer.Ordinal)),
            name: "publish changes"
        );
        span?.SetTag("cube.stream", ChangeStream.NameOf(item.Feed, item.Scope));
        foreach (var observer in observers)
        {
            await observer.PublishedAsync(item, window, file, cancellationToken);
        }
    }

    /// <summary>All windows of the item are compared.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        foreach (var observer in observers)
        {
            await observer.CompletedAsync(item, cancellationToken);
        }
    }
}
