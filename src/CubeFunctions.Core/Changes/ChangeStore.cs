using System.Globalization;
using Azure.Storage;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>State blobs in <c>cube-state</c> and change files in <c>cube-changes</c>.</summary>
public sealed partial class ChangeStore(StorageClients storage, ILogger<ChangeStore> logger)
{
    /// <summary>
    /// Metadata of a change file: the claim that wrote it. Claims of a scope and feed are numbered, so files of one are in order by it.
    /// </summary>
    private const string AttemptName = "attempt";
    private const int ReadAhead = 1 << 20;

    /// <summary>One request for what a window usually holds; a large file goes up in blocks, and is seen when all are there.</summary>
    internal static readonly StorageTransferOptions Transfer = new()
    {
        InitialTransferSize = 128 << 20,
        MaximumTransferSize = 16 << 20,
        MaximumConcurrency = 1,
    };

    private readonly OptimisticBlobs _states = new(storage.State);
    private readonly OptimisticBlobs _files = new(storage.ChangeFiles);

    /// <summary>Reads what is known; an empty state where there is none.</summary>
    /// <remarks>
    /// A file that was overwritten from outside, or broken, reads as empty too and is replaced: the next proven reading is a baseline.
    /// </remarks>
    /// <exception cref="InvalidDataException">It is of a later version than this program knows.</exception>
    internal async Task<ScopeState> ReadStateAsync(Feed feed, Scope scope, CancellationToken cancellationToken)
    {
        using var found = await _states.OpenAsync(BlobPaths.State(feed, scope), cancellationToken);
        if (found is null)
        {
            return ScopeState.Empty;
        }

        try
        {
            var state = await StateFormat.ReadAsync(found.Content, cancellationToken) with { ETag = found.Details.ETag };
            return Array.Exists(state.Entries, entry => entry.Source >= state.Sources.Count)
                ? throw new FormatException("It names a source that it lacks.")
                : state;
        }
        catch (FormatException exception)
        {
            LogBroken(logger, feed.Name, scope.KindName, scope.Id, exception.Message);
            return ScopeState.Empty with { ETag = found.Details.ETag };
        }
    }

    /// <summary>Replaces what was known, unless another worker did since it was read.</summary>
    /// <returns>The state with its new ETag.</returns>
    /// <exception cref="StateChangedException">Somebody else wrote it.</exception>
    internal async Task<ScopeState> WriteStateAsync(Feed feed, Scope scope, ScopeState state, CancellationToken cancellationToken)
    {
        await using var stream = StateFormat.Open(state);
        var written = await _states.SaveAsync(
            BlobPaths.State(feed, scope),
            new BlobBody(stream, "application/octet-stream") { Transfer = Transfer },
            state.ETag,
            cancellationToken
        );
        return written.Outcome == StorageOutcome.Saved ? state with { ETag = written.ETag } : throw new StateChangedException();
    }

    /// <summary>Writes a change file unless it is there.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="attempt">The claim that writes it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>False when it was there.</returns>
    internal async Task<bool> TryWriteFileAsync(string path, Stream lines, int attempt, CancellationToken cancellationToken)
    {
        var body = new BlobBody(lines, "application/x-ndjson")
        {
            Metadata = new Dictionary<string, string> { [AttemptName] = attempt.ToString(CultureInfo.InvariantCulture) },
            Transfer = Transfer,
        };
        return (await _files.CreateAsync(path, body, cancellationToken)).Outcome == StorageOutcome.Saved;
    }

    /// <summary>Opens a change file.</summary>
    /// <returns>Null when it is gone.</returns>
    internal Task<Stream?> FindFileAsync(string path, long offset, CancellationToken cancellationToken) =>
        _files.OpenAtAsync(path, offset, ReadAhead, cancellationToken);

    /// <summary>The attempt that wrote a change file; 0 when it is gone.</summary>
    internal async Task<int> AttemptOfAsync(string path, CancellationToken cancellationToken) =>
        await _files.FindPropertiesAsync(path, cancellationToken) is { } found && found.Metadata.TryGetValue(AttemptName, out var attempt)
            ? int.Parse(attempt, CultureInfo.InvariantCulture)
            : 0;

    /// <summary>
    /// Makes a change file count as changed now, for the lifecycle rules; nothing where it is gone, or was changed since.
    /// </summary>
    internal async Task RenewAsync(string path, DateTimeOffset before, CancellationToken cancellationToken)
    {
        if (await _files.FindPropertiesAsync(path, cancellationToken) is { } found && found.LastModified < before)
        {
            await _files.RenewAsync(path, found, cancellationToken);
        }
    }

    [LoggerMessage(
        302,
        LogLevel.Error,
        "What is known of {Feed} of {ScopeKind} {ScopeId} cannot be read ({Reason}): it is built anew, and the next proven reading counts as the first"
    )]
    private static partial void LogBroken(ILogger logger, string feed, string scopeKind, string scopeId, string reason);
}

/// <summary>
/// Somebody else has written what is known of a scope and feed: the lease was lost, or a backup restored. The item is to be compared again.
/// </summary>
public sealed class StateChangedException() : Exception("What is known was changed by another worker.");
