using Azure;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// What the storage clients throw when storage refuses or cannot be reached: an answer, several attempts that failed, or an attempt that
/// took too long.
/// </summary>
internal static class StorageFailure
{
    /// <summary>Whether storage failed, and not the caller gave up.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public static bool Is(Exception exception, CancellationToken cancellationToken) =>
        exception is RequestFailedException or AggregateException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>Storage's word for it.</summary>
    public static string Word(Exception exception) => (exception as RequestFailedException)?.ErrorCode ?? "unreachable";
}
