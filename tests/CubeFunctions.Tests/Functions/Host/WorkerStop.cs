namespace CubeFunctions.Tests.Functions.Host;

/// <summary>How the worker is stopped.</summary>
internal enum WorkerStop
{
    /// <summary>As the host stops: invocations are cancelled and awaited, then the worker is asked to terminate.</summary>
    Drain,

    /// <summary>The worker is asked to terminate, whatever it works on.</summary>
    Terminate,

    /// <summary>
    /// The host crashed: the stream ends, and the platform ends what is left by SIGTERM. The end of the stream alone does not end a
    /// worker (2.52.0).
    /// </summary>
    EndOfStream,

    /// <summary>SIGTERM to the worker itself, whatever it works on.</summary>
    Signal,

    /// <summary>SIGKILL.</summary>
    Kill,
}
