using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>The upserts lane from the endpoints to a simulated tenant.</summary>
internal sealed class Lane : IAsyncDisposable
{
    private Lane(CubeSimulator cube, string storage, StorageProxy? proxy, TestApp app, TestHttp http) =>
        (Cube, Storage, Line, App, Http) = (cube, storage, proxy, app, http);

    public CubeSimulator Cube { get; }

    /// <summary>Connection string of its storage account.</summary>
    public string Storage { get; }

    /// <summary>The line between the app and its storage, to spoil requests on. Only where the lane was started with it.</summary>
    public StorageProxy? Line { get; }

    public TestApp App { get; }

    public TestHttp Http { get; }

    public int Assignment => Cube.Data.AssignmentIds[0];

    /// <summary>What its customers belong to, as the tenant names it: the assignment, or the CRM that it is.</summary>
    public string Place => PlaceOf(Cube);

    public static Task<Lane> StartAsync(
        AzuriteFixture azurite,
        SimulatorOptions options,
        TimeProvider? clock = null,
        params (string Name, string Value)[] settings
    ) => StartAsync(azurite, options, clock, withLine: false, settings);

    public static Task<Lane> StartAsync(
        AzuriteFixture azurite,
        SimulatorOptions options,
        TimeProvider? clock,
        bool withLine,
        params (string Name, string Value)[] settings
    ) => StartAsync(azurite, options, clock, withLine, static _ => { }, settings);

    public static async Task<Lane> StartAsync(
        AzuriteFixture azurite,
        SimulatorOptions options,
        TimeProvider? clock,
        bool withLine,
        Action<IHostApplicationBuilder> configure,
        params (string Name, string Value)[] settings
    )
    {
        var cube = await CubeSimulator.StartAsync(options, null, TestContext.Current.CancellationToken);
        settings =
        [
            // Generation 2 documents none: a test of what is written asks for them.
            .. settings.Any(static setting => setting.Name == "Cube__Writes") ? [] : ((string, string)[])[("Cube__Writes", "true")],
            .. settings,
            .. settings
                .Where(setting =>
                    setting.Name.StartsWith("Upserts__Senders__", StringComparison.Ordinal)
                    && setting.Name.EndsWith("__Kind", StringComparison.Ordinal)
                )
                .Select(setting => (setting.Name.Replace("__Kind", "__AssignmentId", StringComparison.Ordinal), PlaceOf(cube)))
                .ExceptBy(settings.Select(setting => setting.Name), setting => setting.Item1),
        ];
        var storage = await azurite.NewAccountAsync(clock);
        var line = withLine ? await StorageProxy.StartAsync(storage) : null;
        var app = await TestApp.StartAsync(line?.ConnectionString ?? storage, cube.BaseUrl, clock, configure, settings);
        return new Lane(cube, storage, line, app, await TestHttp.StartAsync(app));
    }

    public Task SnapshotAsync() => App.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers]));

    public Task<List<string>> PostAsync(string json) => AcceptedAsync($"assignments/{Uri.EscapeDataString(Place)}/customers", json);

    public Task<List<string>> HookAsync(string json) => AcceptedAsync("webhooks/crm", json, ("x-webhook-secret", "test-secret"));

    /// <summary>Works on the queue for a while.</summary>
    public async Task PumpAsync(TimeSpan time)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var work = WorkAsync(stop.Token);
        await Task.Delay(time, TimeProvider.System, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await work;
    }

    /// <summary>Works on the queue until something has come about.</summary>
    public async Task PumpUntilAsync(Func<Task<bool>> until)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var work = WorkAsync(stop.Token);
        await WaitFor.TrueAsync(until, TimeSpan.FromMinutes(1));
        await stop.CancelAsync();
        await work;
    }

    /// <summary>Works on the queue until an upsert could not be delivered, and says why.</summary>
    public Task PumpUntilRefusedAsync(string id) => PumpUntilAsync(async () => !string.IsNullOrEmpty((await Http.UpsertAsync(id)).Reason));

    /// <summary>Works on the queue until none of these waits.</summary>
    /// <param name="ids">The upserts.</param>
    /// <param name="sweep">Whether to wake all that wait again and again, since queues hide messages in real time.</param>
    public async Task DeliverAsync(List<string> ids, bool sweep = true)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var work = WorkAsync(stop.Token);
        await WaitFor.TrueAsync(
            async () =>
            {
                foreach (var id in ids)
                {
                    // Not known yet: its post waits to be split.
                    if (
                        await App.Get<UpsertReader>().FindAsync(id, TestContext.Current.CancellationToken)
                        is null
                            or { State: UpsertState.Waiting }
                    )
                    {
                        await (sweep ? SweepAsync() : Task.CompletedTask);
                        return false;
                    }
                }

                return true;
            },
            TimeSpan.FromMinutes(2),
            what: async () => string.Join(", ", await StatesAsync(ids))
        );
        await stop.CancelAsync();
        await work;
    }

    /// <summary>Wakes all that wait: queues hide messages in real time, and tests have clocks of their own.</summary>
    public Task SweepAsync() => App.Get<UpsertJanitor>().RunOnceAsync(force: true, TestContext.Current.CancellationToken);

    /// <summary>The record of a customer.</summary>
    public System.Text.Json.Nodes.JsonObject Record(string imported) =>
        Cube.Data.Customer(Assignment, Cube.Data.FindCustomer(Assignment, imported)!.Value)!;

    /// <summary>Imported ids of the customers.</summary>
    public List<string> ImportedIds() => [.. Cube.Data.CustomerIds(Assignment).Select(id => Cube.Data.ImportedIdOf(Assignment, id))];

    /// <summary>Messages in the queue, hidden ones too.</summary>
    public async Task<int> MessagesAsync() =>
        (await App.Storage.Queue(StorageNames.UpsertsQueue).GetPropertiesAsync(TestContext.Current.CancellationToken))
            .Value
            .ApproximateMessagesCount;

    public async Task<List<(string State, string? Reason)>> StatesAsync(IEnumerable<string> ids)
    {
        var states = new List<(string State, string? Reason)>();
        foreach (var id in ids)
        {
            states.Add(await Http.UpsertAsync(id));
        }

        return states;
    }

    public async ValueTask DisposeAsync()
    {
        await Http.DisposeAsync();
        await App.DisposeAsync();
        await (Line?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Cube.DisposeAsync();
    }

    private static string PlaceOf(CubeSimulator cube) => cube.Data.PlaceOf(cube.Data.AssignmentIds[0]).Id;

    private async Task<List<string>> AcceptedAsync(string path, string json, params (string Name, string Value)[] headers)
    {
        var (status, answer) = await Http.PostAsync(path, json, headers);
        Assert.True(status == 202, $"{status}: {answer}");
        return [.. answer.GetProperty("upserts").EnumerateArray().Select(upsert => upsert.GetProperty("id").GetString()!)];
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        using var queue = App.Worker(StorageNames.UpsertsQueue, App.Get<UpsertWorker>().HandleAsync);
        App.Get<QueueNotifier<UpsertMessage>>().Sent += queue.Expect;
        await queue.RunAsync(cancellationToken);
    }
}
