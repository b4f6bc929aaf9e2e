using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using CubeFunctions.Core;
using CubeFunctions.Core.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>Errors that come in a burst, within spans that nobody keeps and that last: each arrives, with both exporters at once.</summary>
public sealed class ErrorBurstTests
{
    private static readonly Action<ILogger, int, Exception?> LogLine = LoggerMessage.Define<int>(
        LogLevel.Error,
        new EventId(1),
        "item {Number} failed"
    );

    /// <summary>Azure Monitor's own exporter takes 2,048 at once, and cannot be told otherwise.</summary>
    [Theory]
    [InlineData(1_000, true)]
    [InlineData(5_000, false)]
    public async Task Errors_that_come_at_once_all_arrive_by_the_end_of_the_process(int errors, bool isInAzure)
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var ingestion = await StartIngestionAsync();
        using var burst = new Activity("an invocation that is not sampled").Start();
        Assert.False(burst.Recorded);
        using (var host = Build(collector, isInAzure ? ingestion.Address : null))
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("CubeFunctions.Core.Sync.ItemWriter");
            using var span = CubeTraces.Source.StartActivity("a span of ours");
            Assert.Equal(isInAzure, span is not null);
            Parallel.For(0, errors, number => LogLine(logger, number, null));
        }

        string[] expected = [.. Enumerable.Range(0, errors).Select(number => $"item {number} failed").Order(StringComparer.Ordinal)];
        Assert.Equal(
            expected,
            collector.Logs.Where(log => log.Severity == OtlpLog.Error).Select(log => log.Text).Order(StringComparer.Ordinal)
        );
        Assert.Equal(isInAzure ? expected : [], ingestion.Errors.Order(StringComparer.Ordinal));
    }

    private static IHost Build(OtlpReceiver collector, string? ingestion)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        foreach (var (name, value) in collector.Settings)
        {
            builder.Configuration[name] = value;
        }

        builder.Configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"] = ingestion is null
            ? null
            : $"InstrumentationKey={Guid.Empty};IngestionEndpoint={ingestion}/;LiveEndpoint={ingestion}/";
        builder.AddCubeTelemetry();
        return builder.Build();
    }

    private static async Task<Ingestion> StartIngestionAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var ingestion = new Ingestion(web);
        web.Run(ingestion.TakeAsync);
        await web.StartAsync(TestContext.Current.CancellationToken);
        return ingestion;
    }

    /// <summary>Takes what goes to Application Insights.</summary>
    private sealed class Ingestion(WebApplication web) : IAsyncDisposable
    {
        public string Address => web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

        public ConcurrentQueue<string> Errors { get; } = new();

        public async Task TakeAsync(HttpContext context)
        {
            await using var body =
                context.Request.Headers.ContentEncoding == "gzip"
                    ? new GZipStream(context.Request.Body, CompressionMode.Decompress)
                    : context.Request.Body;
            using var reader = new StreamReader(body);
            var count = 0;
            while (await reader.ReadLineAsync() is { } line)
            {
                using var record = line.Length == 0 ? null : JsonDocument.Parse(line);
                count += record is null ? 0 : 1;
                if (
                    record?.RootElement.TryGetProperty("data", out var data) == true
                    && data.GetProperty("baseType").GetString() == "MessageData"
                    && data.GetProperty("baseData").GetProperty("severityLevel").ToString() is "Error"
                )
                {
                    Errors.Enqueue(data.GetProperty("baseData").GetProperty("message").GetString()!);
                }
            }

            await context.Response.WriteAsync($$"""{"itemsReceived":{{count}},"itemsAccepted":{{count}},"errors":[]}""");
        }

        public async ValueTask DisposeAsync() => await web.DisposeAsync();
    }
}
