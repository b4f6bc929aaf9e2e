using Cube.Simulator;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Model;
using CubeFunctions.Local.Commands;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Erasure;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Generations;

/// <summary>An account with history moves over to the other generation.</summary>
public sealed class SwitchTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData(TenantApi.Assignments, TenantApi.DataOwners)]
    [InlineData(TenantApi.DataOwners, TenantApi.Assignments)]
    public async Task Everything_is_read_once_and_no_change_is_published_that_is_not_one(TenantApi before, TenantApi after)
    {
        await using var cube = await GenerationTenant.StartAsync(before);
        var storage = await azurite.NewAccountAsync();
        var start = ("Sync__StartDate", cube.Data.Today.AddDays(-6).ToString("yyyy-MM-dd"));
        var (campaign, assignment) = (cube.Data.CampaignIds()[0], cube.Data.AssignmentIds[0]);
        var customer = cube.Data.CustomerIds(assignment).ElementAt(2);
        await using (var app = await TestApp.StartAsync(storage, cube, null, start))
        {
            await app.RunAsync(GenerationTenant.Everything);
            cube.Data.EditCustomer(assignment, customer, "phone_1", "+47 900 00 001");
            Assert.Contains(
                await ChangeLedger.NewsAsync(app, (await app.RunAsync(GenerationTenant.Everything)).RunId),
                line => (string)line["op"]! == "updated"
            );
        }

        cube.Data.Switch(after);
        await using (var app = await TestApp.StartAsync(storage, cube, null, start, ("Cube__Api", $"{after}")))
        {
            // Without a listing nothing is read under names that mean something else now.
            cube.Faults.Add(new Fault { Kind = FaultKind.Forbidden403, PathContains = "/campaigns" });
            Assert.Equal(["campaigns"], (await app.RunAsync(GenerationTenant.Everything)).Failures.Select(failure => failure.Feed));
            cube.Faults.Clear();

            var moved = await app.RunAsync(GenerationTenant.Everything);
            Assert.Equal((RunStatus.Succeeded, 0), (moved.Status, moved.Items.Unproven));
            Assert.Empty(await ChangeLedger.NewsAsync(app, moved.RunId));
            var expected = GenerationTenant.Expected(cube, cube.Data.Today.AddDays(-6), cube.Data.Today);
            var stored = await GenerationTenant.StoredAsync(app, moved, System.Text.Encoding.UTF8);
            foreach (var (feed, records) in expected)
            {
                Assert.Equal(records.Order(StringComparer.Ordinal), stored[feed].Order(StringComparer.Ordinal));
            }

            Assert.Empty(await ChangeLedger.NewsAsync(app, (await app.RunAsync(GenerationTenant.Everything)).RunId));

            // From then on changes are changes again, in the feeds that both generations have as well.
            cube.Data.EditCustomer(assignment, customer, "phone_1", "+47 900 00 002");
            cube.Data.AddSms(campaign, customer);
            var news = await ChangeLedger.NewsAsync(app, (await app.RunAsync(GenerationTenant.Everything)).RunId);
            var scope = after == TenantApi.DataOwners ? ("crm", cube.Data.CrmOf(assignment)) : ("assignment", $"{assignment}");
            Assert.Equal(
                scope,
                Assert.Single(
                    news.Where(line => (string)line["feed"]! == "customers" && (string)line["op"]! == "updated")
                        .Select(line => ((string)line["scope"]!, (string)line["scopeId"]!))
                )
            );
            Assert.Contains(news, line => (string)line["feed"]! == "sms" && (string)line["op"]! == "recorded");
            Assert.DoesNotContain(news, line => (string)line["op"]! is "created" or "deleted" or "removed" or "corrected");

            // An order takes out what is kept under one id, and names those under which the same person may be kept from before.
            string IdBefore(int id) => before == TenantApi.DataOwners ? cube.Data.CrmOf(id) : $"{id}";
            var imported = $"{cube.Data.Customer(assignment, customer)!["customer_id"]}";
            var eraser = app.Get<PersonEraser>();
            var report = await eraser.EraseAsync(scope.Item2, imported, TestContext.Current.CancellationToken);
            Assert.True(report.Found);
            Assert.Equal(cube.Data.AssignmentIds.Select(IdBefore).Order(StringComparer.Ordinal), report.OtherGeneration);
            Assert.Contains(
                $"Customers of {string.Join(", ", report.OtherGeneration)} are kept",
                ErasureText.Of(report),
                StringComparison.Ordinal
            );
            var earlier = await eraser.EraseAsync(IdBefore(assignment), imported, TestContext.Current.CancellationToken);
            Assert.True(earlier.Found);
            Assert.Contains(scope.Item2, earlier.OtherGeneration);
            Assert.Empty((await AccountDump.OfAsync(app)).Find([imported]));
        }
    }

    [Fact]
    public void What_begins_anew_is_what_both_generations_have() =>
        Assert.Equal(
            ["callflow_customers", "sms"],
            FeedCatalogue
                .All.Where(FeedCatalogue.IsOfBoth)
                .Where(feed => feed.Scope != ScopeKind.Tenant)
                .Select(feed => feed.Setting)
                .Order()
        );
}
