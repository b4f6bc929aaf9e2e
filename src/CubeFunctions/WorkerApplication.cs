using CubeFunctions.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CubeFunctions;

/// <summary>The deployed app before it is built, so that tests build the same container.</summary>
internal static class WorkerApplication
{
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.ConfigureFunctionsWebApplication();
        builder.AddCubeFunctions(needsSchedules: true);
        builder.AddCubeTelemetry().UseFunctionsWorkerDefaults();

        builder.UseMiddleware<ActingRole>();

        // Hosted services stop in reverse order: the last one waits before anything else ends.
        builder.UseMiddleware<InvocationsInHand>();
        builder.Services.AddHostedService(services => services.GetRequiredService<InvocationsInHand>());
        return builder;
    }
}
