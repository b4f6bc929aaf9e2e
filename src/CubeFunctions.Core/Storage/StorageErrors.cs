using System.Net.Sockets;
using Azure;
using Azure.Data.Tables.Models;
using Azure.Identity;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Storage;

/// <summary>What an exception of a storage call says.</summary>
internal enum StorageErrorKind
{
    /// <summary>It is not from storage.</summary>
    None,

    /// <summary>Storage, or the token for it, could not be had. Later may be better; a unit of work never dies of it.</summary>
    Trouble,

    /// <summary>An answer about the row or blob: it exists, is gone, or was changed by another worker.</summary>
    Conflict,

    /// <summary>Storage refuses what was sent, such as a row that is too large. The same request is refused again.</summary>
    Refused,
}

/// <summary>The one list of what storage trouble looks like, and of which answers are about the row.</summary>
internal static class StorageErrors
{
    /// <summary>What an exception of a storage call says.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The token that the storage call was given: a cancellation without it is a timeout.</param>
    public static StorageErrorKind KindOf(Exception exception, CancellationToken cancellationToken) =>
        exception switch
        {
            RequestFailedException answer => KindOf(answer),

            // The SDK gives up with one exception for each of its attempts.
            AggregateException { InnerExceptions: { Count: > 0 } inner } => inner.All(each =>
                KindOf(each, cancellationToken) == StorageErrorKind.Trouble
            )
                ? StorageErrorKind.Trouble
                : StorageErrorKind.None,
            OperationCanceledException => cancellationToken.IsCancellationRequested ? StorageErrorKind.None : StorageErrorKind.Trouble,

            // CredentialUnavailableException is one of them.
            AuthenticationFailedException => StorageErrorKind.Trouble,
            TimeoutException or SocketException or HttpRequestException => StorageErrorKind.Trouble,

            // Of files and formats, not of the line to storage.
            FileNotFoundException or DirectoryNotFoundException or EndOfStreamException => StorageErrorKind.None,
            IOException => StorageErrorKind.Trouble,
            _ => StorageErrorKind.None,
        };

    /// <summary>Whether storage or its token could not be had, and not the caller gave up.</summary>
    /// <inheritdoc cref="KindOf(Exception, CancellationToken)"/>
    public static bool IsTrouble(Exception exception, CancellationToken cancellationToken) =>
        KindOf(exception, cancellationToken) == StorageErrorKind.Trouble;

    /// <summary>Whether storage says that the row or blob exists, is gone, or was changed.</summary>
    public static bool IsConflict(RequestFailedException exception) => KindOf(exception) == StorageErrorKind.Conflict;

    /// <summary>Whether the row or blob is not there; a missing table or container counts.</summary>
    public static bool IsNotFound(RequestFailedException exception) => exception.Status == 404;

    /// <summary>Whether a table, container or queue has not been created yet.</summary>
    public static bool IsNotCreated(RequestFailedException exception) =>
        exception.ErrorCode is { } code
        && (code == TableErrorCode.TableNotFound || code == BlobErrorCode.ContainerNotFound || code == QueueErrorCode.QueueNotFound);

    /// <summary>Whether storage answered, and what it gave cannot be read: the row is garbled.</summary>
    /// <inheritdoc cref="KindOf(Exception, CancellationToken)"/>
    public static bool IsUnreadable(Exception exception, CancellationToken cancellationToken) =>
        exception is not RequestFailedException && !cancellationToken.IsCancellationRequested && !IsTrouble(exception, cancellationToken);

    /// <summary>The failure that the last barrier around a unit of work reports for whatever was thrown.</summary>
    /// <inheritdoc cref="KindOf(Exception, CancellationToken)"/>
    public static Failure ToFailure(Exception exception, CancellationToken cancellationToken) =>
        IsTrouble(exception, cancellationToken)
            ? Failure.Trouble($"storage failed: {ErrorInfo.From(exception)}")
            : Failure.Unexpected(exception);

    private static StorageErrorKind KindOf(RequestFailedException exception) =>
        exception.Status switch
        {
            404 => IsNotCreated(exception) ? StorageErrorKind.Trouble : StorageErrorKind.Conflict,
            409 => exception.ErrorCode is { } code
            && (code == TableErrorCode.EntityAlreadyExists || code == BlobErrorCode.BlobAlreadyExists)
                ? StorageErrorKind.Conflict
                : StorageErrorKind.Trouble,
            412 => StorageErrorKind.Conflict,

            // 0: no answer. A permission that is missing is mended by a person, without any unit having died.
            401 or 403 or 408 or 429 => StorageErrorKind.Trouble,
            >= 400 and < 500 => StorageErrorKind.Refused,
            _ => StorageErrorKind.Trouble,
        };
}
