using System.CommandLine;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary>
/// <c>customer put</c>: brings customers from a file into Cube, the same way as <c>POST /api/assignments/{id}/customers</c>.
/// </summary>
internal static class CustomerCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly Option<string> Assignment = new("--assignment")
    {
        Description = "The assignment's id, or the CRM's (3-B2C).",
        Required = true,
    };
    private static readonly Option<string> Input = new("--file")
    {
        Description = "JSON: one customer or an array, in Cube's field names, with customer_id.",
        Required = true,
    };

    public static Command Create()
    {
        var put = new Command("put", "Bring customers from a file into Cube, and wait for the outcome.")
        {
            Assignment,
            Input,
            OperationsOption.App,
        };
        put.SetAction((parsed, cancellationToken) => CommandLine.RunAsync(token => PutAsync(parsed, token), cancellationToken));
        return new Command("customer", "Customers.") { put };
    }

    private static async Task<int> PutAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = parsed.GetValue(Input)!;
        if (!File.Exists(file))
        {
            await Console.Error.WriteLineAsync($"{Input.Name}: '{file}' does not exist");
            return CommandLine.WrongUsage;
        }

        var body = await File.ReadAllBytesAsync(file, cancellationToken);
        await using var operations = await OperationsOption.OpenAsync(parsed, needsCube: true, cancellationToken);
        IReadOnlyList<string> upserts;
        try
        {
            upserts = await operations.PutCustomersAsync(parsed.GetValue(Assignment)!, body, cancellationToken);
        }
        catch (OperationException refused) when (refused.Status is >= 400 and < 500)
        {
            await Console.Error.WriteLineAsync($"{(refused.Status == 404 ? Assignment.Name : Input.Name)}: {refused.Message}");
            return CommandLine.WrongUsage;
        }

        return await FollowAsync(operations, upserts, cancellationToken);
    }

    private static async Task<int> FollowAsync(IOperations operations, IReadOnlyList<string> upserts, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        using var work = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var workers = operations.WorkAsync(work.Token);
        var open = new Queue<string>(upserts);
        var row = 0;
        var delivered = true;
        try
        {
            while (open.Count > 0 && time.GetElapsedTime(started) < Patience)
            {
                // In the order of the file: what ended before its turn is said when that comes.
                while (open.TryPeek(out var id))
                {
                    var upsert = await operations.ReadUpsertAsync(id, cancellationToken);
                    if (upsert.State == "waiting" && (upsert.Reason is null || time.GetElapsedTime(started) <= Patience / 8))
                    {
                        break;
                    }

                    open.Dequeue();
                    delivered &= upsert.State is "delivered" or "superseded";
                    await Console.Out.WriteLineAsync(
                        $"row {++row}: {upsert.State}{(upsert.Reason is null ? "" : $": {upsert.Reason}")} ({id})"
                    );
                }

                if (open.Count > 0)
                {
                    await Task.Delay(LookEvery, time, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new StoppedException($"Stopped; {Waiting(open.Count)}");
        }
        finally
        {
            await work.CancelAsync();
            await workers;
        }

        if (open.Count > 0)
        {
            await Console.Error.WriteLineAsync(Waiting(open.Count));
        }

        return delivered && open.Count == 0 ? 0 : CommandLine.Failed;
    }

    private static string Waiting(int count) => $"{count} upserts still wait; they are kept, and go on with dev, work or the deployed app";
}
