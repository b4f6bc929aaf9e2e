using CubeFunctions.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

namespace CubeFunctions;

/// <summary>The deployed app before it is built, so that tests build the same container.</summary>
internal static class WorkerApplication
{
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.ConfigureFunctionsWebApplication();
        builder.AddCubeFunctions();
        builder.AddTelemetry();
        return builder;
    }
}
