using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Operations;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Generations;

/// <summary>CRMs whose type has a name of the tenant's own, wherever a person or a program names one.</summary>
public sealed class FreeNameTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData("3-B2C", true)]
    [InlineData("4-Privat/kunder, Øst", true)]
    [InlineData("4-100% ?#&=+~'\"\\|:;<>", true)]
    [InlineData("4-日本", true)]
    [InlineData("4-../..", true)]
    [InlineData("17", true)]
    [InlineData("4-", false)]
    [InlineData("4- B2C", false)]
    [InlineData("4-B2C\n", false)]
    [InlineData("4-..", false)]
    [InlineData("a b-B2C", false)]
    [InlineData("Øst-B2C", true)]
    [InlineData(".-B2C", false)]
    [InlineData("", false)]
    public void A_name_is_taken_as_it_is_and_names_rows_and_blobs_safely(string id, bool isTaken)
    {
        Assert.Equal(isTaken, Scope.IsAssignmentOrCrm(id));
        if (isTaken)
        {
            var scope = new Scope(ScopeKind.Crm, id);
            Assert.Matches("^crm=[A-Za-z0-9._~-]+$", $"{scope}");
            Assert.Equal(scope, Scope.Parse($"{scope}"));
        }
    }

    [Fact]
    public void A_name_too_long_for_a_row_is_none() => Assert.False(Scope.IsAssignmentOrCrm("4-" + new string('ø', 100)));

    [Fact]
    public async Task It_is_read_by_order_held_back_released_and_shown_under_its_own_name()
    {
        await using var cube = await CubeSimulator.StartAsync(
            GenerationTenant.Small with
            {
                Api = TenantApi.DataOwners,
                Variants = [Variant.CrmTypeFreeNames],
                AnonymisedPerThousand = 0,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        var (assignment, place) = (cube.Data.AssignmentIds[0], cube.Data.CrmIds[0]);
        Assert.Contains("/", place, StringComparison.Ordinal);
        Assert.Contains(",", place, StringComparison.Ordinal);
        await OrderAsync(app, http, place);
        cube.Data.CustomerIds(assignment).Take(40).ToList().ForEach(id => cube.Data.DeleteCustomer(assignment, id));
        await OrderAsync(app, http, place);

        await app.Get<Janitor>().RunAsync(force: true, TestContext.Current.CancellationToken);
        var status = await http.GetAsync("status");
        var scope = Assert.Single(
            status.Json.GetProperty("scopes").EnumerateArray().ToList(),
            row => row.GetProperty("deletionsHeldBack").GetBoolean()
        );
        Assert.Equal(place, scope.GetProperty("scopeId").GetString());
        var held = Assert.Single(status.Json.GetProperty("backlog").GetProperty("changes").GetProperty("oldest").EnumerateArray().ToList());
        Assert.Contains(place, held.GetProperty("reason").GetString(), StringComparison.Ordinal);
        var released = await http.ActAsync("replay", $$"""{"what":"changes","ids":["{{held.GetProperty("id").GetString()}}"]}""");
        Assert.True(released.Status is 200 or 202, released.Text);
        var lines = await ChangeLedger.NewsAsync(app, await OrderAsync(app, http, place));
        Assert.Equal(40, lines.Count);
        AtLeastOne.All(lines, line => Assert.Equal(("deleted", place), ((string)line["op"]!, (string)line["scopeId"]!)));

        (await http.ActAsync("runs", """{"assignments":["9-No/such"],"feeds":["customers"]}""")).AssertProblem(400);
        (await http.ActAsync("runs", """{"assignments":["4-\n"],"feeds":["customers"]}""")).AssertProblem(400);
    }

    private static async Task<string> OrderAsync(TestApp app, TestHttp http, string place)
    {
        var started = await http.ActAsync("runs", $$"""{"assignments":["{{place}}"],"feeds":["customers"]}""");
        Assert.True(started.Status == 202, started.Text);
        var run = await app.FinishAsync(started["runId"]);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal([place], run.Windows.Where(window => window.Feed == "customers").Select(window => window.ScopeId));
        return run.RunId;
    }
}
