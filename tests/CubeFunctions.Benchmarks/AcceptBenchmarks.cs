using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using CubeFunctions.Core;
using CubeFunctions.Core.Endpoints;
using CubeFunctions.Core.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CubeFunctions.Benchmarks;

/// <summary>
/// What accepting webhooks costs, 64 at a time, against a floor that does only the three storage requests: one blob, one row, one message.
/// Needs
/// <c>CubeStorage</c> (Azurite will do). The share of the floor's throughput counts, not the milliseconds.
/// </summary>
[Config(typeof(Settings))]
public class AcceptBenchmarks
{
    /// <summary>The least share of the floor's throughput.</summary>
    internal const double LeastThroughput = 0.7;

    private const string Sender = "benchmark";
    internal const int AtOnce = 64;
    private const int Iterations = 40;
    private Microsoft.Extensions.Hosting.IHost _host = null!;
    private UpsertEndpoints _endpoints = null!;
    private StorageClients _storage = null!;
    private int _number;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["CubeStorage"] =
                    Environment.GetEnvironmentVariable("CubeStorage") ?? throw new InvalidOperationException("CubeStorage: is missing"),
                ["Cube:BaseUrl"] = "http://localhost",
                ["Cube:Token"] = "none",
                [$"Upserts:Senders:{Sender}:Kind"] = "json",
                [$"Upserts:Senders:{Sender}:Secret"] = "test-secret",
                [$"Upserts:Senders:{Sender}:AssignmentId"] = "17",
            }
        );
        builder.AddCubeFunctions();
        _host = builder.Build();
        _storage = _host.Services.GetRequiredService<StorageClients>();
        _endpoints = _host.Services.GetRequiredService<UpsertEndpoints>();
        await _storage.EnsureCreatedAsync(CancellationToken.None);
        await PostAsync();
    }

    /// <summary>
    /// Takes away what was stored, since an emulator slows down with each blob and row: the second benchmark would pay for the first.
    /// </summary>
    [IterationCleanup]
    public void TakeAway() => TakeAwayAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void CleanUp() => _host.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = AtOnce)]
    public Task Floor() => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Latencies.Of(nameof(Floor)).MeasureAsync(StoreAsync)));

    [Benchmark(OperationsPerInvoke = AtOnce)]
    public Task Endpoint() => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Latencies.Of(nameof(Endpoint)).MeasureAsync(PostAsync)));

    private async Task StoreAsync()
    {
        var number = Interlocked.Increment(ref _number);
        await _storage.Inbox.GetBlobClient($"floor/{Guid.NewGuid():N}").UploadAsync(new BinaryData(Body(number)));
        await _storage.Upserts.AddEntityAsync(
            new TableEntity(Guid.NewGuid().ToString("N"), "floor")
            {
                ["Sender"] = "floor",
                ["State"] = "Floor",
                ["Values"] = "x",
            }
        );
        QueueClient queue = _storage.Queue(StorageNames.UpsertsQueue);
        await queue.SendMessageAsync("{}", TimeSpan.Zero, TimeSpan.FromMinutes(5));
    }

    private async Task PostAsync()
    {
        var number = Interlocked.Increment(ref _number);
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.ContentType = "application/json";
        context.Request.Headers["x-webhook-secret"] = "test-secret";
        context.Request.Body = new MemoryStream(Body(number));
        var result = await _endpoints.ReceiveAsync(context.Request, Sender, CancellationToken.None);
        if (result is not IStatusCodeHttpResult { StatusCode: StatusCodes.Status202Accepted })
        {
            throw new InvalidOperationException("an event was not accepted");
        }
    }

    private async Task TakeAwayAsync()
    {
        foreach (var prefix in new[] { "floor/", Sender + "/" })
        {
            await foreach (var blob in _storage.Inbox.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, CancellationToken.None))
            {
                await _storage.Inbox.DeleteBlobAsync(blob.Name);
            }
        }

        await foreach (
            var row in _storage.Upserts.QueryAsync<TableEntity>(
                row => row.GetString("Sender") == Sender || row.GetString("Sender") == "floor",
                select: ["PartitionKey", "RowKey"]
            )
        )
        {
            await _storage.Upserts.DeleteEntityAsync(row);
        }
    }

    private static byte[] Body(int number) =>
        Encoding.UTF8.GetBytes($$"""{"customer_id":"{{number}}","name":"Kari Eksempel","phone_1":"90000000","city":"Hamar"}""");

    private sealed class Settings : ManualConfig
    {
        public Settings()
        {
            AddJob(
                Job.Default.WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(10), logOutput: false))
                    .WithStrategy(RunStrategy.Monitoring)
                    .WithWarmupCount(3)
                    .WithIterationCount(Iterations)
            );
            AddColumn(new ThroughputColumn(), new LatencyColumn(50, Iterations * AtOnce), new LatencyColumn(99, Iterations * AtOnce));
        }
    }
}
