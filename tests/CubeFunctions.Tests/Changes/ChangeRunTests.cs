using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

public sealed class ChangeRunTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 300,
        PageSize = 50,
        ResponsesPerCampaignPerDay = 20,
        CallflowCustomersPerCampaign = 60,
        AnonymisedPerThousand = 0,
    };

    private static RunRequest All => new(RunKind.Scheduled, FeedCatalogue.Default);

    [Theory]
    [OverGenerations]
    public async Task The_first_run_tells_everything_and_a_run_after_no_change_writes_no_file_and_no_state(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(All);
        var first = await ChangeLedger.ReadAsync(app);
        var today = cube.Data.Today;
        AtLeastOne.All(first, line => Assert.True((string)line["op"]! is "created" or "recorded"));
        Assert.Equal(300, first.Count(line => (string)line["feed"]! == "customers"));
        Assert.Equal(120, first.Count(line => (string)line["feed"]! == "callflow_customers"));
        Assert.Equal(
            cube.Data.CampaignIds().Sum(id => cube.Data.Responses(id, today.AddDays(-30), today).Count()),
            first.Count(line => (string)line["feed"]! == api.Calls().Name)
        );
        Assert.Equal(first.Count, ChangeLedger.Apply(first).Count);

        // The second reads a window of other days (the look-back), the third the same once more.
        var states = await ChangeLedger.StatesAsync(app);
        var second = await app.RunAsync(All);
        var third = await app.RunAsync(All);
        Assert.Empty(await ChangeLedger.ReadAsync(app, second.RunId));
        Assert.Empty(await ChangeLedger.ReadAsync(app, third.RunId));
        Assert.Equal(states, await ChangeLedger.StatesAsync(app));
    }

    [Theory]
    [OverGenerations]
    public async Task Each_change_of_a_customer_is_told_once(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(All);
        var assignment = cube.Data.AssignmentIds[0];
        var ids = cube.Data.CustomerIds(assignment).ToList();
        cube.Data.EditCustomer(assignment, ids[3], "city", "Ålesund");
        cube.Data.DeleteCustomer(assignment, ids[120]);
        cube.Data.AnonymiseCustomer(assignment, ids[200]);
        var added = cube.Data.AddCustomer(assignment, new() { ["name"] = "Ny Kunde", ["customer_id"] = "CRM-NY" });
        var run = await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers]));
        var lines = (await ChangeLedger.ReadAsync(app, run.RunId)).ToDictionary(line => (string)line["key"]!);
        Assert.Equal(4, lines.Count);
        Assert.Equal("updated", (string)lines[$"{ids[3]}"]["op"]!);
        Assert.Equal(["city"], lines[$"{ids[3]}"]["changed"]!.AsArray().Select(name => (string)name!));
        Assert.Equal("deleted", (string)lines[$"{ids[120]}"]["op"]!);
        Assert.Null(lines[$"{ids[120]}"]["record"]);
        Assert.Equal("erased", (string)lines[$"{ids[200]}"]["op"]!);
        Assert.Equal("Anonymized", (string)lines[$"{ids[200]}"]["record"]!["name"]!);
        Assert.Equal("created", (string)lines[$"{added}"]["op"]!);

        var quiet = await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers]));
        Assert.Empty(await ChangeLedger.ReadAsync(app, quiet.RunId));
        Assert.DoesNotContain(app.Logs.Lines, line => line.Text.Contains($"{ids[120]}", StringComparison.Ordinal));
    }
}
