using System.CommandLine;
using Cube.Simulator;

namespace CubeFunctions.Local.Commands;

/// <summary><c>simulate</c>: a Cube tenant alone.</summary>
internal static class SimulateCommand
{
    private static readonly SimulatorOptions Defaults = new();
    private static readonly Option<int> Port = new("--port") { Description = "Port on this machine; 0 takes a free one.", DefaultValueFactory = _ => 5080 };
    private static readonly Option<int> Seed = new("--seed") { Description = "Seed of the data.", DefaultValueFactory = _ => Defaults.Seed };
    private static readonly Option<int> Campaigns = new("--campaigns") { Description = "Active campaigns.", DefaultValueFactory = _ => Defaults.Campaigns };
    private static readonly Option<int> Customers = new("--customers") { Description = "Customers per assignment.", DefaultValueFactory = _ => Defaults.CustomersPerAssignment };
    private static readonly Option<int> Responses = new("--responses") { Description = "Responses per campaign and day.", DefaultValueFactory = _ => Defaults.ResponsesPerCampaignPerDay };
    private static readonly Option<string[]> Faults = new("--fault") { Description = $"A fault and its rate, such as 503=0.1; may be repeated. {string.Join(", ", FaultKinds.Descriptions.Keys)}" };

    public static Command Create()
    {
        var command = new Command("simulate", "Serve a simulated Cube tenant until Ctrl-C.") { Port, Seed, Campaigns, Customers, Responses, Faults };
        command.SetAction((parsed, cancellationToken) => CommandLine.RunAsync(token => RunAsync(parsed, token), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = new SimulatorOptions
        {
            Port = parsed.GetValue(Port),
            Seed = parsed.GetValue(Seed),
            Campaigns = parsed.GetValue(Campaigns),
            CustomersPerAssignment = parsed.GetValue(Customers),
            ResponsesPerCampaignPerDay = parsed.GetValue(Responses),
        };
        var faults = new List<Fault>();
        foreach (var text in parsed.GetValue(Faults) ?? [])
        {
            try
            {
                faults.Add(FaultPlan.Parse(text));
            }
            catch (FormatException exception)
            {
                await Console.Error.WriteLineAsync($"{Faults.Name}: {exception.Message}");
                return CommandLine.WrongUsage;
            }
        }

        await using var simulator = await CubeSimulator.StartAsync(options, TimeProvider.System, cancellationToken);
        faults.ForEach(simulator.Faults.Add);
        await Console.Out.WriteLineAsync($"Cube__BaseUrl={simulator.BaseUrl}");
        await Console.Out.WriteLineAsync($"Cube__Token={options.Token}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return 0;
    }
}
