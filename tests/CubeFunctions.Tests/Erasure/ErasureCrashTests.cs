using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>An erasure that dies after any of its writes leaves what can be read, and the next one does the rest.</summary>
public sealed class ErasureCrashTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan PastLeases = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Cut_off_after_any_write_it_leaves_true_manifests_and_finishes_when_it_is_repeated()
    {
        var random = new Random(TestScale.Seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        for (var round = 0; round < TestScale.Of(2, 12); round++)
        {
            await using var lane = await Lane.StartAsync(azurite, Victim.Options, null, Victim.Settings);
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
            Assert.DoesNotContain((await AccountDump.OfAsync(app)).Find(Victim.Traces), place => place.StartsWith("cube-changes/", StringComparison.Ordinal));
            await lane.DeliverAsync(waiting);
            Assert.All(await lane.StatesAsync(waiting), state => Assert.Equal("delivered", state.State));
        }
    }

    /// <summary>Erases through a line that is cut after some writes.</summary>
    /// <returns>False when it came to its end before.</returns>
    private static async Task<bool> IsCutAsync(Lane lane, ShiftedClock clock, int writes, bool answerLost)
    {
        await using var proxy = await StorageProxy.StartAsync(lane.Storage, writes, answerLost);
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, lane.Cube, clock, Victim.Settings[..2]);
        try
        {
            await app.Get<Core.Erasure.PersonEraser>().EraseAsync("17", Victim.Imported, proxy.Cut);
            return false;
        }
        catch (OperationCanceledException) when (proxy.Cut.IsCancellationRequested)
        {
            return true;
        }
    }
}
