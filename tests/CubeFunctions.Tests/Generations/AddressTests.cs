using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Sync;
using Xunit;

namespace CubeFunctions.Tests.Generations;

/// <summary>A 404 for one customer means that the customer is gone only where the address is one that gives customers.</summary>
public sealed class AddressTests(AzuriteFixture azurite)
{
    private const string Plain = "/api/v1/data_owners/31/B2C/customers/";
    private const string UnderCrm = "/api/v1/data_owners/31/crm/B2C/customers/";
    private static readonly DateTimeOffset Start = new(2026, 6, 10, 9, 0, 0, TimeSpan.Zero);

    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    /// <summary>The list at one form of the path, single customers at the other, or at none.</summary>
    [Theory]
    [InlineData(UnderCrm, Plain)]
    [InlineData(Plain, UnderCrm)]
    [InlineData(Plain, null)]
    public async Task Whom_a_list_lacks_and_Cube_has_is_not_deleted(string list, string? address)
    {
        var (listed, there) = (Enumerable.Range(1, 30).ToHashSet(), Enumerable.Range(1, 30).ToHashSet());
        await using var cube = await ScriptedCube.StartAsync(
            TenantApi.DataOwners,
            request =>
                request.Path == list ? Scripted.Page(listed.Count, null, listed.Order().Select(Customer))
                : address is not null && there.FirstOrDefault(id => request.Path == $"{address}{id:D5}") is var id and > 0
                    ? Scripted.Json(Customer(id))
                : request.Is("/customers/") ? new Scripted(404, "{}"u8.ToArray())
                : null
        );
        var clock = new ShiftedClock(Start);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube.BaseUrl, clock);
        await app.RunAsync(Customers);

        // One is hidden, one is gone.
        listed.ExceptWith([7, 9]);
        there.Remove(9);
        var expected = address is null ? [] : new[] { "deleted 00009" };
        Assert.Equal(expected, await NewsAsync(app));

        // Where nobody can be asked for, a second look hours later has to do.
        listed.Add(7);
        clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal(address is null ? ["deleted 00009"] : [], await NewsAsync(app));
        Assert.Empty(await NewsAsync(app));
    }

    /// <summary>The tenant takes the imported id in the address, and the settings do not say so.</summary>
    [Fact]
    public async Task By_the_wrong_kind_of_id_nobody_is_deleted_at_once()
    {
        var clock = new ShiftedClock(Start);
        await using var cube = await CubeSimulator.StartAsync(
            GenerationTenant.Small with
            {
                Variants = [Variant.CustomerByImportedId],
                AnonymisedPerThousand = 0,
            },
            clock,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        var gone = cube.Data.CustomerIds(assignment).ElementAt(9);
        var imported = cube.Data.ImportedIdOf(assignment, gone);
        cube.Data.DeleteCustomer(assignment, gone);
        Assert.Empty(await NewsAsync(app));
        Assert.Single(app.Logs.Lines, line => line.Text.Contains("Cube__CustomerIdInUrl", StringComparison.Ordinal));
        clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal([$"deleted {imported}"], await NewsAsync(app));
    }

    private static string Customer(int id) => $$"""{"crm__customer_id":"{{id:D5}}","crm__standard_info__name":"Kari {{id}}"}""";

    private static async Task<IEnumerable<string>> NewsAsync(TestApp app) =>
        (await ChangeLedger.NewsAsync(app, (await app.RunAsync(Customers)).RunId)).Select(line => $"{line["op"]} {line["customerId"]}");
}
