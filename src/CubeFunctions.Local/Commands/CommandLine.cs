using System.Net.Sockets;
using Azure;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Settings;
using CubeFunctions.Local.Hosting;

namespace CubeFunctions.Local.Commands;

/// <summary>Exit codes and one-line reasons, the same for every command.</summary>
internal static class CommandLine
{
    public const int Failed = 1;
    public const int WrongUsage = 2;

    /// <summary>What a shell expects of a command that Ctrl-C ended.</summary>
    public const int Interrupted = 130;

    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> command, CancellationToken cancellationToken)
    {
        try
        {
            return await command(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Say("Stopped; the next sync goes on from here.", Interrupted);
        }
        catch (SettingsException exception)
        {
            return Say(exception.Message, WrongUsage);
        }
        catch (LocalHostException exception)
        {
            return Say(exception.Message, Failed);
        }
        catch (CubeException exception)
        {
            return Say(exception.Message, Failed);
        }
        catch (Exception exception) when (Storage(exception) is { } reason)
        {
            return Say($"CubeStorage: {reason}", Failed);
        }
    }

    /// <summary>Storage's failure in words, or null when it is something else.</summary>
    private static string? Storage(Exception exception) => exception switch
    {
        RequestFailedException { Status: 0 } or HttpRequestException or SocketException => $"storage cannot be reached ({exception.GetBaseException().Message})",
        RequestFailedException failed => $"storage refused with {failed.Status} {failed.ErrorCode}",
        AggregateException many when many.InnerExceptions.Count > 0 => Storage(many.InnerExceptions[^1]),
        Azure.Identity.AuthenticationFailedException => "no credential for storage (az login, or CubeStorage__credential=managedidentity)",
        FormatException => "is not a storage connection string",
        _ => null,
    };

    private static int Say(string message, int code)
    {
        Console.Error.WriteLine(message);
        return code;
    }
}
