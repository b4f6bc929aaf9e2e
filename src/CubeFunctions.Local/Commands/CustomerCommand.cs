using System.CommandLine;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Local.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>customer put</c>: brings customers from a file into Cube, the same way as <c>POST /api/assignments/{id}/customers</c>.</summary>
internal static class CustomerCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly Option<string> Assignment = new("--assignment") { Description = "The assignment's id.", Required = true };
    private static readonly Option<string> Input = new("--file") { Description = "JSON: one customer or an array, in Cube's field names, with customer_id.", Required = true };

    public static Command Create()
    {
        var put = new Command("put", "Bring customers from a file into Cube, and wait for the outcome.") { Assignment, Input };
        put.SetAction((parsed, cancellationToken) =>
            CommandLine.RunAsync(token => PutAsync(parsed.GetValue(Assignment)!, parsed.GetValue(Input)!, token), cancellationToken));
        return new Command("customer", "Customers.") { put };
    }

    private static async Task<int> PutAsync(string assignment, string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            await Console.Error.WriteLineAsync($"{Input.Name}: '{file}' does not exist");
            return CommandLine.WrongUsage;
        }

        var body = await File.ReadAllBytesAsync(file, cancellationToken);
        await using var app = await LocalApp.StartAsync(needsCube: true, Console.Error.WriteLine, LogLevel.Warning, cancellationToken);
        await app.EnsureStorageAsync(cancellationToken);
        var now = app.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var parsed = CustomerPostParser.Parse(assignment, new HeaderDictionary { ["Content-Type"] = "application/json" }, body, now, Guid.CreateVersion7(now).ToString("N"));
        if (parsed.IsRefused)
        {
            await Console.Error.WriteLineAsync($"{Input.Name}: {parsed.Refusal.Detail}{(parsed.Refusal.Line is { } line ? $" (line {line}, position {parsed.Refusal.Position})" : "")}");
            return CommandLine.WrongUsage;
        }

        var accepted = await app.Services.GetRequiredService<UpsertReceiver>().AcceptAsync(UpsertSettings.OwnApi, parsed.Events, body, postId: null, cancellationToken);
        return await FollowAsync(app, accepted, cancellationToken);
    }

    private static async Task<int> FollowAsync(LocalApp app, Acceptance accepted, CancellationToken cancellationToken)
    {
        var reader = app.Services.GetRequiredService<UpsertReader>();
        var time = app.Services.GetRequiredService<TimeProvider>();
        var started = time.GetTimestamp();
        using var work = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var workers = app.WorkAsync(PollWaits.Eager, syncOnly: false, work.Token);
        var open = new Queue<string>(accepted.Upserts.Select(upsert => upsert.Id));
        var row = 0;
        var delivered = true;
        try
        {
            while (open.Count > 0 && time.GetElapsedTime(started) < Patience)
            {
                // In the order of the file: what ended before its turn is said when that comes.
                while (open.TryPeek(out var id))
                {
                    var upsert = (await reader.FindAsync(id, cancellationToken))!;
                    if (upsert.State == UpsertState.Waiting && (string.IsNullOrEmpty(upsert.Reason) || time.GetElapsedTime(started) <= Patience / 8))
                    {
                        break;
                    }

                    open.Dequeue();
                    delivered &= upsert.State is UpsertState.Delivered or UpsertState.Superseded;
                    await Console.Out.WriteLineAsync($"row {++row}: {upsert.State.ToString().ToLowerInvariant()}{(string.IsNullOrEmpty(upsert.Reason) ? "" : $": {upsert.Reason}")} ({id})");
                }

                if (open.Count == 0)
                {
                    break;
                }

                await Task.Delay(LookEvery, time, cancellationToken);
            }
        }
        finally
        {
            await work.CancelAsync();
            await workers;
        }

        if (open.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{open.Count} upserts still wait; they are kept, and go on with dev, work or the deployed app");
        }

        return delivered && open.Count == 0 ? 0 : CommandLine.Failed;
    }
}
