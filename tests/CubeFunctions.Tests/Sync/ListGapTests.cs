using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>A list of customers whose count is one too high for good: rows that this user may not see.</summary>
public sealed class ListGapTests(AzuriteFixture azurite)
{
    private const int Hidden = 3;
    private const string MayBeHidden =
        "waits: Cube counts more customers in the assignment than it lists, and this one may be among those that it leaves out";

    private static readonly RunRequest Snapshot = RunRequest.Snapshot([FeedCatalogue.Customers]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [OverGenerations]
    public async Task Is_a_gap_after_a_day_and_holds_up_only_what_follows_from_absence(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 11, 21, 9, 0, 0, TimeSpan.Zero));
        var options = new SimulatorOptions
        {
            Campaigns = 1,
            CustomersPerAssignment = 20,
            AnonymisedPerThousand = 0,
        };
        await using var lane = await Lane.StartAsync(azurite, options.EarlyIn(api), clock, ("Cube__Writes", "true"));
        var (data, ids) = (lane.Cube.Data, lane.Cube.Data.CustomerIds(lane.Assignment).ToList());
        var imported = lane.ImportedIds();
        data.LosePermission(lane.Assignment, number => number == Hidden);
        lane.Cube.Faults.Add("count-high,rows=1,path=/customers");
        var first = await lane.App.RunAsync(Snapshot);
        Assert.Equal((1, null), (first.Items.Unproven, first.Gaps));
        var upserts = await lane.PostAsync(
            $$"""[{"customer_id":"{{imported[0]}}","city":"Bodø"},{"customer_id":"{{imported[Hidden]}}","city":"Hamar"},{"customer_id":"NY-1","name":"N","city":"Alta"}]"""
        );
        await lane.PumpUntilRefusedAsync(upserts[2]);
        AtLeastOne.All(await lane.StatesAsync(upserts), state => Assert.Contains("first proven snapshot", state.Reason));

        // A tick that comes a little early counts as the next day's.
        clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMinutes(10));
        var run = await lane.App.RunAsync(Snapshot);
        var gap = Assert.Single(run.Gaps!);
        Assert.Equal(
            ("customers", null, 20L, 19L, false, 0),
            (gap.Feed, gap.Day, gap.ReportedCount, gap.Records, gap.Accepted, run.Items.Unproven)
        );
        Assert.Equal(Proof.None, Assert.Single(run.Windows, window => window.Feed == "customers").Proof);
        Assert.Contains(
            lane.App.Logs.Lines,
            line => line.Level == LogLevel.Error && line.Text.Contains("the list has been short", StringComparison.Ordinal)
        );
        Assert.Equal(19, (await ChangeLedger.ReadAsync(lane.App)).Count);

        // Whom it has is written to. Whom it lacks may be hidden: nobody is created.
        await lane.DeliverAsync([upserts[0]]);
        await lane.PumpUntilAsync(async () =>
        {
            await lane.SweepAsync();
            return (await lane.StatesAsync(upserts.Skip(1))).TrueForAll(state => state == ("waiting", MayBeHidden));
        });
        Assert.Equal("Bodø", $"{lane.Record(imported[0])["city"]}");
        Assert.DoesNotContain(lane.Cube.Requests.All, request => request.Method == "POST");

        // Nothing follows from what it lacks, everything from what it has.
        data.EditCustomer(lane.Assignment, ids[1], "city", "Ørsta");
        data.DeleteCustomer(lane.Assignment, ids[2]);
        var added = data.AddCustomer(lane.Assignment);
        run = await lane.App.RunAsync(Snapshot);
        Assert.Equal(
            [("created", data.ImportedIdOf(lane.Assignment, added)), ("updated", imported[1])],
            (await ChangeLedger.NewsAsync(lane.App, run.RunId))
                .Where(line => $"{line["origin"]}" == "cube")
                .Select(line => ($"{line["op"]}", $"{line["customerId"]}"))
                .Order()
        );

        // Accepted it is read on, and is open again when more is missing.
        var id = Assert.Single(await lane.App.Get<GapStore>().ListAsync(Token)).Id;
        Assert.Equal($"{data.PlaceOf(lane.Assignment)}:customers:snapshot", id);
        Assert.True(await lane.App.Get<GapStore>().AcceptAsync(id, "a test", Token));
        run = await lane.App.RunAsync(Snapshot);
        Assert.True(Assert.Single(run.Gaps!).Accepted);
        Assert.Single(run.Windows, window => window.Feed == "customers");
        data.LosePermission(lane.Assignment, number => number is Hidden or Hidden + 1);
        lane.Cube.Faults.Clear();
        lane.Cube.Faults.Add("count-high,rows=2,path=/customers");
        run = await lane.App.RunAsync(Snapshot);
        Assert.False(Assert.Single(run.Gaps!).Accepted);
        Assert.Empty(await ChangeLedger.ReadAsync(lane.App, run.RunId));

        // One whom the list no longer has is still known by the last that had him.
        var known = await lane.PostAsync($$"""{"customer_id":"{{imported[Hidden + 1]}}","city":"Vadsø"}""");
        data.RestorePermission(lane.Assignment);
        await lane.DeliverAsync(known);
        Assert.Equal("Vadsø", $"{lane.Record(imported[Hidden + 1])["city"]}");

        // Then the right is given: the gap closes by itself, and what waited goes.
        lane.Cube.Faults.Clear();
        run = await lane.App.RunAsync(Snapshot);
        Assert.Equal((null, 0), (run.Gaps, run.Items.Unproven));
        Assert.Empty(await lane.App.Get<GapStore>().ListAsync(Token));
        await lane.DeliverAsync(upserts);
        Assert.Equal(("Hamar", "Alta"), ($"{lane.Record(imported[Hidden])["city"]}", $"{lane.Record("NY-1")["city"]}"));
        await lane.App.RunAsync(Snapshot);
        var applied = ChangeLedger.Apply(await ChangeLedger.ReadAsync(lane.App));
        Assert.Equal(
            data.CustomerIds(lane.Assignment).Select(customer => data.ImportedIdOf(lane.Assignment, customer)).Order(),
            applied.Values.Select(record => $"{record["customer_id"]}").Order()
        );
        await RawLedger.CheckAllAsync(lane.App.Storage.Raw);
    }
}
