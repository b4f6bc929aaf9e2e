using System.Text;
using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>Who was erased is not told of again, for as long as Cube has him and a while after.</summary>
public sealed class TombstoneTests(AzuriteFixture azurite)
{
    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [OverGenerations]
    public async Task A_tombstone_holds_hashes_alone_and_goes_when_Cube_has_lacked_the_person_for_longer_than_anything_is_read_again(
        TenantApi api
    )
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(azurite, Victim.Options.EarlyIn(api), clock, Victim.Settings);
        Victim.Live(lane.Cube);
        await lane.App.RunAsync(Customers);
        await Victim.EraseAsync(lane);
        var tombstone = Assert.Single(await TombstonesAsync(lane.App));
        Assert.Equal(["assignment", "imported", "internal", "erasedAt"], tombstone.EnumerateObject().Select(member => member.Name));
        Assert.Matches("^[0-9a-f]{32}$", tombstone.GetProperty("imported").GetString());

        await lane.App.RunAsync(Customers);
        Assert.False(Assert.Single(await TombstonesAsync(lane.App)).TryGetProperty("goneSince", out _));
        lane.Cube.Data.DeleteCustomer(lane.Assignment, Victim.Internal);
        Assert.Empty(await ChangeLedger.ReadAsync(lane.App, (await lane.App.RunAsync(Customers)).RunId));
        Assert.True(Assert.Single(await TombstonesAsync(lane.App)).TryGetProperty("goneSince", out _));

        // Somebody imports him again: so he is one to be told of, but not before the tombstone is gone.
        lane.Cube.Data.AddCustomer(lane.Assignment, new() { ["customer_id"] = Victim.Imported, ["name"] = "Ny kunde" });
        Assert.Empty(await ChangeLedger.ReadAsync(lane.App, (await lane.App.RunAsync(Customers)).RunId));
        Assert.False(Assert.Single(await TombstonesAsync(lane.App)).TryGetProperty("goneSince", out _));
        lane.Cube.Data.DeleteCustomer(lane.Assignment, lane.Cube.Data.FindCustomer(lane.Assignment, Victim.Imported)!.Value);
        lane.Cube.Data.EditCustomer(lane.Assignment, 10_000_050, "city", "Bodø");
        await lane.App.RunAsync(Customers);
        // The deep look-back reads five weeks again, and a week more is kept for comparing.
        clock.Advance(TimeSpan.FromDays(44));
        lane.Cube.Data.EditCustomer(lane.Assignment, 10_000_050, "city", "Hamar");
        await lane.App.RunAsync(Customers);
        Assert.Empty(await TombstonesAsync(lane.App));
        lane.Cube.Data.AddCustomer(lane.Assignment, new() { ["customer_id"] = Victim.Imported, ["name"] = "Ny kunde" });
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(
            "created",
            $"{Assert.Single(await ChangeLedger.ReadAsync(lane.App, (await lane.App.RunAsync(Customers)).RunId))["op"]}"
        );
    }

    [Theory]
    [OverGenerations]
    public async Task A_lost_permission_is_no_reason_to_forget_that_somebody_was_erased(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Victim.Options.EarlyIn(api) with
            {
                CustomersPerAssignment = 400,
            },
            null,
            Victim.Settings
        );
        Victim.Live(lane.Cube);
        await lane.App.RunAsync(Customers);
        await Victim.EraseAsync(lane);
        lane.Cube.Data.LosePermission(lane.Assignment);
        await lane.App.RunAsync(Customers);
        Assert.False(Assert.Single(await TombstonesAsync(lane.App)).TryGetProperty("goneSince", out _));
        lane.Cube.Data.RestorePermission(lane.Assignment);
        Assert.Empty(await ChangeLedger.ReadAsync(lane.App, (await lane.App.RunAsync(Customers)).RunId));
    }

    [Theory]
    [OverGenerations]
    public async Task A_campaign_that_begins_after_the_erasure_and_one_that_has_left_the_list_tell_nothing_of_him(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options.EarlyIn(api), null, Victim.Settings);
        Victim.Live(lane.Cube);
        await lane.App.RunAsync(Victim.All);
        await Victim.EraseAsync(lane);
        var fresh = lane.Cube.Data.AddCampaign(lane.Assignment);
        var ended = lane.Cube.Data.CampaignIds()[0];
        lane.Cube.Data.EndCampaign(ended, lane.Cube.Data.Today.AddDays(-1));
        foreach (var campaign in new[] { fresh, ended })
        {
            lane.Cube.Data.AddResponse(
                campaign,
                Victim.Internal,
                lane.Cube.Data.Today.AddDays(campaign == ended ? -1 : 0).ToDateTime(new TimeOnly(0, 2)),
                comment: Victim.Name
            );
        }

        // The second run has no row that is new any more.
        for (var run = 0; run < 2; run++)
        {
            await lane.App.RunAsync(Victim.All);
            lane.Cube.Data.AddResponse(fresh, Victim.Internal, comment: $"Ringte {Victim.Name}");
            var places = (await AccountDump.OfAsync(lane.App)).Find(Victim.Traces);
            Assert.Contains(places, place => place.StartsWith($"cube-raw/{api.Calls().Name}/campaign={fresh}/", StringComparison.Ordinal));
            Assert.Contains(places, place => place.StartsWith($"cube-raw/{api.Calls().Name}/campaign={ended}/", StringComparison.Ordinal));
            Assert.DoesNotContain(places, place => place.StartsWith("cube-changes/", StringComparison.Ordinal));
        }
    }

    private static async Task<List<JsonElement>> TombstonesAsync(TestApp app)
    {
        var file = JsonDocument.Parse(Encoding.UTF8.GetString((await AccountDump.OfAsync(app)).Blobs["cube-state/tombstones"])).RootElement;
        Assert.Equal(1, file.GetProperty("schema").GetInt32());
        return [.. file.GetProperty("persons").EnumerateArray()];
    }
}
