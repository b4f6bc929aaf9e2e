namespace CubeFunctions.Core.Storage;

internal static class TimerExtensions
{
    /// <summary>
    /// Ends a timer with a token: from then on there is no next tick. Waiting with the token would end by an exception, whose stack trace
    /// is taken with lines of source, out of the symbol files.
    /// </summary>
    /// <returns>To be disposed before the timer.</returns>
    public static CancellationTokenRegistration EndWith(this PeriodicTimer timer, CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static timer => ((PeriodicTimer)timer!).Dispose(), timer);
}
