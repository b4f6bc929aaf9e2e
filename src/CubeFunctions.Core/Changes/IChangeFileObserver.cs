using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Observes change files that were written. Change detection knows no observer; the composition root registers them (delivery to the CRM).
/// </summary>
internal interface IChangeFileObserver
{
    /// <summary>
    /// Called after the file is stored and before the snapshot that includes its changes is saved. A crash between the two repeats the call
    /// for the same file.
    /// </summary>
    /// <param name="item">The item whose window was compared.</param>
    /// <param name="window">The window.</param>
    /// <param name="file">The file.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task PublishedAsync(ObservedItem item, Window window, PublishedChangeFile file, CancellationToken cancellationToken);

    /// <summary>Called when all windows of an item are compared, with files or without. May come again.</summary>
    /// <param name="item">The item.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task CompletedAsync(ObservedItem item, CancellationToken cancellationToken);

    /// <summary>
    /// Called before lines are taken out of a file: what was to go on with one of them goes on with the next. May come again.
    /// </summary>
    /// <param name="lines">The lines.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task RemovingAsync(LinesToRemove lines, CancellationToken cancellationToken);
}
