using Azure.Data.Tables;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary><c>status</c> of a large tenant.</summary>
public sealed class StatusCommandTests(AzuriteFixture azurite)
{
    private static readonly string[] Feeds = ["responses", "sms"];

    [Fact]
    public async Task Thousands_of_campaigns_are_a_screen_not_a_line_each()
    {
        var account = await azurite.NewAccountAsync();
        var campaigns = TestScale.Of(300, 2000);
        var table = new TableClient(account, "CubeCheckpoints");
        await table.CreateAsync(TestContext.Current.CancellationToken);
        await Parallel.ForEachAsync(
            Enumerable.Range(1, campaigns),
            TestContext.Current.CancellationToken,
            async (id, token) =>
                await table.SubmitTransactionAsync(
                    Feeds.Select(feed => new TableTransactionAction(
                        TableTransactionActionType.Add,
                        new TableEntity($"campaign={id}", feed)
                        {
                            ["SchemaVersion"] = 1,
                            ["Feed"] = feed,
                            ["ScopeKind"] = "campaign",
                            ["ScopeId"] = $"{id}",
                            ["Through"] = id == 1 ? "2026-11-01" : "2026-11-24",
                            ["ProvenAt"] = TimeProvider.System.GetUtcNow(),
                        }
                    )),
                    token
                )
        );

        var started = TimeProvider.System.GetTimestamp();
        var (code, output, errors) = await CubeProcess.RunAsync("status", null, ("CubeStorage", account));
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{campaigns} campaigns: {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s"
        );
        Assert.True(code == 0, errors);
        Assert.InRange(output.Split('\n').Length, 5, 25);
        Assert.Contains($"{campaigns}", output, StringComparison.Ordinal);

        // The one that lags is seen.
        Assert.Contains("2026-11-01 to 2026-11-24", output, StringComparison.Ordinal);
        var (_, all, _) = await CubeProcess.RunAsync("status --all", null, ("CubeStorage", account));
        Assert.InRange(all.Split('\n').Length, Feeds.Length * campaigns, (Feeds.Length * campaigns) + 25);
    }
}
