using Cube.Simulator;
using CubeFunctions.Core;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Support;

/// <summary>The application as both hosts compose it, on an Azurite account of its own and a simulated tenant.</summary>
public sealed class TestApp : IAsyncDisposable
{
    private readonly IHost _host;

    private TestApp(IHost host, CollectingLogger logs) => (_host, Logs) = (host, logs);

    public CollectingLogger Logs { get; }

    public IServiceProvider Services => _host.Services;

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public StorageClients Storage => Get<StorageClients>();

    public static async Task<TestApp> StartAsync(
        string storage,
        CubeSimulator cube,
        TimeProvider? time = null,
        params (string Name, string Value)[] settings
    ) => await StartAsync(storage, cube.BaseUrl, time, settings);

    public static Task<TestApp> StartAsync(
        string storage,
        Uri baseUrl,
        TimeProvider? time = null,
        params (string Name, string Value)[] settings
    ) => StartAsync(storage, baseUrl, time, _ => { }, settings);

    /// <param name="storage">Connection string.</param>
    /// <param name="baseUrl">The tenant.</param>
    /// <param name="time">The clock.</param>
    /// <param name="configure">Adds to the host before it is built.</param>
    /// <param name="settings">Settings by name.</param>
    public static async Task<TestApp> StartAsync(
        string storage,
        Uri baseUrl,
        TimeProvider? time,
        Action<IHostApplicationBuilder> configure,
        params (string Name, string Value)[] settings
    )
    {
        var logs = new CollectingLogger();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["CubeStorage"] = storage,
                ["Cube:BaseUrl"] = baseUrl.ToString(),
                ["Cube:Token"] = new SimulatorOptions().Token,
            }
        );
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting =>
                KeyValuePair.Create(setting.Name.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)
            )
        );
        builder.Logging.AddProvider(logs);
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.AddCubeFunctions();
        configure(builder);
        var host = builder.Build();
        await host.Services.GetRequiredService<StorageClients>().EnsureCreatedAsync(TestContext.Current.CancellationToken);
        return new TestApp(host, logs);
    }

    /// <summary>Starts a run and works on its items until it is closed.</summary>
    public async Task<RunManifest> RunAsync(RunRequest request, int workers = 8)
    {
        var start = await Get<RunPlanner>().StartAsync(request, TestContext.Current.CancellationToken);
        Assert.False(start.Skipped, $"run {start.RunId} is active");
        return await FinishAsync(start.RunId, workers);
    }

    /// <summary>Works on the sync queue until a run is closed.</summary>
    public async Task<RunManifest> FinishAsync(string runId, int workers = 8)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var reader = Get<RunReader>();
        var closed = new TaskCompletionSource();
        Get<SyncProgress>().RunClosed += manifest => _ = manifest.RunId == runId && closed.TrySetResult();
        var work = WorkAsync(stop.Token, workers);
        try
        {
            RunManifest? manifest;
            while ((manifest = await reader.FindManifestAsync(runId, stop.Token)) is null)
            {
                await Task.WhenAny(closed.Task, work, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, stop.Token));
                if (work.IsFaulted)
                {
                    await work;
                }
            }

            return manifest;
        }
        finally
        {
            await stop.CancelAsync();
            await work;
        }
    }

    /// <summary>Works on the sync queue until cancelled.</summary>
    public async Task WorkAsync(CancellationToken cancellationToken, int workers = 8)
    {
        using var queue = Worker(StorageNames.SyncQueue, Get<ItemWorker>().HandleAsync, workers);
        using var poison = Worker(StorageNames.SyncQueue + StorageNames.PoisonSuffix, Get<ItemWorker>().HandlePoisonAsync);
        Get<QueueNotifier<SyncMessage>>().Sent += queue.Expect;
        await Task.WhenAll(queue.RunAsync(cancellationToken), poison.RunAsync(cancellationToken));
    }

    /// <summary>Does for a queue what the Functions host does.</summary>
    internal QueueWorker Worker(string queue, Func<string, CancellationToken, Task> handle, int parallel = 8) =>
        new(
            Storage,
            queue,
            parallel,
            new PollWaits(TimeSpan.Zero, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500)),
            handle,
            TimeProvider.System,
            Get<ILoggerFactory>().CreateLogger("queue")
        );

    public async ValueTask DisposeAsync() => await ((IAsyncDisposable)_host).DisposeAsync();
}
