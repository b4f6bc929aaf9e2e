using System.Text;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Generations;

public sealed class StoredTests(AzuriteFixture azurite)
{
    [Theory]
    [MemberData(nameof(GenerationTenant.EveryVariant), MemberType = typeof(GenerationTenant))]
    public async Task Every_record_of_every_feed_is_stored_as_the_tenant_sent_it(TenantApi api, Variant variant)
    {
        await using var cube = await GenerationTenant.StartAsync(api, variant);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, GenerationTenant.SettingsFor(variant));
        var run = await app.RunAsync(GenerationTenant.Everything);
        Assert.Equal(
            "",
            string.Join('|', run.Failures.Select(failure => $"{failure.Feed} of {failure.Scope} {failure.ScopeId}: {failure.Reason}"))
        );
        Assert.Equal((RunStatus.Succeeded, 0), (run.Status, run.Items.Unproven));
        var today = cube.Data.Today;
        var expected = GenerationTenant.Expected(cube, today.AddDays(-30), today);
        var stored = await GenerationTenant.StoredAsync(
            app,
            run,
            variant is Variant.Latin1 or Variant.Latin1Undeclared ? Encoding.Latin1 : Encoding.UTF8
        );
        Assert.Equal(expected.Keys.Append("tenant all campaigns").Order(), stored.Keys.Order());
        foreach (var (feed, records) in expected)
        {
            Assert.Equal(records.Order(StringComparer.Ordinal), stored[feed].Order(StringComparer.Ordinal));
        }

        // Broken entries cost themselves, by name; a campaign without assignment or CRM is read for its own feeds.
        Assert.Equal(
            variant switch
            {
                Variant.ListingBroken => 3,
                Variant.CampaignWithoutScope => 1,
                _ => 0,
            },
            run.Notices?.Count ?? 0
        );
        Assert.Contains(
            expected,
            feed =>
                feed.Key.EndsWith(api == TenantApi.DataOwners ? "call_outcomes" : "responses", StringComparison.Ordinal)
                && feed.Value.Count > 0
        );
        Assert.Single(app.Logs.Lines, line => line.Text.Contains($"Cube's API is read as {api}", StringComparison.Ordinal));
    }
}
