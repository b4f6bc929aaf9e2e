using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary><c>export --changes</c>: whole data out of change files.</summary>
public sealed class ExportTests(AzuriteFixture azurite)
{
    [Theory]
    [OverGenerations]
    public async Task Exported_changes_applied_in_order_hold_what_the_tenant_holds(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions
            {
                Campaigns = 1,
                CustomersPerAssignment = 40,
                PageSize = 15,
                AnonymisedPerThousand = 0,
            }.EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        var account = await azurite.NewAccountAsync();
        var assignment = cube.Data.AssignmentIds[0];
        var place = $"{cube.Data.PlaceOf(assignment)}".Replace('=', '-');
        await using (var app = await TestApp.StartAsync(account, cube))
        {
            var snapshot = Core.Sync.RunRequest.Snapshot([Core.Model.FeedCatalogue.Customers]);
            await app.RunAsync(snapshot);
            cube.Data.EditCustomer(assignment, 10_000_003, "city", "Vardø");
            await app.RunAsync(snapshot);
        }

        var folder = Directory.CreateTempSubdirectory("cube-export-");
        try
        {
            var (code, output, errors) = await CubeProcess.RunAsync(
                $"export --changes --feed customers --to {folder.FullName}",
                null,
                ("CubeStorage", account)
            );
            Assert.True(code == 0, errors);
            Assert.Contains($"changes/customers/{place}.ndjson: 41 lines", output, StringComparison.Ordinal);
            var lines = await File.ReadAllLinesAsync(
                Path.Combine(folder.FullName, "changes", "customers", $"{place}.ndjson"),
                TestContext.Current.CancellationToken
            );
            Assert.Equal(
                cube.Data.Customers(assignment).Select(record => record.ToJsonString()).Order(StringComparer.Ordinal),
                ChangeLedger
                    .Apply(lines.Select(line => JsonNode.Parse(line)!.AsObject()))
                    .Values.Select(record => record.ToJsonString())
                    .Order(StringComparer.Ordinal)
            );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
