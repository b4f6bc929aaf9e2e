using System.CommandLine;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>replay</c> and <c>drop</c>: what becomes of the dead.</summary>
internal static class DeadLetterCommands
{
    private static readonly Option<string[]> Ids = new("--id") { Description = "Only this one, by the id that 'status' shows; may be repeated." };

    public static Command CreateReplay() => new("replay", "Send dead work again.")
    {
        Create("upserts", "upsert", "Send dead upserts again; all of them without --id.", "sent again", static (services, ids, token) => services.GetRequiredService<UpsertReader>().ReplayAsync(ids, token)),
        Create(
            "changes", "delivery", "Send dead deliveries to the CRM again, and go on after its receiver answered 410; all of them without --id.", "sent again",
            static (services, ids, token) => services.GetRequiredService<DeliveryReader>().ReplayAsync(ids, token)),
    };

    public static Command CreateDrop() => new("drop", "Give dead work up.")
    {
        Create("upserts", "upsert", "Give dead upserts up; all of them without --id.", "dropped", static (services, ids, token) => services.GetRequiredService<UpsertReader>().DropAsync(ids, token)),
        Create(
            "changes", "delivery", "Give dead deliveries to the CRM up; all of them without --id.", "dropped",
            static (services, ids, token) => services.GetRequiredService<DeliveryReader>().DropAsync(ids, token)),
    };

    private static Command Create(
        string name, string singular, string description, string done, Func<IServiceProvider, IReadOnlyList<string>, CancellationToken, Task<(int Count, IReadOnlyList<string> Unknown)>> action)
    {
        var command = new Command(name, description) { Ids };
        command.SetAction((parsed, cancellationToken) => CommandLine.RunAsync(async token =>
        {
            await using var app = await LocalApp.StartAsync(needsCube: false, Console.Error.WriteLine, LogLevel.Warning, token);
            await app.EnsureStorageAsync(token);
            var (count, unknown) = await action(app.Services, parsed.GetValue(Ids) ?? [], token);
            foreach (var id in unknown)
            {
                await Console.Error.WriteLineAsync($"{Ids.Name}: '{id}' is no dead {singular}; nothing was changed");
            }

            await Console.Out.WriteLineAsync($"{count} {(name == "changes" ? "deliveries" : name)} {done}");
            return unknown.Count == 0 ? 0 : CommandLine.WrongUsage;
        }, cancellationToken));
        return command;
    }
}
