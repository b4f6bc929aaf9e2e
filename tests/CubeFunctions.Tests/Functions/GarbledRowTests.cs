using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using Cube.Simulator;
using CubeFunctions.Tests.Functions.Host;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>The published worker where rows and messages cannot be read: each costs its own unit, by name, and all others go on.</summary>
public sealed class GarbledRowTests(AzuriteFixture azurite, PublishedApp app)
{
    private const string Secret = "a shared secret of a script";
    private static readonly string[] Queues = ["cube-sync", "cube-upserts", "cube-changes"];

    [Theory]
    [OverGenerations]
    public async Task Rows_and_messages_that_cannot_be_read_cost_their_own_unit(TenantApi api)
    {
        var tenant = new SimulatorOptions
        {
            Campaigns = 3,
            CustomersPerAssignment = 60,
            CallflowCustomersPerCampaign = 60,
            AnonymisedPerThousand = 0,
        };
        await using var cube = await CubeSimulator.StartAsync(tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var storage = await azurite.NewAccountAsync();
        var assignment = Assert.Single(cube.Data.AssignmentIds);
        var settings = FunctionsHost.SettingsOf(
            storage,
            cube.BaseUrl,
            ("Sync__Feeds", "customers,callflow_customers"),
            ("Cube__Writes", "true"),
            ("Upserts__Senders__crm__Kind", "json"),
            ("Upserts__Senders__crm__Secret", Secret),
            ("Upserts__Senders__crm__AssignmentId", cube.Data.PlaceOf(assignment).Id),
            ("Changes__Crm__Url", "http://127.0.0.1:1/"),
            ("Changes__Crm__Secret", $"whsec_{Convert.ToBase64String(new byte[32])}")
        );
        string run;
        var ids = cube.Data.Customers(assignment).Take(2).Select(record => record["customer_id"]!.ToString()).ToList();
        var events = new List<string>();
        await using (var host = await FunctionsHost.StartAsync(app, settings))
        {
            (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
            Assert.Equal("Succeeded", (await WorkerTests.FinishRunAsync(host, storage)).GetProperty("status").GetString());
            foreach (var id in ids)
            {
                events.Add(await PostAsync(host, id));
            }

            (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
            run = Assert.Single(await RowsAsync(storage, "CubeRuns", "PartitionKey eq 'run' and Status eq 'Running'")).RowKey;
            await host.StopAsync(WorkerStop.Kill);
        }

        var callflow = await RowsAsync(storage, "CubeRuns", $"PartitionKey eq '{run}' and Feed eq 'callflow_customers'");
        Assert.Equal(3, callflow.Count);
        var (noItem, noCheckpoint, noRun) = (callflow[0], callflow[1], run + "0");
        var checkpoint = Assert.Single(
            await RowsAsync(
                storage,
                "CubeCheckpoints",
                $"RowKey eq 'callflow_customers' and ScopeId eq '{noCheckpoint.GetString("ScopeId")}'"
            )
        );
        var customers = await RowsAsync(storage, "CubeUpserts", "State eq 'Waiting' and Sender eq 'crm'");
        var first = customers.Single(row => row.GetString("CustomerId") == ids[0]).PartitionKey;
        await GarbleAsync(storage, "CubeRuns", new TableEntity(run, noItem.RowKey) { ["Tries"] = "many" });
        await GarbleAsync(storage, "CubeRuns", new TableEntity("run", noRun) { ["Status"] = "Running", ["Items"] = "many" });
        await GarbleAsync(storage, "CubeCheckpoints", new TableEntity(checkpoint.PartitionKey, checkpoint.RowKey) { ["Attempt"] = "many" });
        await GarbleAsync(storage, "CubeCheckpoints", new TableEntity("pause", "tenant") { ["Until"] = "soon", ["Gone"] = "no" });
        await GarbleAsync(storage, "CubeCheckpoints", new TableEntity("writes", "tenant") { ["OffUntil"] = "soon", ["Reason"] = 7 });
        await GarbleAsync(storage, "CubeCustomers", new TableEntity(first, "mailbox") { ["Content0"] = "{" });
        var stream = $"customers|{cube.Data.PlaceOf(assignment)}";
        await GarbleAsync(storage, "CubeChanges", new TableEntity(stream, "stream") { ["Failures"] = "many" });
        await GarbleAsync(storage, "CubeChanges", new TableEntity(stream, "file|garbled") { ["State"] = "Waiting", ["Done"] = "many" });
        foreach (var queue in Queues)
        {
            await SendAsync(storage, queue, "not ours");
        }

        await SendAsync(storage, "cube-changes", JsonSerializer.Serialize(new { v = 1, stream }));

        await using var next = await FunctionsHost.StartAsync(app, settings);
        var swept = await next.InvokeTimerAsync("SweepStaleWork");
        Assert.NotEqual(InvocationOutcome.Lost, swept.Outcome);
        using (var health = await next.SendHttpAsync("Health", new HttpRequestMessage(HttpMethod.Get, "/api/health")))
        {
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        }

        string[] poisons = ["SyncFeedPoison", "DeliverUpsertsPoison", "DeliverChangesPoison"];
        await next.PumpQueuesAsync(
            async () =>
                await StateAsync(next, events[0]) == "delivered"
                && await StateAsync(next, events[1]) == "delivered"
                && await StatusAsync(storage, run) is not "Running"
                && poisons.All(poison => next.Ended.Any(ended => ended.Function == poison)),
            hiddenAfterFailure: TimeSpan.Zero
        );
        Assert.DoesNotContain(next.Ended, ended => ended.Invocation.Outcome == InvocationOutcome.Lost);
        var items = await RowsAsync(storage, "CubeRuns", $"PartitionKey eq '{run}'");
        Assert.Equal([noItem.RowKey], items.Where(row => row.GetString("State") == "Failed").Select(row => row.RowKey));
        Assert.StartsWith("Unexpected", items.Single(row => row.RowKey == noItem.RowKey).GetString("Reason"), StringComparison.Ordinal);
        Assert.Equal("Failed", Assert.Single(await RowsAsync(storage, "CubeRuns", $"RowKey eq '{noRun}'")).GetString("Status"));

        // A checkpoint or a mailbox without the column that was garbled costs a reading, and nobody has to mend it.
        Assert.Equal("Succeeded", items.Single(row => row.RowKey == noCheckpoint.RowKey).GetString("State"));
        Assert.Equal("PartiallySucceeded", await StatusAsync(storage, run));
        (await next.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
        var whole = Assert.Single(await RowsAsync(storage, "CubeRuns", "PartitionKey eq 'run' and Status eq 'Running'")).RowKey;
        await next.PumpQueuesAsync(async () => await StatusAsync(storage, whole) is not "Running");
        Assert.Equal("Succeeded", await StatusAsync(storage, whole));
        Assert.Equal(0, await next.StopAsync(WorkerStop.Drain));
    }

    private static async Task<string> PostAsync(FunctionsHost host, string customer)
    {
        using var answer = await host.SendHttpAsync(
            "ReceiveWebhook",
            new HttpRequestMessage(HttpMethod.Post, "/api/webhooks/crm")
            {
                Headers = { { "x-webhook-secret", Secret } },
                Content = new StringContent($$"""{"customer_id":"{{customer}}","name":"Kari Prøve"}""", Encoding.UTF8, "application/json"),
            }
        );
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        return Assert.Single(body.GetProperty("upserts").EnumerateArray()).GetProperty("id").GetString()!;
    }

    private static async Task<string> StateAsync(FunctionsHost host, string id)
    {
        using var answer = await host.SendHttpAsync("GetUpsert", new HttpRequestMessage(HttpMethod.Get, $"/api/upserts/{id}"));
        var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        return body.GetProperty("state").GetString()!;
    }

    private static async Task<string?> StatusAsync(string storage, string run) =>
        (await RowsAsync(storage, "CubeRuns", $"PartitionKey eq 'run' and RowKey eq '{run}'")).Single().GetString("Status");

    private static async Task GarbleAsync(string storage, string table, TableEntity row) =>
        await new TableClient(storage, table).UpsertEntityAsync(row, TableUpdateMode.Merge, TestContext.Current.CancellationToken);

    private static async Task SendAsync(string storage, string queue, string text)
    {
        var client = new QueueClient(storage, queue, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await client.SendMessageAsync(text, TestContext.Current.CancellationToken);
    }

    private static async Task<List<TableEntity>> RowsAsync(string storage, string table, string filter) =>
        await new TableClient(storage, table)
            .QueryAsync<TableEntity>(filter, cancellationToken: TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
}
