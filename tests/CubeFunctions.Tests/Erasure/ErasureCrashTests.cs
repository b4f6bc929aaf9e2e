using Cube.Simulator;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>An erasure that dies after any of its writes leaves what can be read, and the next one does the rest.</summary>
public sealed class ErasureCrashTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan PastLeases = TimeSpan.FromMinutes(1);
    private static readonly SimulatorOptions Small = Victim.Options with { CustomersPerAssignment = 30, CallflowCustomersPerCampaign = 10 };

    /// <param name="api">The generation.</param>
    /// <param name="seed">Zero for the run's own. The fixed one is cut between the deletions of two attempts' pages.</param>
    [Theory]
    [OverGenerations(12146354)]
    [OverGenerations(0)]
    public async Task Cut_off_after_any_write_it_leaves_true_manifests_and_finishes_when_it_is_repeated(TenantApi api, int seed)
    {
        var random = new Random(seed == 0 ? TestScale.Seed : seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={(seed == 0 ? TestScale.Seed : seed)}");
        for (var round = 0; round < (seed == 0 ? TestScale.Of(1, 12) : 2); round++)
        {
            await using var lane = await Lane.StartAsync(azurite, Victim.Options with { Api = api }, null, Victim.Settings);
            var waiting = await Victim.SeedAsync(lane);
            var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
            var cuts = 0;
            while (await IsCutAsync(lane, clock, random.Next(1, 70), random.Next(2) == 0))
            {
                cuts++;
                Assert.True(cuts < 200, "no progress");
                await RawLedger.CheckAllAsync(lane.App.Storage.Raw, leftovers: true);
                clock.Advance(PastLeases);
            }

            TestContext.Current.TestOutputHelper!.WriteLine($"cut {cuts} times");
            var dump = await AccountDump.OfAsync(lane.App);
            Assert.Empty(dump.Find(Victim.Traces));
            await RawLedger.CheckAllAsync(lane.App.Storage.Raw);

            // Runs go on where they are, and he is not told of; what waited of others is delivered.
            clock.Advance(PastLeases);
            await using var app = await TestApp.StartAsync(lane.Storage, lane.Cube, clock, Victim.Settings[..2]);
            await app.RunAsync(Victim.All);
            Assert.DoesNotContain(
                (await AccountDump.OfAsync(app)).Find(Victim.Traces),
                place => place.StartsWith("cube-changes/", StringComparison.Ordinal)
            );
            await lane.DeliverAsync(waiting);
            AtLeastOne.All(await lane.StatesAsync(waiting), state => Assert.Equal("delivered", state.State));
        }
    }

    [Theory]
    [OverGenerations]
    public async Task With_the_first_answer_to_every_write_lost_it_erases_all_once_and_counts_right(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Small with { Api = api }, null, Victim.Settings);
        await Victim.SeedAsync(lane);
        await using var proxy = await StorageProxy.StartAsync(lane.Storage, int.MaxValue, answerLost: false);
        proxy.LosesEach = true;
        await AssertErasedAsync(lane, proxy);
        TestContext.Current.TestOutputHelper!.WriteLine($"{proxy.Lost} answers lost");
        Assert.True(proxy.Lost > 40, $"{proxy.Lost}");
    }

    [Theory]
    [OverGenerations]
    public async Task An_answer_lost_after_any_one_write_changes_nothing(TenantApi api)
    {
        // All positions when everything is asked for, else some.
        var random = new Random(TestScale.Seed);
        var step = TestScale.Of(25, 1);
        var isReached = true;
        for (var position = step == 1 ? 0 : random.Next(step); isReached; position += step)
        {
            await using var lane = await Lane.StartAsync(azurite, Small with { Api = api }, null, Victim.Settings);
            await Victim.SeedAsync(lane);
            await using var proxy = await StorageProxy.StartAsync(lane.Storage, int.MaxValue, answerLost: false);
            proxy.LoseAnswerOf = position;
            await AssertErasedAsync(lane, proxy);
            isReached = proxy.LostAnswerOf.Length > 0;
        }
    }

    private static async Task AssertErasedAsync(Lane lane, StorageProxy proxy)
    {
        await using var app = await TestApp.StartAsync(
            proxy.ConnectionString,
            lane.Cube,
            null,
            [.. Victim.Settings, ("Upserts__Senders__crm__AssignmentId", lane.Place)]
        );
        var report = await Victim.EraseAsync(lane, app: app);
        Assert.Equal(
            (true, 3, 1, 3, 1, 1),
            (report.Found, report.Events, report.Mailboxes, report.Bodies, report.SharedBodies, report.Values)
        );
        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find(Victim.Traces));
        await RawLedger.CheckAllAsync(lane.App.Storage.Raw);
    }

    /// <summary>Erases through a line that is cut after some writes.</summary>
    /// <returns>False when it came to its end before.</returns>
    private static async Task<bool> IsCutAsync(Lane lane, ShiftedClock clock, int writes, bool answerLost)
    {
        await using var proxy = await StorageProxy.StartAsync(lane.Storage, writes, answerLost);
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, lane.Cube, clock, Victim.Settings[..2]);
        try
        {
            await app.Get<Core.Erasure.PersonEraser>().EraseAsync(lane.Place, Victim.Imported, proxy.Cut);
            return false;
        }
        catch (OperationCanceledException) when (proxy.Cut.IsCancellationRequested)
        {
            return true;
        }
    }
}
