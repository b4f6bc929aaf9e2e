using Azure.Storage.Blobs.Specialized;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Local;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>What change detection asks of storage, and what it does when storage or the process fails.</summary>
public sealed class ChangeStorageTests(AzuriteFixture azurite)
{
    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [OverGenerations]
    public async Task Who_dies_between_file_and_state_tells_the_same_changes_with_the_same_ids(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions
            {
                Api = api,
                Campaigns = 1,
                CustomersPerAssignment = 300,
                PageSize = 100,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        cube.Data.EditCustomer(assignment, 10_000_007, "phone_3", "Ålesund");

        // Somebody else's lease on the blob: the state cannot be written, the change file can.
        var blob = app.Storage.State.GetBlobClient($"customers/{cube.Data.PlaceOf(assignment)}");
        var blocked = blob.GetBlobLeaseClient();
        await blocked.AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: TestContext.Current.CancellationToken);
        var start = await app.Get<RunPlanner>().StartAsync(Customers, TestContext.Current.CancellationToken);
        var finished = app.FinishAsync(start.RunId);
        await WaitFor.TrueAsync(async () => (await ChangeLedger.ReadAsync(app, start.RunId)).Count == 1, TimeSpan.FromSeconds(60));
        var told = (await ChangeLedger.ReadAsync(app, start.RunId)).Select(line => line.ToJsonString()).ToList();
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, TestContext.Current.CancellationToken);

        // Cube moves on before the retry: the file that is there counts, the rest is told by the next run.
        cube.Data.EditCustomer(assignment, 10_000_011, "phone_3", "Bodø");
        await blocked.ReleaseAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.Succeeded, (await finished).Status);
        Assert.Equal(told, (await ChangeLedger.ReadAsync(app, start.RunId)).Select(line => line.ToJsonString()));

        var next = await app.RunAsync(Customers);
        Assert.Equal(cube.Data.KeyOf(assignment, 10_000_011), (string)Assert.Single(await ChangeLedger.ReadAsync(app, next.RunId))["key"]!);
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId));
    }

    [Theory]
    [OverGenerations]
    public async Task A_state_that_was_lost_or_restored_from_a_backup_is_compared_again(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions
            {
                Api = api,
                Campaigns = 1,
                CustomersPerAssignment = 100,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        var blob = app.Storage.State.GetBlobClient($"customers/{cube.Data.PlaceOf(assignment)}");
        var backup = (await blob.DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content;
        cube.Data.EditCustomer(assignment, 10_000_007, "phone_3", "Ålesund");
        await app.RunAsync(Customers);
        await blob.UploadAsync(backup, overwrite: true, TestContext.Current.CancellationToken);
        cube.Data.EditCustomer(assignment, 10_000_008, "phone_3", "Bodø");
        var run = await app.RunAsync(Customers);
        Assert.Equal(
            ((long[])[10_000_007, 10_000_008]).Select(id => cube.Data.KeyOf(assignment, id)).Order(StringComparer.Ordinal),
            (await ChangeLedger.ReadAsync(app, run.RunId)).Select(line => (string)line["key"]!).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [OverGenerations]
    public async Task Of_many_customers_with_few_changes_one_state_is_read_and_one_written(TenantApi api)
    {
        var customers = TestScale.Of(100_000, 1_000_000);
        var folder = Directory.CreateTempSubdirectory("cube-changes-");
        var (storage, log) = await AzuriteFixture.StartLoggedAsync(folder.FullName);
        try
        {
            await using var cube = await CubeSimulator.StartAsync(
                new SimulatorOptions
                {
                    Api = api,
                    Campaigns = 1,
                    CustomersPerAssignment = customers,
                    AnonymisedPerThousand = 0,
                },
                null,
                TestContext.Current.CancellationToken
            );
            await using var app = await TestApp.StartAsync(storage.ConnectionString(), cube, null);
            await app.RunAsync(Customers);
            var (before, files) = (Requests(log, "cube-state/customers"), Requests(log, "cube-changes"));
            Assert.Equal(1, before.Count(line => line.Contains("\"PUT ", StringComparison.Ordinal)));
            for (var i = 0; i < customers / 100; i++)
            {
                cube.Data.EditCustomer(cube.Data.AssignmentIds[0], 10_000_000 + (i * 97), "phone_3", $"By {i}");
            }

            var run = await app.RunAsync(Customers);
            var after = Requests(log, "cube-state/customers").Skip(before.Count).ToList();
            Assert.Equal(1, after.Count(line => line.Contains("\"GET ", StringComparison.Ordinal)));
            Assert.Equal(1, after.Count(line => line.Contains("\"PUT ", StringComparison.Ordinal)));
            Assert.Equal(2, after.Count);
            Assert.Equal(1, Requests(log, "cube-changes").Count - files.Count);
            var lines = await ChangeLedger.ReadAsync(app, run.RunId);
            Assert.Equal(customers / 100, lines.Count);
            AtLeastOne.All(
                lines,
                line => Assert.EndsWith("phone_3", (string)Assert.Single(line["changed"]!.AsArray())!, StringComparison.Ordinal)
            );
        }
        finally
        {
            await storage.StopAsync();
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [OverGenerations]
    public async Task Memory_stays_below_350_MB_however_many_customers_are_known(TenantApi api)
    {
        var customers = TestScale.Of(100_000, 1_000_000);
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions
            {
                Api = api,
                Campaigns = 1,
                CustomersPerAssignment = customers,
            },
            null,
            TestContext.Current.CancellationToken
        );
        var settings = CommandTests.Of(cube, await azurite.NewAccountAsync(), ("Sync__Feeds", "customers"));
        var (_, _, first) = await CubeProcess.SyncAsync("", settings);
        for (var i = 0; i < customers / 100; i++)
        {
            cube.Data.EditCustomer(cube.Data.AssignmentIds[0], 10_000_000 + (i * 97), "phone_3", $"By {i}");
        }

        var started = TimeProvider.System.GetTimestamp();
        var (code, _, second) = await CubeProcess.SyncAsync("", settings);
        Assert.Equal(0, code);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{customers} customers: peak {first >> 20} MB when all are new, {second >> 20} MB with 1 % changed, in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s"
        );
        Assert.InRange(Math.Max(first, second), 1, 350L << 20);
    }

    /// <summary>Requests for blobs of a container; creating it is not counted.</summary>
    private static List<string> Requests(string log, string container) =>
        [.. AzuriteLog.Requests(log).Where(line => line.Contains($"/devstoreaccount1/{container}/", StringComparison.Ordinal))];
}
