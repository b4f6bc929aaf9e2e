using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Operations;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Generations;

/// <summary>A run over a listing of thousands of campaigns, three of which are broken.</summary>
public sealed class ManyCampaignsTests(AzuriteFixture azurite)
{
    [Theory]
    [OverGenerations]
    public async Task Of_5000_campaigns_three_broken_ones_cost_themselves_and_the_others_are_read(TenantApi api)
    {
        var campaigns = TestScale.Of(47, 4997);
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions
            {
                Api = api,
                Variants = [Variant.ListingBroken],
                Campaigns = campaigns,
                EndedCampaigns = 0,
                CampaignsPerAssignment = 500,
                CustomersPerAssignment = 20,
                ResponsesPerCampaignPerDay = 2,
            },
            null,
            TestContext.Current.CancellationToken
        );
        var account = await azurite.NewAccountAsync();
        await using var app = await TestApp.StartAsync(account, cube, null, ("Sync__StartDate", cube.Data.Today.AddDays(-1).Iso()));
        var started = TimeProvider.System.GetTimestamp();
        var run = await app.RunAsync(RunRequest.Scheduled(Generation.EitherCalls), workers: 16);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{campaigns} campaigns: {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s"
        );
        Assert.Equal((RunStatus.Succeeded, campaigns + 1, 0), (run.Status, run.Items.Succeeded, run.Failures.Count));
        Assert.Equal(
            cube.Data.CampaignIds().Select(id => $"{id}").Order(StringComparer.Ordinal),
            run.Windows.Where(window => window.Feed == api.Calls().Name)
                .Select(window => window.ScopeId)
                .Distinct()
                .Order(StringComparer.Ordinal)
        );
        var yesterday = cube.Data.Today.AddDays(-1);
        Assert.Equal(
            cube.Data.RecordsOf(api.Calls(), yesterday, cube.Data.Today).LongCount(),
            run.Windows.Where(window => window.Feed == api.Calls().Name).Sum(window => window.Records)
        );

        // By name, in the run and where people look.
        Assert.Equal(3, run.Notices!.Count);
        AtLeastOne.All(
            run.Notices,
            notice => Assert.Contains("of the campaigns listing has no campaign_id", notice, StringComparison.Ordinal)
        );
        await using var http = await TestHttp.StartAsync(app);
        var newest = (await http.GetAsync("status")).Json.GetProperty("runs")[0];
        Assert.Equal(run.RunId, newest.GetProperty("runId").GetString());
        Assert.Equal(run.Notices, newest.GetProperty("notices").EnumerateArray().Select(notice => notice.GetString()!));
        var (code, output, errors) = await CubeProcess.RunAsync("status", null, ("CubeStorage", account));
        Assert.True(code == 0, errors);
        Assert.InRange(output.Split('\n').Length, 5, 25);
        AtLeastOne.All(run.Notices, notice => Assert.Contains(notice, output, StringComparison.Ordinal));
    }
}
