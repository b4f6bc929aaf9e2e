using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Json.Schema;
using Xunit;

namespace CubeFunctions.Tests.Formats;

/// <summary>
/// The schemas in docs describe the files that are written: each member of a real file is in its schema, and the other way round.
/// </summary>
public sealed class SchemaTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 20,
        PageSize = 8,
        ResponsesPerCampaignPerDay = 4,
        SmsPerCampaignPerDay = 3,
        CallflowCustomersPerCampaign = 10,
        AnonymisedPerThousand = 0,
    };

    [Theory]
    [OverGenerations]
    public async Task Files_of_real_runs_are_as_their_schemas_say(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            clock,
            ("Sync__StartDate", "2026-06-08"),
            ("Changes__JoinCustomer", "true"),
            ("Changes__LabelCustomFields", "true")
        );
        var (assignment, campaign) = (cube.Data.AssignmentIds[0], cube.Data.CampaignIds()[0]);
        var ids = cube.Data.Customers(assignment).Select(customer => (long)customer["id"]!).ToList();
        await app.RunAsync(RunRequest.Snapshot(FeedCatalogue.Default));
        await app.RunAsync(RunRequest.Scheduled(FeedCatalogue.Default));
        cube.Data.CorrectResponse(campaign, cube.Data.Today, 0, "Ønsker ikke tilbud");
        cube.Data.RemoveResponse(campaign, cube.Data.Today.AddDays(-1), 0);
        cube.Data.EditCustomer(assignment, ids[3], "city", "Ålesund");
        cube.Data.DeleteCustomer(assignment, ids[5]);
        cube.Data.AnonymiseCustomer(assignment, ids[2]);
        cube.Data.AddCustomer(assignment, new() { ["customer_id"] = "CRM-7", ["name"] = "Ny Kunde" });

        // A failure has a place in the run's manifest, too.
        cube.Faults.Add($"403,path=/campaigns/{campaign}/sms");
        await app.RunAsync(RunRequest.Snapshot(FeedCatalogue.Default));
        await app.RunAsync(RunRequest.Scheduled(FeedCatalogue.Default));
        clock.Advance(TimeSpan.FromHours(5));
        await app.RunAsync(RunRequest.Scheduled(FeedCatalogue.Default));

        var manifests = await ReadAsync(app.Storage.Raw, name => name.EndsWith("/_manifest.json", StringComparison.Ordinal));
        var runs = await ReadAsync(app.Storage.Raw, name => name.StartsWith("runs/", StringComparison.Ordinal));
        var lines = (await ReadAsync(app.Storage.ChangeFiles, name => name.EndsWith(".ndjson", StringComparison.Ordinal)))
            .SelectMany(file => file.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            .ToList();
        Check("manifest", manifests, atLeast: 8);
        Check("run", runs, atLeast: 4);
        Check("change", lines, atLeast: 6);
        string[] expected = ["corrected", "created", "deleted", "erased", "removed", "updated"];
        Assert.Empty(expected.Except(lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("op").GetString()!)));
    }

    [Theory]
    [InlineData("manifest", """{"schema":1}""")]
    [InlineData("run", """{"schema":2,"runId":"a"}""")]
    [InlineData(
        "change",
        """{"schema":2,"id":"a","op":"created","origin":"cube","feed":"customers","scope":"assignment","scopeId":"1","at":"2026-06-10T09:00:00Z","runId":"a","unknown":1}"""
    )]
    public void What_is_no_such_file_is_refused(string schema, string file) => Assert.NotNull(FaultOf(Read(schema), file));

    private static void Check(string name, List<string> files, int atLeast)
    {
        var schema = Read(name);
        Assert.True(files.Count >= atLeast, $"{files.Count} files for the schema {name}");
        Assert.Empty(files.Select(file => FaultOf(schema, file)).OfType<string>());
    }

    private static JsonSchema Read(string name) => JsonSchema.FromText(Repository.Read($"docs/schemas/{name}.schema.json"));

    private static string? FaultOf(JsonSchema schema, string file)
    {
        using var document = JsonDocument.Parse(file);
        var result = schema.Evaluate(document.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        return result.IsValid
            ? null
            : string.Join(
                "; ",
                (result.Details ?? [])
                    .Where(detail => detail.Errors is not null)
                    .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation} {error.Value}"))
            ) + $" in {file}";
    }

    private static async Task<List<string>> ReadAsync(BlobContainerClient container, Func<string, bool> isWanted)
    {
        var files = new List<string>();
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken))
        {
            if (isWanted(blob.Name))
            {
                files.Add(
                    Encoding.UTF8.GetString(
                        (await container.GetBlobClient(blob.Name).DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content
                    )
                );
            }
        }

        return files;
    }
}
