namespace CubeFunctions.Tests.Functions.Host;

/// <summary>The worker ended where the host still needed it.</summary>
internal sealed class WorkerGoneException(string message, int? exitCode = null) : Exception(message)
{
    /// <summary>The exit code, where the process has ended.</summary>
    public int? ExitCode { get; } = exitCode;
}
