using System.Diagnostics;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using CubeFunctions.Core.Model;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;

namespace CubeFunctions.Core;

/// <summary>Traces, metrics and logs, over OTLP and to Azure Monitor: each where its setting names an address.</summary>
public static class CubeTelemetry
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string AzureMonitor = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    private const string AzureMonitorIdentity = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";
    private const string Sampler = "OTEL_TRACES_SAMPLER";

    /// <summary>
    /// Records that may wait for the exporter: a burst of errors must fit, since what comes on top is lost. Azure Monitor's exporter
    /// has a queue of its own, of 2,048.
    /// </summary>
    private const int LogQueue = 16 * 1024;

    /// <summary>Whether telemetry goes anywhere.</summary>
    public static bool IsOn(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration[OtlpEndpoint]) || !string.IsNullOrEmpty(configuration[AzureMonitor]);

    /// <summary>Sets telemetry up, for both hosts alike.</summary>
    /// <returns>Takes what a host adds of its own.</returns>
    public static OpenTelemetryBuilder AddCubeTelemetry(this IHostApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry();
        if (!IsOn(builder.Configuration))
        {
            return telemetry;
        }

        telemetry
            .WithTracing(static tracing =>
                tracing.AddSource(CubeTraces.SourceName, "Azure.Storage.*", "Azure.Data.Tables.*").AddProcessor<OrphanSpans>()
            )
            .WithMetrics(static metrics => metrics.AddMeter(CubeMetrics.MeterName))
            .WithLogging(null, static logging => logging.IncludeFormattedMessage = true);
        builder.Services.ConfigureAll<LogRecordExportProcessorOptions>(static options =>
            options.BatchExportProcessorOptions.MaxQueueSize = Math.Max(options.BatchExportProcessorOptions.MaxQueueSize, LogQueue)
        );
        if (!string.IsNullOrEmpty(builder.Configuration[AzureMonitor]))
        {
            telemetry.UseAzureMonitorExporter(options =>
            {
                options.Credential = Credential(builder.Configuration[AzureMonitorIdentity]);

                // A log is worth most where its trace was not kept.
                options.EnableTraceBasedLogsSampler = false;
                if (string.IsNullOrEmpty(builder.Configuration[Sampler]))
                {
                    // The default, a few traces a second, keeps a run whole or not at all.
                    (options.TracesPerSecond, options.SamplingRatio) = (null, 1);
                }
            });
        }

        if (!string.IsNullOrEmpty(builder.Configuration[OtlpEndpoint]))
        {
            telemetry.UseOtlpExporter();
        }

        return telemetry;
    }

    /// <summary>Reads <c>Authorization=AAD;ClientId=...</c>, as the Functions host does; null for a connection string with a key.</summary>
    internal static ManagedIdentityCredential? Credential(string? setting)
    {
        var parts = (setting ?? "")
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2))
            .Where(part => part.Length == 2)
            .ToDictionary(part => part[0], part => part[1], StringComparer.OrdinalIgnoreCase);
        if (!parts.TryGetValue("Authorization", out var kind) || !kind.Equals("AAD", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return new ManagedIdentityCredential(
            parts.TryGetValue("ClientId", out var id) ? ManagedIdentityId.FromUserAssignedClientId(id) : ManagedIdentityId.SystemAssigned
        );
    }

    /// <summary>Leaves out storage requests that belong to nothing: a poller's looks at empty queues, all day long.</summary>
    private sealed class OrphanSpans : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.ParentSpanId == default && data.Source.Name != CubeTraces.SourceName && data.Kind != ActivityKind.Server)
            {
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            }
        }
    }
}
