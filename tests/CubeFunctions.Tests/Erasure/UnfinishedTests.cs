using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>What runs and deliveries under way have left, or hold.</summary>
public sealed class UnfinishedTests(AzuriteFixture azurite)
{
    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [OverGenerations]
    public async Task Pages_of_a_sweep_that_is_not_finished_are_deleted_where_they_name_him_and_read_again(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Victim.Options with
            {
                Api = api,
                CustomersPerAssignment = 300,
            },
            null,
            [.. Victim.Settings]
        );
        Victim.Live(lane.Cube);
        lane.Cube.Faults.Add(
            new Fault
            {
                Kind = FaultKind.ServiceUnavailable503,
                PathContains = "/customers/",
                FromPage = 5,
            }
        );
        var start = await lane.App.Get<RunPlanner>().StartAsync(Customers, TestContext.Current.CancellationToken);
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            var work = lane.App.WorkAsync(stop.Token);
            await WaitFor.TrueAsync(
                async () => (await AccountDump.OfAsync(lane.App)).Find([Victim.Name]).Count > 0,
                TimeSpan.FromSeconds(60)
            );
            await stop.CancelAsync();
            await work;
        }

        var before = await AccountDump.OfAsync(lane.App);
        Assert.Single(
            before.Find([Victim.Name]),
            place => place.StartsWith($"cube-raw/customers/{lane.Cube.Data.PlaceOf(lane.Assignment)}/", StringComparison.Ordinal)
        );
        var report = await Victim.EraseAsync(lane);
        Assert.Equal(1, report.Feeds.Single(feed => feed.Feed == "customers").Leftovers);
        var after = await AccountDump.OfAsync(lane.App);
        Assert.Empty(after.Find(Victim.Traces));
        Assert.Equal(
            before.Blobs.Keys.Count(name => name.StartsWith("cube-raw/customers/", StringComparison.Ordinal)) - 1,
            after.Blobs.Keys.Count(name => name.StartsWith("cube-raw/customers/", StringComparison.Ordinal))
        );

        // The sweep goes on from there.
        lane.Cube.Faults.Clear();
        await lane.App.Get<SyncJanitor>().RecoverAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.Succeeded, (await lane.App.FinishAsync(start.RunId)).Status);
        await RawLedger.CheckAllAsync(lane.App.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task A_body_that_a_try_before_has_deleted_takes_nothing_of_others_along(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options with { Api = api }, null, Victim.Settings);
        var waiting = await Victim.SeedAsync(lane);
        foreach (
            var body in (await AccountDump.OfAsync(lane.App)).Blobs.Keys.Where(name =>
                name.StartsWith("cube-inbox/", StringComparison.Ordinal) && !name.EndsWith(".values", StringComparison.Ordinal)
            )
        )
        {
            await lane
                .App.Storage.Inbox.GetBlobClient(body["cube-inbox/".Length..])
                .DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.Equal((3, 0, 1), await Victim.EraseAsync(lane) is var report ? (report.Events, report.Bodies, report.Values) : default);
        await lane.DeliverAsync(waiting);
        AtLeastOne.All(await lane.StatesAsync(waiting), state => Assert.Equal("delivered", state.State));
    }

    [Theory]
    [OverGenerations]
    public async Task A_post_of_many_that_is_not_split_yet_loses_the_person_and_nobody_else(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Victim.Options with
            {
                Api = api,
                CustomersPerAssignment = 30,
            },
            null,
            withLine: true,
            Victim.Settings
        );
        await lane.SnapshotAsync();
        var other = lane.ImportedIds()[20];
        var large = new string('ø', 20_000);

        // The last two of a post of more than are stored at once: no row of theirs is written before the answer has to go out.
        var customers = Enumerable
            .Range(0, 16)
            .Select(i => Victim.Post($"new-{i}", "city", "Hamar"))
            .Append(Victim.Post(Victim.Imported, "name", Victim.Name))
            .Append(Victim.Post(other, "email", large));
        var rows = 0;
        lane.Line!.Refuse = (_, method, address) =>
        {
            // The first row is the post's.
            if (method == "POST" && address.Contains("/CubeUpserts", StringComparison.Ordinal) && Interlocked.Increment(ref rows) > 1)
            {
                lane.Line.TableDelay = TimeSpan.FromSeconds(2.5);
            }

            return false;
        };
        var ids = await lane.HookAsync($"[{string.Join(',', customers)}]");
        (lane.Line.Refuse, lane.Line.TableDelay) = (null, TimeSpan.Zero);
        Assert.Equal(1, await PostsAsync(lane));
        Assert.Null(await lane.App.Get<UpsertReader>().FindAsync(ids[^1], TestContext.Current.CancellationToken));

        var report = await Victim.EraseAsync(lane);

        Assert.Equal((1, 1, 1, 0), (report.Events, report.Bodies, report.SharedBodies, report.Values));
        Assert.Equal(0, await PostsAsync(lane));
        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find(Victim.Traces));
        await lane.DeliverAsync(ids[^1..]);
        Assert.Equal("delivered", (await lane.StatesAsync(ids[^1..]))[0].State);
        Assert.Equal(large, $"{lane.Record(other)["email"]}");
        Assert.DoesNotContain(lane.Cube.Data.Writes, write => write.ImportedId == Victim.Imported);
    }

    [Theory]
    [OverGenerations]
    public async Task It_waits_for_a_run_that_is_at_work_on_his_records(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options with { Api = api }, null, Victim.Settings);
        Victim.Live(lane.Cube);
        await lane.App.RunAsync(Customers);
        var lease = await lane
            .App.Get<CheckpointStore>()
            .TryHoldAsync(
                FeedCatalogue.Customers,
                lane.Cube.Data.PlaceOf(lane.Assignment),
                "somebody else",
                static _ => { },
                TestContext.Current.CancellationToken
            );
        var erasure = Victim.EraseAsync(lane);
        await WaitFor.TrueAsync(
            async () => (await AccountDump.OfAsync(lane.App)).Blobs.ContainsKey("cube-state/tombstones"),
            TimeSpan.FromSeconds(30)
        );
        Assert.False(erasure.IsCompleted);
        Assert.NotEmpty((await AccountDump.OfAsync(lane.App)).Find([Victim.Name]));
        await lease!.ReleaseAsync(TestContext.Current.CancellationToken);
        await lease.DisposeAsync();
        Assert.True((await erasure).Found);
        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find(Victim.Traces));
    }

    [Theory]
    [OverGenerations]
    public async Task Bodies_that_name_him_go_also_where_no_row_does_any_more_and_those_of_other_assignments_stay(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Victim.Options with
            {
                Api = api,
                CampaignsPerAssignment = 1,
            },
            null,
            [
                .. Victim.Settings,
                ("Upserts__Senders__far__Kind", "json"),
                ("Upserts__Senders__far__Secret", "test-secret"),
                ("Upserts__Senders__far__AssignmentId", api == TenantApi.DataOwners ? "4-B2C" : "18"),
            ]
        );
        await lane.HookAsync($$"""{"customer_id":"\u0030{{Victim.Imported[1..]}}","name":"{{Victim.Name}}"}""");
        await lane.PostAsync(
            $$"""[ {"customer_id":"{{Victim.Imported}}","name":"{{Victim.Name}}"} , {"customer_id":"1","city":"Bodø"} ]"""
        );
        await lane.HookAsync($$"""{"nobody":true,"ref":"{{Victim.Imported}}","name":"{{Victim.Name}}"}""");
        Assert.Equal(
            202,
            (
                await lane.Http.PostAsync(
                    "webhooks/far",
                    Victim.Post(Victim.Imported, "name", "En annen"),
                    ("x-webhook-secret", "test-secret")
                )
            ).Status
        );
        await lane.HookAsync(Victim.Post("0" + Victim.Imported, "name", "En tredje"));
        await foreach (
            var row in lane.App.Storage.Upserts.QueryAsync<Azure.Data.Tables.TableEntity>(
                cancellationToken: TestContext.Current.CancellationToken
            )
        )
        {
            await lane.App.Storage.Upserts.DeleteEntityAsync(
                row.PartitionKey,
                row.RowKey,
                cancellationToken: TestContext.Current.CancellationToken
            );
        }

        var report = await Victim.EraseAsync(lane);
        Assert.Equal((3, 1, 0), (report.Bodies, report.BodiesOfUnknownAssignment, report.Events));
        var after = await AccountDump.OfAsync(lane.App);
        Assert.Empty(after.Find([Victim.Name]));
        Assert.Equal(2, after.Blobs.Keys.Count(name => name.StartsWith("cube-inbox/", StringComparison.Ordinal)));
    }

    /// <summary>How many posts wait to be split.</summary>
    private static async Task<int> PostsAsync(Lane lane) =>
        await lane
            .App.Storage.Upserts.QueryAsync<PostRow>(
                row => row.PartitionKey == PostRow.Partition,
                cancellationToken: TestContext.Current.CancellationToken
            )
            .CountAsync(TestContext.Current.CancellationToken);
}
