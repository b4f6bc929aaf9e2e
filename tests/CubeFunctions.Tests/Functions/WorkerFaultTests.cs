using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Cube.Simulator;
using CubeFunctions.Tests.Functions.Host;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>
/// The published worker where what it stands on is away or wrong: it says so, nothing crashes, and it goes on when the fault is over.
/// </summary>
public sealed class WorkerFaultTests(AzuriteFixture azurite, PublishedApp app)
{
    private static readonly SimulatorOptions Tenant = new()
    {
        Campaigns = 4,
        CustomersPerAssignment = 60,
        CallflowCustomersPerCampaign = 60,
        PageSize = 25,
    };

    [Theory]
    [OverGenerations]
    public async Task Storage_that_is_away_at_the_start_and_in_mid_run_costs_nothing_but_time(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var storage = await azurite.NewAccountAsync();
        await using var proxy = await StorageProxy.StartAsync(storage);
        await proxy.RefuseAsync();
        await using var host = await FunctionsHost.StartAsync(
            app,
            FunctionsHost.SettingsOf(
                proxy.ConnectionString,
                cube.BaseUrl,
                ("Sync__Feeds", "customers,callflow_customers"),
                ("Sync__LeaseSeconds", "10"),
                ("Upserts__Senders__crm__Kind", "json"),
                ("Upserts__Senders__crm__Secret", "a shared secret of a script"),
                ("Upserts__Senders__crm__AssignmentId", cube.Data.PlaceOf(cube.Data.AssignmentIds[0]).Id)
            )
        );
        host.QueueStorage = storage;

        // Each of these asks storage by itself; none ends the worker.
        var health = AssertUnhealthyAsync(host);
        var webhook = host.SendHttpAsync(
            "ReceiveWebhook",
            new HttpRequestMessage(HttpMethod.Post, "/api/webhooks/crm")
            {
                Headers = { { "x-webhook-secret", "a shared secret of a script" } },
                Content = new StringContent("""{"customer_id":"1","name":"Kari Prøve"}""", Encoding.UTF8, "application/json"),
            }
        );
        var invocations = await Task.WhenAll(
            host.InvokeTimerAsync("StartSync"),
            host.InvokeTimerAsync("SweepStaleWork"),
            host.InvokeQueueAsync("SyncFeed", """{"v":1,"run":"20260101T000000Z-0000","item":"item|customers|assignment=1"}"""),
            host.InvokeQueueAsync("DeliverUpserts", $$"""{"v":1,"customer":"{{new string('a', 32)}}"}"""),
            host.InvokeQueueAsync("DeliverChanges", """{"v":1,"stream":"customers|assignment=1"}""")
        );
        Assert.DoesNotContain(invocations, invocation => invocation.Outcome == InvocationOutcome.Lost);
        Assert.Equal(InvocationOutcome.Failed, invocations[0].Outcome);
        await health;
        using (var refused = await webhook)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        await proxy.AcceptAsync();
        await AssertHealthyAsync(host);

        // Whoever takes some of it away again fails no unit either.
        await new QueueClient(storage, "cube-sync").DeleteIfExistsAsync(TestContext.Current.CancellationToken);
        await new TableClient(storage, "CubeCheckpoints").DeleteAsync(TestContext.Current.CancellationToken);
        await new BlobContainerClient(storage, "cube-raw").DeleteIfExistsAsync(cancellationToken: TestContext.Current.CancellationToken);

        using var isAway = new ManualResetEventSlim();
        var pages = 0;
        cube.BeforeAnswer = request =>
        {
            if (request.Path.Contains("/customers/", StringComparison.Ordinal) && Interlocked.Increment(ref pages) == 4)
            {
                proxy.RefuseAsync().GetAwaiter().GetResult();
                isAway.Set();
            }
        };
        (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
        var run = WorkerTests.FinishRunAsync(host, storage);
        await WaitFor.TrueAsync(() => Task.FromResult(isAway.IsSet), TimeSpan.FromSeconds(60));
        await AssertUnhealthyAsync(host);
        await proxy.AcceptAsync();
        Assert.Equal("Succeeded", (await run).GetProperty("status").GetString());

        // Where storage went away between the end of an item and the release of its lease, that one runs out by itself.
        await WaitFor.TrueAsync(
            async () => (await WorkerTests.LeasesAsync(storage, heldAfter: TimeProvider.System.GetUtcNow())).Count == 0,
            TimeSpan.FromSeconds(30)
        );
        await AssertHealthyAsync(host);
        Assert.Equal(0, await host.StopAsync(WorkerStop.Drain));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("http://127.0.0.1:1/token")]
    public async Task An_identity_without_a_token_shows_in_health_and_ends_nothing(string? endpoint)
    {
        const string Account = "https://nobody.invalid/";
        List<(string Name, string Value)> settings =
        [
            ("CubeStorage", ""),
            ("CubeStorage__blobServiceUri", Account),
            ("CubeStorage__queueServiceUri", Account),
            ("CubeStorage__tableServiceUri", Account),
            ("CubeStorage__credential", "managedidentity"),
        ];
        if (endpoint is not null)
        {
            settings.AddRange([("IDENTITY_ENDPOINT", endpoint), ("IDENTITY_HEADER", "header-of-this-instance")]);
        }

        await using var host = await FunctionsHost.StartAsync(
            app,
            FunctionsHost.SettingsOf(await azurite.NewAccountAsync(), new Uri("http://127.0.0.1:1"), [.. settings])
        );
        await AssertUnhealthyAsync(host);
        if (endpoint is not null)
        {
            Assert.Equal(InvocationOutcome.Failed, (await host.InvokeTimerAsync("StartSync")).Outcome);
            await AssertUnhealthyAsync(host);
        }

        Assert.Equal(0, await host.StopAsync(WorkerStop.Signal));
        Assert.DoesNotContain("Unhandled exception", host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [OverGenerations]
    public async Task When_the_identity_has_its_token_again_all_goes_on(TenantApi api)
    {
        Assert.SkipWhen(
            OperatingSystem.IsWindows(),
            "The worker trusts the test's certificate by SSL_CERT_FILE, which Windows does not read."
        );
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var storage = await TokenStorage.StartAsync();
        await using var host = await FunctionsHost.StartAsync(
            app,
            FunctionsHost.SettingsOf("", cube.BaseUrl, [.. storage.Settings, ("Sync__Feeds", "customers")])
        );
        host.QueueStorage = storage.ConnectionString;
        await AssertUnhealthyAsync(host);
        Assert.Equal(InvocationOutcome.Failed, (await host.InvokeTimerAsync("StartSnapshot")).Outcome);

        storage.GiveTokens();
        await WaitFor.TrueAsync(
            async () =>
            {
                using var answer = await HealthAsync(host);
                return answer.StatusCode == HttpStatusCode.OK;
            },
            TimeSpan.FromSeconds(60),
            TimeSpan.FromSeconds(1)
        );

        await SnapshotAsync(runs: 1);

        // One page differs: the others are copied within storage, for which the token has to do as well.
        var assignment = cube.Data.AssignmentIds[0];
        var someone = $"{cube.Data.Customers(assignment).First()["customer_id"]}";
        cube.Data.EditCustomer(assignment, cube.Data.FindCustomer(assignment, someone)!.Value, "city", "Hamar");
        await SnapshotAsync(runs: 2);
        Assert.Empty(await WorkerTests.LeasesAsync(storage.ConnectionString));
        Assert.Equal(0, await host.StopAsync(WorkerStop.Drain));
        async Task SnapshotAsync(int runs)
        {
            (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
            var run = await WorkerTests.FinishRunAsync(host, storage.ConnectionString, runs);
            Assert.Equal("Succeeded", run.GetProperty("status").GetString());
            await RawLedger.CheckAllAsync(new BlobContainerClient(storage.ConnectionString, "cube-raw"));
        }
    }

    [Fact]
    public async Task Settings_that_cannot_be_used_end_the_worker_with_one_line_that_lists_them_all()
    {
        const string Secret = "AccountName=nobody;AccountKee=c2VjcmV0";
        var settings = FunctionsHost.SettingsOf(
            Secret,
            new Uri("http://127.0.0.1:1"),
            ("Cube__Token", ""),
            ("Sync__Schedule", ""),
            ("Sync__SnapshotSchedule", "@daily"),
            ("Sync__LookbackDays", "many"),
            ("Upserts__Senders__crm__Kind", "pigeon")
        );
        var gone = await Assert.ThrowsAsync<WorkerGoneException>(() => FunctionsHost.StartAsync(app, settings));
        Assert.Equal(2, gone.ExitCode);
        var line = Assert.Single(gone.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        string[] names =
        [
            "CubeStorage",
            "Cube__Token",
            "Sync__Schedule",
            "Sync__SnapshotSchedule",
            "Sync__LookbackDays",
            "Upserts__Senders__crm__Kind",
        ];
        Assert.Equal(names, names.Where(name => line.Contains($" {name}: ", StringComparison.Ordinal)));
        Assert.DoesNotContain("c2VjcmV0", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_identity_over_plain_http_is_refused_by_name()
    {
        var settings = FunctionsHost.SettingsOf(
            "",
            new Uri("http://127.0.0.1:1"),
            ("CubeStorage__blobServiceUri", "http://127.0.0.1:1/"),
            ("CubeStorage__queueServiceUri", "https://nobody.invalid/"),
            ("CubeStorage__tableServiceUri", "https://nobody.invalid/")
        );
        var gone = await Assert.ThrowsAsync<WorkerGoneException>(() => FunctionsHost.StartAsync(app, settings));
        Assert.Equal(2, gone.ExitCode);
        var line = Assert.Single(gone.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("CubeStorage__blobServiceUri: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("CubeStorage__queueServiceUri: ", line, StringComparison.Ordinal);
    }

    [Theory]
    [OverGenerations]
    public async Task Stopped_while_each_page_takes_four_seconds_it_leaves_no_lease(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var storage = await azurite.NewAccountAsync();
        var settings = FunctionsHost.SettingsOf(
            storage,
            cube.BaseUrl,
            ("Sync__Feeds", "customers,callflow_customers"),
            ("Cube__MaxConcurrentRequests", "3")
        );
        using var isFast = new ManualResetEventSlim();
        var pages = 0;
        cube.BeforeAnswer = request =>
        {
            if (
                !request.Path.Contains("campaigns", StringComparison.Ordinal) || request.Path.Contains("callflow", StringComparison.Ordinal)
            )
            {
                Interlocked.Increment(ref pages);
                isFast.Wait(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
            }
        };
        await using (var host = await FunctionsHost.StartAsync(app, settings))
        {
            (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
            var pump = host.PumpQueuesAsync(() => Task.FromResult(host.HasExited));

            // More items are claimed than requests may be under way: some wait for their turn.
            await WaitFor.TrueAsync(
                async () => Volatile.Read(ref pages) >= 3 && (await WorkerTests.LeasesAsync(storage)).Count > 3,
                TimeSpan.FromSeconds(60)
            );
            var code = await host.StopAsync(WorkerStop.Signal);
            await pump;
            Assert.True(code == 0, $"{code}: {host.Output}");
            Assert.Empty(await WorkerTests.LeasesAsync(storage));
            Assert.DoesNotContain(
                host.Logs.Append(host.Output),
                text => text.Contains(nameof(ObjectDisposedException), StringComparison.Ordinal)
            );
        }

        isFast.Set();
        await using var next = await FunctionsHost.StartAsync(app, settings);
        Assert.Equal("Succeeded", (await WorkerTests.FinishRunAsync(next, storage)).GetProperty("status").GetString());
    }

    private static async Task AssertHealthyAsync(FunctionsHost host)
    {
        using var answer = await HealthAsync(host);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task AssertUnhealthyAsync(FunctionsHost host)
    {
        using var answer = await HealthAsync(host);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, $"{answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(
            ("storage", "Storage cannot be reached."),
            (problem.GetProperty("part").GetString(), problem.GetProperty("detail").GetString())
        );
        string[] members = ["detail", "part", "status", "title", "traceId", "type"];
        Assert.Subset(members.ToHashSet(), problem.EnumerateObject().Select(member => member.Name).ToHashSet());
    }

    private static Task<HttpResponseMessage> HealthAsync(FunctionsHost host) =>
        host.SendHttpAsync("Health", new HttpRequestMessage(HttpMethod.Get, "/api/health"));
}
