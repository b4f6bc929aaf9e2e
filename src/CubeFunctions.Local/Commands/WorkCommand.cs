using System.CommandLine;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>work</c>: the queue worker alone.</summary>
internal static class WorkCommand
{
    public static Command Create()
    {
        var command = new Command("work", "Work on the queues until Ctrl-C; start as many of these as you like.");
        command.SetAction((_, cancellationToken) => CommandLine.RunAsync(RunAsync, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var app = await LocalApp.StartAsync(needsCube: true, Console.Error.WriteLine, LogLevel.Information, cancellationToken);
        await app.EnsureStorageAsync(cancellationToken);
        await Console.Error.WriteLineAsync("Working; Ctrl-C stops.");
        await app.WorkAsync(PollWaits.Eager, cancellationToken);
        return 0;
    }
}
