using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Changes.Delivery;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Operations;

/// <summary>One way to garble what is stored.</summary>
/// <param name="Name">What and how; the same for all places of a kind.</param>
/// <param name="IsOfRow">Whether it is a row's, and not a blob's.</param>
/// <param name="ApplyAsync">Does it.</param>
internal sealed record Garbling(string Name, bool IsOfRow, Func<Task> ApplyAsync)
{
    /// <summary>Whether it takes the row of an item away.</summary>
    public bool IsDeletedItem =>
        Name.StartsWith("CubeRuns # item|", StringComparison.Ordinal) && Name.EndsWith(" deleted", StringComparison.Ordinal);
}

/// <summary>A small tenant whose account holds a row and a blob of each kind: runs, upserts, deliveries, an erasure, flags.</summary>
internal sealed partial class GarbledScene : IAsyncDisposable
{
    /// <summary>Customers who are edited in Cube: what waits for a person of one keeps back what follows of the same one.</summary>
    private const long EditedBefore = 10_000_007;
    private const long EditedAfter = 10_000_005;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 40,
        PageSize = 25,
        CallflowCustomersPerCampaign = 10,
        AnonymisedPerThousand = 0,
        ResponsesPerCampaignPerDay = 3,
    };

    private static readonly RunRequest[] Requests =
    [
        RunRequest.Snapshot([FeedCatalogue.Customers, FeedCatalogue.Find("callflow_customers")!]),
        new(RunKind.Scheduled, FeedCatalogue.Default),
    ];

    /// <summary>
    /// A person has to say which API the tenant speaks where the row that keeps it is lost: all lanes wait, and say so.
    /// </summary>
    private static readonly string[] ForAPerson = ["CubeCheckpoints cube generation "];

    private static readonly (string How, byte[]? Bytes)[] Contents =
    [
        ("cut off", "{"u8.ToArray()),
        ("empty", []),
        ("noise", [1, 2, 3, 0, 255, 254]),
        ("null", "null"u8.ToArray()),
        ("deleted", null),
    ];

    private readonly Lane _lane;
    private readonly TestReceiver _receiver;
    private readonly ShiftedClock _clock;
    private int _number;

    private GarbledScene(Lane lane, TestReceiver receiver, ShiftedClock clock) => (_lane, _receiver, _clock) = (lane, receiver, clock);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<GarbledScene> StartAsync(AzuriteFixture azurite, TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 10);
        var receiver = await TestReceiver.StartAsync();
        var lane = await Lane.StartAsync(azurite, Small.EarlyIn(api), clock, receiver.Settings());
        var scene = new GarbledScene(lane, receiver, clock);
        await SucceedAsync(lane.App, "nothing");
        foreach (var flag in lane.App.Get<SharedFlags>().All)
        {
            await flag.ExtendAsync(clock.GetUtcNow().AddMinutes(1), "it was asked for", "a test", Token);
        }

        clock.Advance(TimeSpan.FromMinutes(5));
        return scene;
    }

    /// <summary>
    /// Leaves open what a process that dies leaves: a run that is planned, a change to be delivered, an upsert, an erasure.
    /// </summary>
    public async Task BeginAsync()
    {
        await using var app = await StartAppAsync();
        await using var http = await TestHttp.StartAsync(app);
        Edit(EditedBefore, $"begun {_number}");
        await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers]));
        await PostAsync(http, _lane.ImportedIds()[8]);
        var erased = _lane.ImportedIds()[10 + (_number % 25)];
        var (status, answer) = await http.PostAsync("erasures", $$"""{"assignment":"{{_lane.Place}}","customer":"{{erased}}"}""");
        Assert.True(status == 202, $"{status}: {answer}");
        Assert.False((await app.Get<RunPlanner>().StartAsync(Requests[^1], Token)).Skipped);
    }

    /// <summary>Ends what was begun, in whatever way, and checks.</summary>
    public async Task EndAsync(string garbled)
    {
        await using (var app = await StartAppAsync())
        {
            await app.Get<Janitor>().RunAsync(force: true, Token);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var work = app.WorkAsync(stop.Token);
            await WaitFor.TrueAsync(
                async () => (await app.Get<RunReader>().RecentAsync(2, Token)).All(run => !run.IsOpen),
                Limit,
                what: () => Task.FromResult($"{garbled}: the run does not end; {Said(app)}")
            );
            await stop.CancelAsync();
            await work;
        }

        await CheckAsync(garbled);
    }

    /// <summary>Another process does a round of all lanes. Everything comes through, and can be looked at.</summary>
    public async Task CheckAsync(string garbled)
    {
        await using var app = await StartAppAsync();
        await using var http = await TestHttp.StartAsync(app);
        var failed = await app.Get<Janitor>().RunAsync(force: true, Token);
        Assert.True(failed.Count == 0, $"{garbled}: the janitor fails at {string.Join(", ", failed)}; {Said(app)}");

        // Where what is known of a scope is lost the next reading is its first, and has no changes.
        await SucceedAsync(app, garbled);
        var city = $"by {++_number}";
        Edit(EditedAfter, city);
        await SucceedAsync(app, garbled);
        await Within(DeliveryPump.DeliverAsync(app, _clock, TimeSpan.FromHours(1)), $"{garbled}: changes are not delivered", app);
        Assert.True(
            _receiver.Taken.Any(change => $"{change["record"]?["city"]}" == city),
            $"{garbled}: a change does not come through; {Said(app)}"
        );

        var id = await PostAsync(http, _lane.ImportedIds()[3]);
        await DeliverAsync(app, id, garbled);
        foreach (var path in (string[])["status", "runs", "gaps", "pauses"])
        {
            using var answer = await http.Client.GetAsync(path, Token);
            Assert.True(answer.IsSuccessStatusCode, $"{garbled}: GET {path} answers {(int)answer.StatusCode}; {Said(app)}");
        }

        _clock.Advance(TimeSpan.FromMinutes(20));
    }

    /// <summary>All ways to garble what is stored now.</summary>
    public async Task<IReadOnlyList<Garbling>> GarblingsAsync()
    {
        var storage = _lane.App.Storage;
        var garblings = new List<Garbling>();
        foreach (var table in (TableClient[])[storage.Checkpoints, storage.Customers, storage.Upserts, storage.Changes, storage.Runs])
        {
            await foreach (var row in table.QueryAsync<TableEntity>(cancellationToken: Token))
            {
                garblings.AddRange(OfRow(table, row));
            }
        }

        var blobs = storage.Raw.GetParentBlobServiceClient();
        await foreach (var container in blobs.GetBlobContainersAsync(cancellationToken: Token))
        {
            var client = blobs.GetBlobContainerClient(container.Name);
            await foreach (var blob in client.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, Token))
            {
                garblings.AddRange(
                    Contents.Select(content => new Garbling(
                        $"{container.Name} {Kind(blob.Name)} {content.How}",
                        IsOfRow: false,
                        async () =>
                            await (
                                content.Bytes is { } bytes
                                    ? client.GetBlobClient(blob.Name).UploadAsync(new BinaryData(bytes), overwrite: true, Token)
                                    : (Task)client.DeleteBlobIfExistsAsync(blob.Name, DeleteSnapshotsOption.IncludeSnapshots, null, Token)
                            )
                    ))
                );
            }
        }

        return [.. garblings.Where(garbling => !ForAPerson.Any(name => garbling.Name.StartsWith(name, StringComparison.Ordinal)))];
    }

    public async ValueTask DisposeAsync()
    {
        await _lane.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    private static IEnumerable<Garbling> OfRow(TableClient table, TableEntity row)
    {
        var kind = $"{table.Name} {Kind(row.PartitionKey)} {Kind(row.RowKey)}";
        yield return new Garbling(
            $"{kind} deleted",
            IsOfRow: true,
            () => table.DeleteEntityAsync(row.PartitionKey, row.RowKey, default, Token)
        );
        foreach (var column in row.Keys.Except(["PartitionKey", "RowKey", "Timestamp", "odata.etag"]))
        {
            yield return new Garbling(
                $"{kind} {column} of another type",
                IsOfRow: true,
                () => SetAsync(column, row[column] is string ? 7 : "many")
            );
            if (row[column] is string)
            {
                yield return new Garbling($"{kind} {column} that says nothing", IsOfRow: true, () => SetAsync(column, "{"));
            }
        }

        Task SetAsync(string column, object value)
        {
            // A row of the SDK refuses a value of another type than that which it has.
            var garbled = new TableEntity(row);
            garbled.Remove(column);
            garbled[column] = value;
            return table.UpsertEntityAsync(garbled, TableUpdateMode.Replace, Token);
        }
    }

    private static async Task SucceedAsync(TestApp app, string garbled)
    {
        foreach (var request in Requests)
        {
            var run = await Within(app.RunAsync(request), $"{garbled}: a run does not end", app);
            Assert.True(run.Status == RunStatus.Succeeded, $"{garbled}: a run {run.Status}; {Said(app)}");
        }
    }

    private static async Task DeliverAsync(TestApp app, string id, string garbled)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        using var queue = app.Worker(StorageNames.UpsertsQueue, app.Get<UpsertWorker>().HandleAsync);
        app.Get<QueueNotifier<UpsertMessage>>().Sent += queue.Expect;
        var work = queue.RunAsync(stop.Token);
        UpsertRow? row = null;
        try
        {
            await WaitFor.TrueAsync(
                async () => (row = await app.Get<UpsertReader>().FindAsync(id, Token)) is { State: not UpsertState.Waiting },
                Limit,
                what: () => Task.FromResult(Found())
            );
        }
        finally
        {
            await stop.CancelAsync();
            await work;
        }

        Assert.True(row!.State == UpsertState.Delivered, Found());

        string Found() => $"{garbled}: an upsert is {row?.State}, {row?.Reason}; {Said(app)}";
    }

    private async Task<string> PostAsync(TestHttp http, string customer)
    {
        var (status, answer) = await http.PostAsync(
            $"assignments/{Uri.EscapeDataString(_lane.Place)}/customers",
            $$"""{"customer_id":"{{customer}}","city":"upsert {{_number}}"}"""
        );
        Assert.True(status == 202, $"{status}: {answer}");
        return answer.GetProperty("upserts")[0].GetProperty("id").GetString()!;
    }

    private static async Task<T> Within<T>(Task<T> task, string otherwise, TestApp app)
    {
        await Within((Task)task, otherwise, app);
        return await task;
    }

    private static async Task Within(Task task, string otherwise, TestApp app)
    {
        try
        {
            await task.WaitAsync(Limit, Token);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{otherwise}; {Said(app)}");
        }
    }

    private static string Said(TestApp app) =>
        string.Join(" / ", app.Logs.Lines.Where(line => line.Level >= LogLevel.Warning).Select(line => line.Text).Distinct().TakeLast(3));

    private Task<TestApp> StartAppAsync() =>
        TestApp.StartAsync(_lane.Storage, _lane.Cube.BaseUrl, _clock, _receiver.Settings(("Cube__Writes", "true")));

    private void Edit(long customer, string city) => _lane.Cube.Data.EditCustomer(_lane.Assignment, customer, "city", city);

    private static string Kind(string name) => Varying().Replace(name, "#");

    [GeneratedRegex("[0-9a-f]{32,}|[0-9]+(T[0-9]+Z-[0-9a-f]+)?")]
    private static partial Regex Varying();
}
