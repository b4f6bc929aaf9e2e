using CubeFunctions.Core;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Hosting;

/// <summary>The application with the storage and the tenant it works on: those of the settings, or the embedded ones.</summary>
internal sealed partial class LocalApp : IAsyncDisposable
{
    private static readonly TimeSpan WaitingEvery = TimeSpan.FromMinutes(5);

    /// <summary>A timer takes no more than some 49 days, and an expression may name the next leap day.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);
    private readonly IHost _host;
    private readonly LocalEnvironment _environment;

    private LocalApp(IHost host, LocalEnvironment environment) => (_host, _environment) = (host, environment);

    public IServiceProvider Services => _host.Services;

    /// <summary>Where the data is, in words.</summary>
    public string DataPlace => _environment.DataPlace;

    /// <summary>Reads the settings, starts what they leave to us, and composes the application.</summary>
    /// <param name="needsCube">False for commands that only look at storage.</param>
    /// <param name="say">Takes notes for the user.</param>
    /// <param name="verbosity">What is logged to standard error.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<LocalApp> StartAsync(
        bool needsCube,
        Action<string> say,
        LogLevel verbosity,
        CancellationToken cancellationToken
    )
    {
        var values = LocalSettings.Read();
        LocalEnvironment.CheckBeforeStart(values, needsCube);
        var environment = await LocalEnvironment.StartAsync(values, needsCube, say, cancellationToken);
        try
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "cube" });
            builder.Configuration.AddInMemoryCollection(values);
            builder
                .Logging.SetMinimumLevel(verbosity)
                .AddFilter("System.Net.Http", LogLevel.None)
                .AddSimpleConsole(options => options.SingleLine = true);
            builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(options =>
                options.LogToStandardErrorThreshold = LogLevel.Trace
            );
            builder.AddCubeFunctions();
            builder.AddLocalTelemetry();
            var host = builder.Build();
            await host.Services.StartTelemetryAsync(cancellationToken);
            return new LocalApp(host, environment);
        }
        catch
        {
            await environment.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates all that is missing in storage. A run alone creates what it needs.</summary>
    public Task EnsureStorageAsync(CancellationToken cancellationToken) =>
        Services.GetRequiredService<StorageClients>().EnsureCreatedAsync(cancellationToken);

    /// <summary>The workers of all queues, until cancelled.</summary>
    /// <param name="waits">How often an empty queue is looked at.</param>
    /// <param name="syncOnly">Whether only the sync lane is worked on.</param>
    /// <param name="cancellationToken">Stops the workers.</param>
    public async Task WorkAsync(PollWaits waits, bool syncOnly, CancellationToken cancellationToken)
    {
        var services = _host.Services;
        var time = services.GetRequiredService<TimeProvider>();
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("CubeFunctions.Local.Queues");
        var storage = services.GetRequiredService<StorageClients>();
        var workers = LocalQueues
            .Of(services)
            .Where(queue => !syncOnly || queue.Name.StartsWith(StorageNames.SyncQueue, StringComparison.Ordinal) || DeliversChanges(queue))
            .ToDictionary(
                queue => queue.Name,
                queue => new QueueWorker(
                    storage,
                    queue.Name,
                    queue.Parallel,
                    queue.IsPoison ? PollWaits.Seldom : waits,
                    queue.Handle,
                    time,
                    logger
                )
            );
        services.GetRequiredService<QueueNotifier<SyncMessage>>().Sent += workers[StorageNames.SyncQueue].Expect;
        if (workers.TryGetValue(StorageNames.UpsertsQueue, out var upserts))
        {
            services.GetRequiredService<QueueNotifier<UpsertMessage>>().Sent += upserts.Expect;
        }

        if (workers.TryGetValue(StorageNames.ChangesQueue, out var changes))
        {
            services.GetRequiredService<QueueNotifier<ChangeMessage>>().Sent += changes.Expect;
        }

        try
        {
            await Task.WhenAll([
                .. workers.Values.Select(worker => worker.RunAsync(cancellationToken)),
                RunJanitorAsync(syncOnly, cancellationToken),
            ]);
        }
        finally
        {
            foreach (var worker in workers.Values)
            {
                worker.Dispose();
            }
        }
    }

    /// <summary>A run delivers what it found to the receiver, where there is one.</summary>
    private bool DeliversChanges(LocalQueue queue) =>
        queue.Name.StartsWith(StorageNames.ChangesQueue, StringComparison.Ordinal)
        && Services.GetRequiredService<DeliverySettings>().Crm is not null;

    /// <summary>Calls an action at the times of an NCRONTAB expression, in UTC, until cancelled.</summary>
    public async Task TickAsync(string schedule, Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        var time = _host.Services.GetRequiredService<TimeProvider>();
        var logger = _host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("CubeFunctions.Local.Timers");
        var cron = SyncSettings.TryParseSchedule(schedule)!;
        try
        {
            while (true)
            {
                var now = time.GetUtcNow().UtcDateTime;
                var wait = cron.GetNextOccurrence(now) - now;
                if (wait > LongestDelay)
                {
                    await Task.Delay(LongestDelay, time, cancellationToken);
                    continue;
                }

                await Task.Delay(wait, time, cancellationToken);
                try
                {
                    await action(cancellationToken);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    LogTickFailed(logger, schedule, exception.GetType().Name, exception.Message);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }

        await _environment.DisposeAsync();
    }

    /// <summary>Runs the janitor once per lease; at the start it recovers what the process before may have left, however young.</summary>
    private async Task RunJanitorAsync(bool syncOnly, CancellationToken cancellationToken)
    {
        var janitor = _host.Services.GetRequiredService<Janitor>();
        var upserts = _host.Services.GetRequiredService<UpsertJanitor>();
        var deliveries = _host.Services.GetRequiredService<DeliveryJanitor>();
        var notifier = _host.Services.GetRequiredService<QueueNotifier<UpsertMessage>>();
        var time = _host.Services.GetRequiredService<TimeProvider>();
        var (started, upsertsRecovered) = (time.GetUtcNow(), syncOnly);
        using var timer = new PeriodicTimer(_host.Services.GetRequiredService<SyncSettings>().Lease, time);
        using var ends = timer.EndWith(cancellationToken);
        try
        {
            await TryAsync(() => deliveries.RunOnceAsync(force: true, cancellationToken), cancellationToken);
            do
            {
                if (!upsertsRecovered)
                {
                    // Once the messages that are there are taken: the process before may have died between a row and its message, or with
                    // messages in hand.
                    await TryAsync(
                        async () =>
                        {
                            if (time.GetUtcNow() - started > WaitingEvery || !await notifier.HasVisibleAsync(cancellationToken))
                            {
                                await upserts.RunOnceAsync(force: true, cancellationToken);
                                upsertsRecovered = true;
                            }
                        },
                        cancellationToken
                    );
                }

                if (!await timer.WaitForNextTickAsync(CancellationToken.None))
                {
                    return;
                }

                await TryAsync(() => janitor.RunAsync(force: false, cancellationToken), cancellationToken);
            } while (true);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    /// <summary>A round that failed by storage comes again.</summary>
    private async Task TryAsync(Func<Task> round, CancellationToken cancellationToken)
    {
        try
        {
            await round();
        }
        catch (Exception exception) when (StorageFailure.Is(exception, cancellationToken))
        {
            LogSweepFailed(
                _host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("CubeFunctions.Local.Timers"),
                StorageFailure.Word(exception)
            );
        }
    }

    [LoggerMessage(511, LogLevel.Warning, "A sweep for stale work failed: storage answers {Error}")]
    private static partial void LogSweepFailed(ILogger logger, string error);

    [LoggerMessage(510, LogLevel.Error, "The tick of {Schedule} failed: {Error}: {Reason}")]
    private static partial void LogTickFailed(ILogger logger, string schedule, string error, string reason);
}
