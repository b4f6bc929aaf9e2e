using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>The change files of one claimed item, one a window.</summary>
internal sealed class ChangeFile(ObservedItem item, LineSources sources, UndoneWrites? undone)
{
    /// <summary>Compares a window with what is known.</summary>
    public async Task<WindowChangeFile> BeginAsync(
        ScopeState state,
        StoredWindow stored,
        WindowCapture capture,
        CancellationToken cancellationToken
    )
    {
        sources.Earlier.Know(stored.Result.Manifest, stored.Manifest);
        var window = await capture.EntriesAsync(state, stored, cancellationToken);
        var first = FirstReading.Create(state, capture.Days, item.Today);
        var isGap = stored.Manifest.Gap;
        var comparison = new WindowComparison(state, window.Read, capture.Days, first, window.Same, isGap);
        return new WindowChangeFile(
            item,
            sources,
            undone,
            comparison.IsMixed ? new WindowComparison(state, window.Read, capture.Days, same: window.Same, isGap: isGap) : comparison,
            capture,
            stored
        );
    }

    /// <summary>What is known is stored.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => undone?.ForgetAsync(cancellationToken) ?? Task.CompletedTask;
}
