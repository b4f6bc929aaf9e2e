using System.CommandLine;
using Cube.Simulator;

namespace CubeFunctions.Local.Commands;

/// <summary><c>simulate</c>: a Cube tenant alone.</summary>
internal static class SimulateCommand
{
    private static readonly SimulatorOptions Defaults = new();
    private static readonly Option<int> Port = new("--port")
    {
        Description = "Port on this machine; 0 takes a free one.",
        DefaultValueFactory = _ => 5080,
    };
    private static readonly Option<int> Seed = new("--seed")
    {
        Description = "Seed of the data.",
        DefaultValueFactory = _ => Defaults.Seed,
    };
    private static readonly Option<int> Campaigns = new("--campaigns")
    {
        Description = "Active campaigns.",
        DefaultValueFactory = _ => Defaults.Campaigns,
    };
    private static readonly Option<int> Customers = new("--customers")
    {
        Description = "Customers per assignment.",
        DefaultValueFactory = _ => Defaults.CustomersPerAssignment,
    };
    private static readonly Option<int> Responses = new("--responses")
    {
        Description = "Responses per campaign and day.",
        DefaultValueFactory = _ => Defaults.ResponsesPerCampaignPerDay,
    };
    private static readonly Option<TenantApi> Api = new("--api")
    {
        Description = "Generation of the API.",
        DefaultValueFactory = _ => Defaults.Api,
    };
    private static readonly Option<string[]> Variants = new("--variant")
    {
        AllowMultipleArgumentsPerToken = true,
        Description =
            "Documented variants the tenant answers in; may be repeated:\n"
            + string.Join(
                "\n",
                VariantKinds.Descriptions.Select(variant => $"{variant.Key}: {variant.Value}{Only(VariantKinds.ByName[variant.Key])}")
            ),
    };

    private static readonly Option<int?> PerSecond = new("--requests-per-second")
    {
        Description = "Limit of requests per second; the others are answered 429.",
    };
    private static readonly Option<int?> Concurrent = new("--concurrent-requests")
    {
        Description = "Limit of requests at one time; the others are answered 429.",
    };
    private static readonly Option<string[]> Faults = new("--fault")
    {
        Description = $"A fault and its rate, such as 503=0.1; may be repeated. {string.Join(", ", FaultKinds.Descriptions.Keys)}",
    };

    public static Command Create()
    {
        var command = new Command("simulate", "Serve a simulated Cube tenant until Ctrl-C.")
        {
            Port,
            Seed,
            Campaigns,
            Customers,
            Responses,
            Api,
            Variants,
            PerSecond,
            Concurrent,
            Faults,
        };
        command.SetAction((parsed, cancellationToken) => CommandLine.RunAsync(token => RunAsync(parsed, token), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var variants = new List<Variant>();
        var faults = new List<Fault>();
        try
        {
            variants.AddRange((parsed.GetValue(Variants) ?? []).Select(VariantKinds.Parse));
            faults.AddRange((parsed.GetValue(Faults) ?? []).Select(FaultPlan.Parse));
        }
        catch (FormatException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return CommandLine.WrongUsage;
        }

        var api = parsed.GetValue(Api);
        if (VariantKinds.Conflict(api, variants) is { } conflict)
        {
            await Console.Error.WriteLineAsync(conflict);
            return CommandLine.WrongUsage;
        }

        var options = new SimulatorOptions
        {
            Api = api,
            Variants = variants,
            RateLimit = new RateLimit { PerSecond = parsed.GetValue(PerSecond), Concurrent = parsed.GetValue(Concurrent) },
            Port = parsed.GetValue(Port),
            Seed = parsed.GetValue(Seed),
            Campaigns = parsed.GetValue(Campaigns),
            CustomersPerAssignment = parsed.GetValue(Customers),
            ResponsesPerCampaignPerDay = parsed.GetValue(Responses),
        };
        await using var simulator = await CubeSimulator.StartAsync(options, TimeProvider.System, cancellationToken);
        faults.ForEach(simulator.Faults.Add);
        await Console.Out.WriteLineAsync($"Cube__BaseUrl={simulator.BaseUrl}");
        await Console.Out.WriteLineAsync($"Cube__Token={options.Token}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return 0;
    }

    private static string Only(Variant variant) =>
        VariantKinds.IsOf(variant, TenantApi.Assignments) == VariantKinds.IsOf(variant, TenantApi.DataOwners) ? ""
        : VariantKinds.IsOf(variant, TenantApi.DataOwners) ? " (dataowners)"
        : " (assignments)";
}
