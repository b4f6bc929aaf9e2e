using Cube.Simulator;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Generations;

public sealed class HeldTests(AzuriteFixture azurite)
{
    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [InlineData(TenantApi.Assignments, TenantApi.DataOwners)]
    [InlineData(TenantApi.DataOwners, TenantApi.Assignments)]
    public async Task A_tenant_that_changes_generation_is_read_again_once_somebody_has_decided(TenantApi before, TenantApi after)
    {
        await using var cube = await GenerationTenant.StartAsync(before);
        var storage = await azurite.NewAccountAsync();
        await using (var app = await TestApp.StartAsync(storage, cube))
        {
            Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(Customers)).Status);
            cube.Data.Switch(after);
            cube.Requests.Clear();
        }

        // A process that has recognised nothing itself holds to what the first one has.
        await using (var app = await TestApp.StartAsync(storage, cube))
        {
            var run = await app.RunAsync(Customers);
            Assert.Equal((RunStatus.Failed, "campaigns"), (run.Status, Assert.Single(run.Failures).Feed));
            Assert.Contains($"Cube__Api={after} moves to it", run.Failures[0].Reason, StringComparison.Ordinal);
            Assert.DoesNotContain(cube.Requests.All, request => request.Path.Contains("/customers", StringComparison.Ordinal));
        }

        await using (var app = await TestApp.StartAsync(storage, cube, null, ("Cube__Api", $"{after}")))
        {
            var run = await app.RunAsync(Customers);
            Assert.Equal(RunStatus.Succeeded, run.Status);
            Assert.Equal(
                [after == TenantApi.DataOwners ? ("crm", cube.Data.CrmIds[0]) : ("assignment", $"{cube.Data.AssignmentIds[0]}")],
                run.Windows.Where(window => window.Feed == "customers").Select(window => (window.Scope, window.ScopeId))
            );
        }
    }

    [Fact]
    public async Task A_path_of_two_forms_is_tried_once_in_each_and_the_one_found_is_remembered()
    {
        await using var cube = await GenerationTenant.StartAsync(TenantApi.DataOwners, Variant.CustomersUnderCrm);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.RunAsync(Customers);
        await app.RunAsync(Customers);
        var requests = cube.Requests.All.Where(request => request.Path.Contains("/customers/", StringComparison.Ordinal)).ToList();
        Assert.Single(requests, request => !request.Path.Contains("/crm/", StringComparison.Ordinal));
        Assert.True(requests.Count > 5);
    }

    [Fact]
    public async Task A_customer_is_asked_for_at_the_path_that_the_tenant_has()
    {
        await using var cube = await GenerationTenant.StartAsync(TenantApi.DataOwners, Variant.CustomersUnderCrm, Variant.CrmTypeFreeNames);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, ("Cube__Api", "DataOwners"));
        var crm = cube.Data.CrmIds[0];
        var id = cube
            .Data.Records("crm", crm, "customers")
            .Select(customer => $"{customer["crm__customer_id"]}")
            .First(value => value.Length > 0);
        using var found = await app.Get<CubeClient>()
            .SendCustomerAsync(HttpMethod.Get, crm, id, null, TestContext.Current.CancellationToken);
        Assert.NotEqual(0, found.Length);
        var gone = await Assert.ThrowsAsync<CubeException>(() =>
            app.Get<CubeClient>().SendCustomerAsync(HttpMethod.Get, crm, "nobody", null, TestContext.Current.CancellationToken)
        );
        Assert.Equal(CubeFailureKind.NotFound, gone.Kind);
    }
}
