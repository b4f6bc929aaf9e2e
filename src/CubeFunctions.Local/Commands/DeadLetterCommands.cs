using System.CommandLine;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>replay upserts</c> and <c>drop upserts</c>: what becomes of the dead.</summary>
internal static class DeadLetterCommands
{
    private static readonly Option<string[]> Ids = new("--id") { Description = "Only this one, by the id that 'status' shows; may be repeated." };

    public static Command CreateReplay() => Create(
        "replay", "Send dead work again.", "Send dead upserts again; all of them without --id.", "sent again", static (reader, ids, token) => reader.ReplayAsync(ids, token));

    public static Command CreateDrop() => Create(
        "drop", "Give dead work up.", "Give dead upserts up; all of them without --id.", "dropped", static (reader, ids, token) => reader.DropAsync(ids, token));

    private static Command Create(
        string name, string description, string upserts, string done,
        Func<UpsertReader, IReadOnlyList<string>, CancellationToken, Task<(int Count, IReadOnlyList<string> Unknown)>> action)
    {
        var command = new Command("upserts", upserts) { Ids };
        command.SetAction((parsed, cancellationToken) => CommandLine.RunAsync(async token =>
        {
            await using var app = await LocalApp.StartAsync(needsCube: false, Console.Error.WriteLine, LogLevel.Warning, token);
            await app.EnsureStorageAsync(token);
            var (count, unknown) = await action(app.Services.GetRequiredService<UpsertReader>(), parsed.GetValue(Ids) ?? [], token);
            foreach (var id in unknown)
            {
                await Console.Error.WriteLineAsync($"{Ids.Name}: '{id}' is no dead upsert; nothing was changed");
            }

            await Console.Out.WriteLineAsync($"{count} upserts {done}");
            return unknown.Count == 0 ? 0 : CommandLine.WrongUsage;
        }, cancellationToken));
        return new Command(name, description) { command };
    }
}
