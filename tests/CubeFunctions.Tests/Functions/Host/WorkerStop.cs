namespace CubeFunctions.Tests.Functions.Host;

/// <summary>How the worker is stopped.</summary>
internal enum WorkerStop
{
    /// <summary>As the host stops when the platform asks it to: invocations are cancelled and waited for, then the worker is asked to terminate.</summary>
    Drain,

    /// <summary>The worker is asked to terminate, whatever it works on.</summary>
    Terminate,

    /// <summary>The stream ends, as when the host crashed.</summary>
    EndOfStream,

    /// <summary>SIGTERM to the worker itself, whatever it works on.</summary>
    Signal,

    /// <summary>SIGKILL.</summary>
    Kill,
}
