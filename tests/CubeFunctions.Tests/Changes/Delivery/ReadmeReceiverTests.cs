using System.Diagnostics;
using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes.Delivery;

/// <summary>The documented receiver, run as it stands there.</summary>
public sealed class ReadmeReceiverTests(AzuriteFixture azurite)
{
    [Theory]
    [OverGenerations]
    public async Task The_receiver_of_the_readme_takes_what_we_sign_and_nothing_else(TenantApi api)
    {
        var folder = Directory.CreateTempSubdirectory("cube-receiver-");
        var script = Path.Combine(folder.FullName, "receiver.js");
        var readme = Repository.Read("docs/changes.md");
        var start = readme.IndexOf("```js\n", StringComparison.Ordinal) + "```js\n".Length;
        await File.WriteAllTextAsync(
            script,
            readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)],
            TestContext.Current.CancellationToken
        );
        var port = AzuriteProcess.FreePorts(1)[0];
        using var node = Process.Start(
            new ProcessStartInfo("node", [script])
            {
                RedirectStandardOutput = true,
                Environment = { ["CRM_SECRET"] = TestReceiver.Secret, ["PORT"] = $"{port}" },
            }
        )!;
        try
        {
            using var client = new HttpClient();
            await WaitFor.TrueAsync(async () => await StatusAsync(client, port) == 401, TimeSpan.FromSeconds(30));
            await using var cube = await CubeSimulator.StartAsync(
                new SimulatorOptions { Campaigns = 1, CustomersPerAssignment = 20 }.EarlyIn(api),
                null,
                TestContext.Current.CancellationToken
            );
            await using var app = await TestApp.StartAsync(
                await azurite.NewAccountAsync(),
                cube,
                null,
                ("Changes__Crm__Url", $"http://127.0.0.1:{port}/"),
                ("Changes__Crm__Secret", TestReceiver.Secret)
            );
            var customers = RunRequest.Snapshot([FeedCatalogue.Customers]);
            await app.RunAsync(customers);
            var assignment = cube.Data.AssignmentIds[0];
            cube.Data.EditCustomer(assignment, (long)cube.Data.Customers(assignment).First()["id"]!, "city", "Ålesund");
            await app.RunAsync(customers);
            await app.Get<DeliveryWorker>()
                .DeliverAsync($"customers|{cube.Data.PlaceOf(assignment)}", TestContext.Current.CancellationToken);
            Assert.Equal(
                $"updated customers {cube.Data.PlaceOf(assignment).Id} city",
                await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)
            );
            Assert.Single(await DeliveryPump.RowsAsync(app, DeliveryState.Delivered));
        }
        finally
        {
            node.Kill();
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> StatusAsync(HttpClient client, int port)
    {
        try
        {
            using var content = new StringContent("{}");
            using var answer = await client.PostAsync(new Uri($"http://127.0.0.1:{port}/"), content, TestContext.Current.CancellationToken);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }
}
