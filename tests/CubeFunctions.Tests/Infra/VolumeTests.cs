using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cube.Simulator;
using CubeFunctions.Core;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>
/// What an item costs in telemetry and in storage transactions, measured: the app's own exporter sends to an address of the test, Azurite
/// logs each request.
/// The runbook's cost table rests on these figures.
/// </summary>
public sealed partial class VolumeTests
{
    private const int Campaigns = 30;
    private static readonly IReadOnlyList<Feed> Feeds = [.. FeedCatalogue.Default.Where(feed => feed.Dated)];

    [Fact]
    public async Task What_an_item_costs_is_what_the_runbook_says()
    {
        await using var received = await Ingestion.StartAsync();
        var folder = Directory.CreateTempSubdirectory("cube-volume-").FullName;
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions
            {
                Campaigns = Campaigns,
                CustomersPerAssignment = 100,
                CallflowCustomersPerCampaign = 50,
            },
            null,
            TestContext.Current.CancellationToken
        );
        var (azurite, log) = await AzuriteFixture.StartLoggedAsync(folder);
        try
        {
            await using var app = await TestApp.StartAsync(
                azurite.ConnectionString(),
                cube.BaseUrl,
                null,
                received.Export,
                ("Sync__StartDate", "2026-11-01"),
                ("Telemetry__StorageRequests", "false")
            );
            await Ingestion.StartExportAsync(app);

            // Spans of tests beside this one are of other traces.
            using var own = new Activity("volume").Start();
            received.Trace = own.TraceId.ToHexString();

            // The first reads everything, the second has windows of its own: from the third on a tick is like the one before.
            await app.RunAsync(new RunRequest(RunKind.Scheduled, Feeds));
            await app.RunAsync(new RunRequest(RunKind.Scheduled, Feeds));
            Ingestion.Flush(app);
            var (bytes, transactions) = (received.Count(), Transactions(log));
            Assert.Empty(received.Faults);
            Assert.True(
                bytes.ContainsKey("MessageData") && bytes.ContainsKey("RequestData"),
                $"only {string.Join(", ", bytes.Keys)} were sent"
            );
            var run = await app.RunAsync(new RunRequest(RunKind.Scheduled, Feeds));
            Ingestion.Flush(app);

            var items = (double)run.Items.Total;
            Assert.True(items >= Campaigns, $"{items} items");
            var kilobytes = received
                .Count()
                .ToDictionary(pair => pair.Key, pair => (pair.Value - bytes.GetValueOrDefault(pair.Key)) / items / 1024);
            var after = Transactions(log)
                .ToDictionary(pair => pair.Key, pair => (pair.Value - transactions.GetValueOrDefault(pair.Key)) / items);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{items} items; KB an item: {Show(kilobytes)}; transactions an item: {Show(after)}"
            );

            kilobytes.Remove("MetricData");
            Within("telemetry", kilobytes.Values.Sum());
            foreach (var kind in (string[])["blobs read", "tables", "queues"])
            {
                Within(kind, after.GetValueOrDefault(kind));
            }
        }
        finally
        {
            await azurite.StopAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The runbook's figure: a row <c>| telemetry | 3.1 KB |</c>.</summary>
    private static void Within(string what, double measured)
    {
        var readme = File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "infra", "README.md"));
        var said = Regex.Match(readme, $@"^\| {what} \| ([\d.]+)", RegexOptions.Multiline);
        Assert.True(said.Success, $"infra/README.md says nothing of {what}");
        var figure = double.Parse(said.Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.True(
            measured >= figure * 0.6 && measured <= figure * 1.5,
            $"{what}: {measured:0.00} an item, the runbook says {figure}: measure again, and recompute its cost table"
        );
    }

    private static string Show(IReadOnlyDictionary<string, double> values) =>
        string.Join(", ", values.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value:0.00}")));

    private static Dictionary<string, int> Transactions(string log) =>
        AzuriteLog.Requests(log).CountBy(line => Service(line)).ToDictionary(StringComparer.Ordinal);

    private static string Service(string line) =>
        line.Contains("/messages", StringComparison.Ordinal) ? "queues"
        : TableRequest().IsMatch(line) ? "tables"
        : ReadRequest().IsMatch(line) ? "blobs read"
        : "blobs written";

    [GeneratedRegex(@"/devstoreaccount1/(Cube[A-Z]|\$batch|Tables)")]
    private static partial Regex TableRequest();

    [GeneratedRegex("\"(GET|HEAD) [^\"]*/devstoreaccount1/cube-")]
    private static partial Regex ReadRequest();

    /// <summary>Takes what the exporter sends to Application Insights.</summary>
    private sealed class Ingestion : IAsyncDisposable
    {
        private readonly Dictionary<string, long> _bytes = new(StringComparer.Ordinal);
        private readonly WebApplication _web;

        private Ingestion(WebApplication web) => _web = web;

        public static async Task<Ingestion> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
            var ingestion = new Ingestion(builder.Build());
            ingestion._web.Run(ingestion.TakeAsync);
            await ingestion._web.StartAsync(TestContext.Current.CancellationToken);
            return ingestion;
        }

        /// <summary>Sets the app's own telemetry up, as it is when it is deployed.</summary>
        public void Export(Microsoft.Extensions.Hosting.IHostApplicationBuilder builder)
        {
            var address = _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
            builder.Configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"] =
                $"InstrumentationKey={Guid.Empty};IngestionEndpoint={address}/;LiveEndpoint={address}/";
            builder.AddCubeTelemetry();
        }

        /// <summary>Starts what the host starts of the telemetry.</summary>
        public static async Task StartExportAsync(TestApp app)
        {
            foreach (
                var service in app
                    .Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>()
                    .Where(service =>
                        service.GetType().Assembly.GetName().Name is { } name
                        && (
                            name.StartsWith("Azure.Monitor", StringComparison.Ordinal)
                            || name.StartsWith("OpenTelemetry", StringComparison.Ordinal)
                        )
                    )
            )
            {
                await service.StartAsync(TestContext.Current.CancellationToken);
            }

            Flush(app);
        }

        public static void Flush(TestApp app)
        {
            app.Services.GetService<TracerProvider>()?.ForceFlush();
            app.Services.GetService<LoggerProvider>()?.ForceFlush();
            app.Services.GetService<MeterProvider>()?.ForceFlush();
        }

        /// <summary>The trace whose records are counted; all where it is empty.</summary>
        public string Trace { get; set; } = "";

        /// <summary>Bytes by kind of record.</summary>
        public Dictionary<string, long> Count()
        {
            lock (_bytes)
            {
                return new Dictionary<string, long>(_bytes, StringComparer.Ordinal);
            }
        }

        public async ValueTask DisposeAsync() => await _web.DisposeAsync();

        /// <summary>What could not be read.</summary>
        public System.Collections.Concurrent.ConcurrentBag<string> Faults { get; } = [];

        private async Task TakeAsync(HttpContext context)
        {
            try
            {
                await CountAsync(context);
            }
            catch (Exception exception)
                when (exception is JsonException or KeyNotFoundException or InvalidDataException or InvalidOperationException)
            {
                Faults.Add(exception.Message);
                throw;
            }
        }

        private async Task CountAsync(HttpContext context)
        {
            var body =
                context.Request.Headers.ContentEncoding == "gzip"
                    ? new GZipStream(context.Request.Body, CompressionMode.Decompress)
                    : context.Request.Body;
            using var reader = new StreamReader(body);
            var count = 0;
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.Length == 0 || !context.Request.Path.Value!.EndsWith("/track", StringComparison.Ordinal))
                {
                    continue;
                }

                using var record = JsonDocument.Parse(line);
                var kind = record.RootElement.GetProperty("data").GetProperty("baseType").GetString()!;
                count++;
                if (!line.Contains(Trace, StringComparison.Ordinal))
                {
                    continue;
                }

                lock (_bytes)
                {
                    _bytes[kind] = _bytes.GetValueOrDefault(kind) + line.Length;
                }
            }

            await context.Response.WriteAsJsonAsync(
                new
                {
                    itemsReceived = count,
                    itemsAccepted = count,
                    errors = Array.Empty<object>(),
                }
            );
        }
    }
}
