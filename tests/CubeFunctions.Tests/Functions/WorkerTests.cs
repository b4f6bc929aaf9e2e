using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Cube.Simulator;
using CubeFunctions.Tests.Functions.Host;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>The published worker, started and invoked as the Functions host does, on a real Azurite and a simulated tenant.</summary>
public sealed class WorkerTests(AzuriteFixture azurite, PublishedApp app)
{
    private static readonly SimulatorOptions Tenant = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 60,
        AnonymisedPerThousand = 0,
        PageSize = 25,
    };

    [Theory]
    [OverGenerations]
    public async Task A_timer_starts_a_run_and_the_queues_finish_it(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var storage = await azurite.NewAccountAsync();
        await using var host = await FunctionsHost.StartAsync(app, FunctionsHost.SettingsOf(storage, cube.BaseUrl));
        Assert.Equal(
            TriggerTests.Expected.Select(line =>
                line.Replace("%Sync:Schedule%", "0 */15 * * * *", StringComparison.Ordinal)
                    .Replace("%Sync:SnapshotSchedule%", "0 30 2 * * *", StringComparison.Ordinal)
            ),
            host.Functions.Select(function => function.Describe()).Order(StringComparer.Ordinal)
        );

        (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
        var run = await FinishRunAsync(host, storage);
        Assert.Equal(("Snapshot", "Succeeded"), (run.GetProperty("kind").GetString(), run.GetProperty("status").GetString()));
        var assignment = Assert.Single(cube.Data.AssignmentIds);
        Assert.Equal(
            cube.Data.Customers(assignment).Select(record => record.ToJsonString()).Order(StringComparer.Ordinal),
            (await RawLedger.ReadAsync(Raw(storage), run, "customers")).Order(StringComparer.Ordinal)
        );

        Assert.Equal(0, await host.StopAsync(WorkerStop.Drain));
        Assert.Empty(await LeasesAsync(storage));
    }

    [Theory]
    [OverGenerations]
    public async Task A_webhook_is_kept_and_then_delivered_to_Cube(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var storage = await azurite.NewAccountAsync();
        var assignment = Assert.Single(cube.Data.AssignmentIds);
        await using var host = await FunctionsHost.StartAsync(
            app,
            FunctionsHost.SettingsOf(
                storage,
                cube.BaseUrl,
                ("Sync__Feeds", "customers"),
                ("Cube__Writes", "true"),
                ("Upserts__Senders__crm__Kind", "json"),
                ("Upserts__Senders__crm__Secret", "a shared secret of a script"),
                ("Upserts__Senders__crm__AssignmentId", cube.Data.PlaceOf(assignment).Id)
            )
        );
        (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
        await FinishRunAsync(host, storage);

        var known = cube.Data.Customers(assignment).First()["customer_id"]!.ToString();
        var body = $$"""{"customer_id":"{{known}}","name":"Kari Prøve"}""";
        using var refused = await host.SendHttpAsync("ReceiveWebhook", Webhook(body, "a secret of somebody else"));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);

        using var accepted = await host.SendHttpAsync("ReceiveWebhook", Webhook(body, "a shared secret of a script"));
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var id = Assert.Single((await JsonAsync(accepted)).GetProperty("upserts").EnumerateArray()).GetProperty("id").GetString()!;
        Assert.Equal("waiting", await StateAsync(host, id));
        await host.PumpQueuesAsync(async () => await StateAsync(host, id) == "delivered");
        Assert.Equal("Kari Prøve", cube.Data.Customer(assignment, cube.Data.FindCustomer(assignment, known)!.Value)!["name"]!.ToString());

        using var health = await host.SendHttpAsync("Health", new HttpRequestMessage(HttpMethod.Get, "/api/health"));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal(0, await host.StopAsync(WorkerStop.Drain));
    }

    [Theory]
    [OverGenerations]
    public async Task A_message_that_cannot_be_read_fails_five_times_and_ends_by_its_poison_function(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var storage = await azurite.NewAccountAsync();
        await using var host = await FunctionsHost.StartAsync(app, FunctionsHost.SettingsOf(storage, cube.BaseUrl));
        var queues = new QueueServiceClient(storage, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await queues.GetQueueClient("cube-sync").CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        await queues.GetQueueClient("cube-sync").SendMessageAsync("not ours", TestContext.Current.CancellationToken);
        await host.PumpQueuesAsync(
            () => Task.FromResult(host.Ended.Any(ended => ended.Function == "SyncFeedPoison")),
            hiddenAfterFailure: TimeSpan.Zero
        );
        Assert.Equal(
            [.. Enumerable.Repeat(("SyncFeed", InvocationOutcome.Failed), 5), ("SyncFeedPoison", InvocationOutcome.Succeeded)],
            host.Ended.Select(ended => (ended.Function, ended.Invocation.Outcome))
        );
        foreach (var queue in new[] { "cube-sync", "cube-sync-poison" })
        {
            var left = await queues.GetQueueClient(queue).GetPropertiesAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, left.Value.ApproximateMessagesCount);
        }
    }

    [Theory]
    [OverGenerations("Drain")]
    [OverGenerations("Signal")]
    [OverGenerations("Terminate")]
    [OverGenerations("EndOfStream")]
    public async Task A_worker_that_is_stopped_with_a_page_in_hand_gives_its_work_back(TenantApi api, string way)
    {
        var tenant = Tenant with { CustomersPerAssignment = 200 };
        await using var cube = await CubeSimulator.StartAsync(tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var storage = await azurite.NewAccountAsync();
        var settings = FunctionsHost.SettingsOf(storage, cube.BaseUrl, ("Sync__Feeds", "customers"), ("Cube__MaxConcurrentRequests", "1"));
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        var pages = 0;
        cube.BeforeAnswer = request =>
        {
            if (request.Path.Contains("/customers/", StringComparison.Ordinal) && Interlocked.Increment(ref pages) == 4)
            {
                held.SetResult();
                goOn.Wait(TestContext.Current.CancellationToken);
            }
        };
        await using (var host = await FunctionsHost.StartAsync(app, settings))
        {
            (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
            var pump = host.PumpQueuesAsync(() => Task.FromResult(host.HasExited));
            await held.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

            // The next page is asked for before the last one is stored.
            await WaitFor.TrueAsync(async () => await PagesAsync(storage) == 3, TimeSpan.FromSeconds(60));
            var code = await host.StopAsync(Enum.Parse<WorkerStop>(way));
            await pump;
            Assert.True(code == 0, $"{code}: {host.Output}");
            Assert.Empty(await LeasesAsync(storage));
        }

        goOn.Set();
        cube.BeforeAnswer = null;
        await using var next = await FunctionsHost.StartAsync(app, settings);
        Assert.Equal("Succeeded", (await FinishRunAsync(next, storage)).GetProperty("status").GetString());

        // The pages of before were kept: each of the eight was asked for once, but for the one that was held.
        Assert.Equal(9, cube.Requests.Count("/customers/"));
    }

    private static HttpRequestMessage Webhook(string body, string secret) =>
        new(HttpMethod.Post, "/api/webhooks/crm")
        {
            Headers = { { "x-webhook-secret", secret } },
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };

    private static async Task<string> StateAsync(FunctionsHost host, string id)
    {
        using var answer = await host.SendHttpAsync("GetUpsert", new HttpRequestMessage(HttpMethod.Get, $"/api/upserts/{id}"));
        return (await JsonAsync(answer)).GetProperty("state").GetString()!;
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

    private static BlobContainerClient Raw(string storage) => new(storage, "cube-raw");

    /// <summary>How many pages of customers are stored.</summary>
    private static async Task<int> PagesAsync(string storage) =>
        await Raw(storage)
            .GetBlobsAsync(BlobTraits.None, BlobStates.None, "customers/", TestContext.Current.CancellationToken)
            .CountAsync(blob => blob.Name.Contains("/page-", StringComparison.Ordinal), TestContext.Current.CancellationToken);

    /// <summary>Serves the queues until a run has ended.</summary>
    /// <param name="host">The host.</param>
    /// <param name="storage">The test's way to storage.</param>
    /// <param name="runs">How many runs there are then, this one among them.</param>
    internal static async Task<JsonElement> FinishRunAsync(FunctionsHost host, string storage, int runs = 1)
    {
        var run = "";
        await host.PumpQueuesAsync(async () =>
        {
            var ended = 0;
            await foreach (
                var blob in Raw(storage)
                    .GetBlobsAsync(
                        prefix: "runs/",
                        traits: default,
                        states: default,
                        cancellationToken: TestContext.Current.CancellationToken
                    )
            )
            {
                run = Path.GetFileNameWithoutExtension(blob.Name);
                ended++;
            }

            return ended >= runs;
        });
        return await RawLedger.RunAsync(Raw(storage), run);
    }

    /// <summary>Checkpoints that say who has them.</summary>
    /// <param name="storage">The test's way to storage.</param>
    /// <param name="heldAfter">Leases that run out before this are left out.</param>
    internal static async Task<List<string>> LeasesAsync(string storage, DateTimeOffset heldAfter = default)
    {
        var held = new List<string>();
        var checkpoints = 0;
        var table = new TableClient(storage, "CubeCheckpoints");
        await foreach (var row in table.QueryAsync<TableEntity>(cancellationToken: TestContext.Current.CancellationToken))
        {
            checkpoints++;
            if (row.GetString("LeaseHolder") is not null && row.GetDateTimeOffset("LeaseUntil") > heldAfter)
            {
                held.Add($"{row.PartitionKey} {row.RowKey}");
            }
        }

        Assert.NotEqual(0, checkpoints);
        return held;
    }
}
