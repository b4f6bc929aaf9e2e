using System.CommandLine;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>health</c>: whether a deployed app is up, and reaches storage and Cube.</summary>
internal static class HealthCommand
{
    private static readonly Option<string> App = new(OperationsOption.Name)
    {
        Description = OperationsOption.App.Description,
        Required = true,
    };

    public static Command Create()
    {
        var command = new Command("health", "Ask a deployed app whether it is up, and reaches storage and Cube.") { App };
        command.SetAction(
            (parsed, cancellationToken) =>
                CommandLine.RunAsync(
                    async token =>
                    {
                        using var app = new AppClient(AppAddress.Parse(parsed.GetValue(App)!), AppKey.FromEnvironment());
                        try
                        {
                            await app.SendAsync(HttpMethod.Get, "health/ready", null, token);
                            await Console.Out.WriteLineAsync("healthy");
                            return 0;
                        }
                        catch (OperationException unhealthy) when (unhealthy.Status == 503)
                        {
                            await Console.Out.WriteLineAsync($"unhealthy: {unhealthy.Message}");
                            return CommandLine.Failed;
                        }
                    },
                    cancellationToken
                )
        );
        return command;
    }
}
