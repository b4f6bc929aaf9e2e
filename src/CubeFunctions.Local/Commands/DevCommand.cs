using System.CommandLine;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>dev</c>: the whole app until Ctrl-C.</summary>
internal static class DevCommand
{
    private static readonly Option<int> Port = new("--port")
    {
        Description = "Port of the HTTP endpoints on this machine.",
        DefaultValueFactory = _ => 7071,
    };

    public static Command Create()
    {
        var command = new Command("dev", "Run the whole app until Ctrl-C: timers, queues, HTTP.") { Port };
        command.SetAction(
            (parsed, cancellationToken) => CommandLine.RunAsync(token => RunAsync(parsed.GetValue(Port), token), cancellationToken)
        );
        return command;
    }

    private static async Task<int> RunAsync(int port, CancellationToken cancellationToken)
    {
        await using var app = await LocalApp.StartAsync(needsCube: true, Console.Error.WriteLine, LogLevel.Information, cancellationToken);
        await app.EnsureStorageAsync(cancellationToken);
        await using var http = await LocalHttp.StartAsync(app.Services, port, cancellationToken);
        var settings = app.Services.GetRequiredService<SyncSettings>();
        var planner = app.Services.GetRequiredService<RunPlanner>();
        await Console.Error.WriteLineAsync(
            $"Running at http://127.0.0.1:{port}/api, with a dashboard at http://127.0.0.1:{port}/api/dashboard; Ctrl-C stops."
        );
        await Task.WhenAll(
            app.WorkAsync(PollWaits.Eager, syncOnly: false, cancellationToken),
            app.TickAsync(settings.Schedule, token => planner.StartAsync(RunRequest.Scheduled(settings.Feeds), token), cancellationToken),
            app.TickAsync(
                settings.SnapshotSchedule,
                token => planner.StartAsync(RunRequest.Snapshot(settings.Feeds), token),
                cancellationToken
            )
        );
        return 0;
    }
}
