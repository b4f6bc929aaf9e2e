using System.CommandLine;

namespace CubeFunctions.Local.Commands;

/// <summary>
/// Exit codes, and the last barrier around every command: whatever is thrown is one line and a code, never a stack trace.
/// </summary>
internal static class CommandLine
{
    public const int Failed = 1;
    public const int WrongUsage = 2;

    /// <summary>What a shell expects of a command that Ctrl-C ended.</summary>
    public const int Interrupted = 130;

    /// <summary>Runs a command.</summary>
    /// <param name="command">The command; gives the exit code.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public static Task<int> RunAsync(Func<CancellationToken, Task<int>> command, CancellationToken cancellationToken) =>
        RunAsync(command, json: null, cancellationToken);

    /// <summary>Runs a command whose failure is one JSON object too where <c>--json</c> was given.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="json">The command's <c>--json</c>; null where it has none.</param>
    /// <param name="command">The command; gives the exit code.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    /// <param name="stopped">What is said when Ctrl-C came.</param>
    public static Task<int> RunAsync(
        ParseResult parsed,
        Option<bool>? json,
        Func<CancellationToken, Task<int>> command,
        CancellationToken cancellationToken,
        string stopped = "Stopped."
    ) =>
        RunAsync(
            command,
            json is not null && parsed.GetValue(json) ? static failure => failure.ToJson() : null,
            cancellationToken,
            stopped
        );

    /// <summary>Runs a command that may have to print JSON.</summary>
    /// <param name="command">The command; gives the exit code.</param>
    /// <param name="json">Makes the object of <c>--json</c> where the command did not come to its own; null where none is asked
    /// for.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    /// <param name="stopped">What is said when Ctrl-C came.</param>
    public static async Task<int> RunAsync(
        Func<CancellationToken, Task<int>> command,
        Func<CommandFailure, string>? json,
        CancellationToken cancellationToken,
        string stopped = "Stopped."
    )
    {
        // The command line listens for Ctrl-C from our first pause on.
        await Task.Yield();
        try
        {
            return await command(cancellationToken);
        }
        catch (Exception exception)
        {
            var failure = cancellationToken.IsCancellationRequested
                ? CommandFailure.Stopped(exception is StoppedException said ? said.Message : stopped)
                : CommandFailure.From(exception);
            await Console.Error.WriteLineAsync(failure.Reason);
            if (json is not null)
            {
                await Console.Out.WriteLineAsync(json(failure));
            }

            return failure.Code;
        }
    }
}
