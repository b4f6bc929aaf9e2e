using CubeFunctions.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CubeFunctions.Local.Hosting;

/// <summary>What this host adds to the telemetry that both have: its name, and spans of requests to its endpoints.</summary>
internal static class LocalTelemetry
{
    private const string ServiceName = "OTEL_SERVICE_NAME";

    public static void AddLocalTelemetry(this IHostApplicationBuilder builder)
    {
        if (!CubeTelemetry.IsOn(builder.Configuration))
        {
            return;
        }

        builder
            .AddCubeTelemetry()
            .ConfigureResource(resource =>
                _ = string.IsNullOrEmpty(builder.Configuration[ServiceName]) ? resource.AddService("cube") : resource
            )
            .WithTracing(static tracing =>
                tracing.AddAspNetCoreInstrumentation(static options =>
                    // There a Dataverse sender has its secret.
                    options.EnrichWithHttpRequest = static (span, _) => span.SetTag("url.query", null)
                )
            );
    }

    /// <summary>Begins to listen. This host starts no hosted services but those of telemetry.</summary>
    public static async Task StartTelemetryAsync(this IServiceProvider services, CancellationToken cancellationToken)
    {
        if (!CubeTelemetry.IsOn(services.GetRequiredService<IConfiguration>()))
        {
            return;
        }

        foreach (
            var service in services
                .GetServices<IHostedService>()
                .Where(static service => service.GetType().Assembly != typeof(CubeTelemetry).Assembly)
        )
        {
            await service.StartAsync(cancellationToken);
        }
    }
}
