using System.Text.Json;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs.Models;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>
/// Change files as others read them, beside this file: one line of each op and feed. What differs from run to run (ids, runs, times) is
/// replaced.
/// <c>CUBE_GOLDEN=write</c> writes them anew.
/// </summary>
public sealed partial class GoldenFileTests(AzuriteFixture azurite)
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
    public async Task Change_files_of_each_op_and_feed(TenantApi api) =>
        await CompareAsync(api, "plain", ("Changes__JoinCustomer", "false"));

    [Theory]
    [OverGenerations]
    public async Task Change_files_with_labels_and_customers_joined_in(TenantApi api) =>
        await CompareAsync(api, "joined", ("Changes__JoinCustomer", "true"), ("Changes__LabelCustomFields", "true"));

    private async Task CompareAsync(TenantApi api, string folder, params (string, string)[] settings)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            clock,
            [.. settings, ("Sync__StartDate", "2026-06-08")]
        );
        var (assignment, campaign) = (cube.Data.AssignmentIds[0], cube.Data.CampaignIds()[0]);
        var ids = cube.Data.CustomerIds(assignment).ToList();
        var today = new DateTime(2026, 6, 10, 8, 30, 0, DateTimeKind.Unspecified);

        // Labels and snapshots first, so that there is somebody to join in.
        await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.CustomFields]));
        await app.RunAsync(RunRequest.Snapshot(FeedCatalogue.Default));
        await app.RunAsync(RunRequest.Scheduled(FeedCatalogue.Default));
        cube.Data.AddResponse(campaign, ids[1], today, comment: "Ønsker \"tilbud\" i høst");
        cube.Data.AddSms(campaign, ids[2], today, "Hei på deg!");
        await app.RunAsync(RunRequest.Scheduled(FeedCatalogue.Default));
        cube.Data.CorrectResponse(campaign, cube.Data.Today, 0, "Ønsker ikke tilbud");
        cube.Data.RemoveResponse(campaign, cube.Data.Today.AddDays(-1), 0);
        cube.Data.RemoveSms(campaign, cube.Data.Today.AddDays(-1), 0);
        cube.Data.SetCallState(campaign, ids[4], "Completed - Yes");
        cube.Data.EditCustomer(assignment, ids[3], api == TenantApi.DataOwners ? "email" : "city", "Ålesund");
        cube.Data.DeleteCustomer(assignment, ids[5]);
        if (api == TenantApi.DataOwners)
        {
            // Who is gone together with somebody who loses the ids there is taken for erased.
            await app.RunAsync(RunRequest.Snapshot(FeedCatalogue.Default));
        }

        cube.Data.AnonymiseCustomer(assignment, ids[2]);
        cube.Data.AddCustomer(assignment, new() { ["customer_id"] = "CRM-7", ["name"] = "Ny Kunde" });
        await app.RunAsync(RunRequest.Scheduled(FeedCatalogue.Default));
        await app.RunAsync(RunRequest.Snapshot(FeedCatalogue.Default));
        clock.Advance(TimeSpan.FromHours(5));
        await app.RunAsync(RunRequest.Scheduled(FeedCatalogue.Default));
        await app.RunAsync(RunRequest.Snapshot(FeedCatalogue.Default));

        var lines = await FirstLinesAsync(app);
        var calls = api.Calls().Name;
        string[] expected =
        [
            "callflow_customers.baseline",
            "callflow_customers.deleted",
            "callflow_customers.erased",
            "callflow_customers.updated",
            "customers.baseline",
            "customers.created",
            "customers.deleted",
            "customers.erased",
            "customers.updated",
            $"{calls}.baseline",
            $"{calls}.corrected",
            $"{calls}.recorded",
            $"{calls}.removed",
            .. api == TenantApi.DataOwners ? ["product_registrations.corrected", "product_registrations.recorded"] : Array.Empty<string>(),
            "sms.baseline",
            "sms.corrected",
            "sms.recorded",
            "sms.removed",
        ];
        Assert.Equal(string.Join(' ', expected.Order(StringComparer.Ordinal)), string.Join(' ', lines.Keys));
        folder += api == TenantApi.DataOwners ? "-dataowners" : "";
        foreach (var (name, line) in lines)
        {
            var path = Path.Combine("tests", "CubeFunctions.Tests", "Changes", "Golden", folder, $"{name}.ndjson");
            if (Environment.GetEnvironmentVariable("CUBE_GOLDEN") == "write")
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Repository.Root, path))!);
                await File.WriteAllTextAsync(Path.Combine(Repository.Root, path), line, TestContext.Current.CancellationToken);
            }

            Assert.Equal(Repository.Read(path), line);
        }
    }

    /// <summary>The first line of each feed and op, with the path of its file in front.</summary>
    private static async Task<SortedDictionary<string, string>> FirstLinesAsync(TestApp app)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var names = new List<string>();
        await foreach (
            var blob in app.Storage.ChangeFiles.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken)
        )
        {
            names.Add(blob.Name);
        }

        foreach (var name in names.OrderBy(name => name[name.IndexOf("run=", StringComparison.Ordinal)..], StringComparer.Ordinal))
        {
            foreach (var line in (await ChangeLedger.TextAsync(app, name))[..^1].Split('\n'))
            {
                var json = JsonDocument.Parse(line).RootElement;
                found.TryAdd($"{json.GetProperty("feed")}.{json.GetProperty("op")}", Varying().Replace($"{name}\n{line}\n", "$1*"));
            }
        }

        return found;
    }

    [GeneratedRegex("""((?<=/)run=|"id":"(?=[0-9a-f]{32}")|"at":"|"customerReadAt":"|"runId":")[^_"]+|("updated":"2026-06-10 )[^"]+""")]
    private static partial Regex Varying();
}
