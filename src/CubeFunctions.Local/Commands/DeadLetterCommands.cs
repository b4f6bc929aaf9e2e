using System.CommandLine;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>replay</c> and <c>drop</c>: what becomes of the dead.</summary>
internal static class DeadLetterCommands
{
    private static readonly Option<string[]> Ids = new("--id")
    {
        Description = "Only this one, by the id that 'status' shows; may be repeated.",
    };
    private static readonly DeadAction Replay = new(
        "sent again",
        static (operations, order, token) => operations.ReplayAsync(order, token)
    );
    private static readonly DeadAction Drop = new("dropped", static (operations, order, token) => operations.DropAsync(order, token));

    public static Command CreateReplay() =>
        new("replay", "Send dead work again.")
        {
            Create(Replay, "upserts", "Send dead upserts again; all of them without --id."),
            Create(
                Replay,
                "changes",
                "Send dead deliveries to the CRM again, and go on after its receiver answered 410; all of them without --id. Deletions that are held back: by their id only."
            ),
            Create(Replay, "sync", "Read scopes and feeds of failed items again; all of them without --id."),
        };

    public static Command CreateDrop() =>
        new("drop", "Give dead work up.")
        {
            Create(Drop, "upserts", "Give dead upserts up; all of them without --id."),
            Create(Drop, "changes", "Give dead deliveries to the CRM up; all of them without --id."),
        };

    private static Command Create(DeadAction action, string what, string description)
    {
        var command = new Command(what, description) { Ids, OperationsOption.App };
        command.SetAction(
            (parsed, cancellationToken) =>
                CommandLine.RunAsync(
                    async token =>
                    {
                        await using var operations = await OperationsOption.OpenAsync(parsed, needsCube: what == "sync", token);
                        var result = await action.DoAsync(operations, new DeadWorkOrder { What = what, Ids = parsed.GetValue(Ids) }, token);
                        await Console.Out.WriteLineAsync(
                            what == "sync"
                                ? $"{result.Count} items read again"
                                : $"{result.Count} {(what == "changes" ? "deliveries" : what)} {action.Done}"
                        );
                        if (result.StillDead > 0)
                        {
                            await Console.Error.WriteLineAsync(
                                $"{result.StillDead} stay dead as they are: 'status' says why; mend the field map, or drop them"
                            );
                        }

                        foreach (var run in result.Runs ?? [])
                        {
                            await Console.Out.WriteLineAsync($"run {run}");
                        }

                        return result.StillDead > 0 ? CommandLine.Failed : 0;
                    },
                    cancellationToken
                )
        );
        return command;
    }

    /// <param name="Done">What it did, in words.</param>
    /// <param name="DoAsync">Does it.</param>
    private sealed record DeadAction(string Done, Func<IOperations, DeadWorkOrder, CancellationToken, Task<DeadWorkResult>> DoAsync);
}
