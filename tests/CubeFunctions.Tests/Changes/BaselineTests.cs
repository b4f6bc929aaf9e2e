using System.Text.Json.Nodes;
using Azure.Storage.Blobs.Models;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>What is read for the first time is one line that names its pages; news after it carries its record.</summary>
public sealed class BaselineTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 60,
        PageSize = 20,
        ResponsesPerCampaignPerDay = 6,
        CallflowCustomersPerCampaign = 20,
        AnonymisedPerThousand = 0,
    };

    private static readonly DateTimeOffset Start = new(2026, 6, 10, 9, 0, 0, TimeSpan.Zero);

    private static RunRequest Responses => RunRequest.Scheduled(Generation.EitherCalls);

    [Theory]
    [OverGenerations]
    public async Task The_first_reading_of_each_feed_is_one_line_a_window_and_expands_to_what_the_pages_hold(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock, ("Sync__StartDate", "2026-06-01"));
        await app.RunAsync(new RunRequest(RunKind.Scheduled, FeedCatalogue.Default));
        var files = await FilesAsync(app);
        Assert.NotEmpty(files);
        AtLeastOne.All(files, file => Assert.Equal("baseline", (string)Assert.Single(file.Lines)["op"]!));
        var customers = Assert.Single(files, file => file.Name.StartsWith("customers/", StringComparison.Ordinal)).Lines[0];
        Assert.Equal(2, (int)customers["schema"]!);
        Assert.Equal(60, (int)customers["records"]!);
        Assert.Null(customers["from"]);
        Assert.NotNull(
            await app.Storage.Raw.GetBlobClient((string)customers["manifest"]!).DownloadContentAsync(TestContext.Current.CancellationToken)
        );
        var responses = files
            .Where(file => file.Name.StartsWith($"{api.Calls().Name}/", StringComparison.Ordinal))
            .Select(file => file.Lines[0])
            .ToList();
        Assert.Equal(
            ["2026-06-01..2026-06-09", "2026-06-10..2026-06-10"],
            responses.Select(line => $"{line["from"]}..{line["to"]}").Order(StringComparer.Ordinal)
        );
        var expanded = await ChangeLedger.ReadAsync(app);
        Assert.Equal(expanded.Count, expanded.Select(line => (string)line["id"]!).Distinct().Count());
        Assert.Equal(expanded.Select(line => line.ToJsonString()), (await ChangeLedger.ReadAsync(app)).Select(line => line.ToJsonString()));
        Assert.Equal(
            cube.Data.Customers(cube.Data.AssignmentIds[0]).Select(record => $"{record["customer_id"]}").Order(StringComparer.Ordinal),
            expanded
                .Where(line => (string)line["feed"]! == "customers")
                .Select(line => (string)line["customerId"]!)
                .Order(StringComparer.Ordinal)
        );
        AtLeastOne.All(expanded, line => Assert.Equal(cube.Data.PlaceOf(cube.Data.AssignmentIds[0]).Id, (string)line["assignmentId"]!));
    }

    [Theory]
    [OverGenerations]
    public async Task News_of_later_days_carries_its_record_also_where_a_day_was_missed(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock, ("Sync__StartDate", "2026-06-09"));
        await app.RunAsync(Responses);
        clock.Advance(TimeSpan.FromDays(4));
        var run = await app.RunAsync(Responses);
        var news = await ChangeLedger.NewsAsync(app, run.RunId);
        var campaign = cube.Data.CampaignIds()[0];
        Assert.Equal(
            cube.Data.Responses(campaign, new DateOnly(2026, 6, 11), cube.Data.Today).Count(),
            news.Count(line => (string)line["op"]! == "recorded" && string.CompareOrdinal(Day(line), "2026-06-10") > 0)
        );

        // Days before the first, which the look-back reaches, are no news.
        var baselines = (await FilesAsync(app, run.RunId)).SelectMany(file => file.Lines).Where(line => (string)line["op"]! == "baseline");
        Assert.DoesNotContain(baselines, line => string.CompareOrdinal((string)line["to"]!, "2026-06-09") >= 0);
    }

    [Theory]
    [OverGenerations]
    public async Task A_backfill_of_days_that_were_never_read_is_a_pointer_and_of_known_days_it_is_not(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock, ("Sync__StartDate", "2026-06-08"));
        await app.RunAsync(Responses);
        var campaign = cube.Data.CampaignIds()[0];
        cube.Data.CorrectResponse(campaign, new DateOnly(2026, 6, 8), 0, "rettet");
        var run = await app.RunAsync(
            Generation.WithCalls(RunKind.Manual) with
            {
                From = new DateOnly(2026, 6, 1),
                To = new DateOnly(2026, 6, 9),
            }
        );
        var lines = Assert.Single(await FilesAsync(app, run.RunId)).Lines;
        Assert.Equal(["baseline", "corrected"], lines.Select(line => (string)line["op"]!));
        Assert.Equal("2026-06-01..2026-06-07", $"{lines[0]["from"]}..{lines[0]["to"]}");
        var store = ChangeLedger.Apply(await ChangeLedger.ReadAsync(app));
        Assert.Equal(cube.Data.Responses(campaign, new DateOnly(2026, 6, 1), cube.Data.Today).Count(), store.Count);
    }

    [Theory]
    [OverGenerations]
    public async Task A_state_file_with_foreign_bytes_is_built_anew_and_named(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        var customers = RunRequest.Snapshot([FeedCatalogue.Customers]);
        await app.RunAsync(customers);
        var blob = app.Storage.State.GetBlobClient($"customers/{cube.Data.PlaceOf(cube.Data.AssignmentIds[0])}");
        var good = (await blob.DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content.ToArray();
        foreach (var bytes in (byte[][])["no state"u8.ToArray(), [], good[..^7], [.. good[..16], .. "{}"u8, .. good[18..]]])
        {
            await blob.UploadAsync(new BinaryData(bytes), overwrite: true, TestContext.Current.CancellationToken);
            cube.Data.EditCustomer(cube.Data.AssignmentIds[0], 10_000_001, "city", $"By {bytes.Length}");
            var run = await app.RunAsync(customers);
            Assert.Equal(RunStatus.Succeeded, run.Status);
            Assert.Equal("baseline", (string)Assert.Single(Assert.Single(await FilesAsync(app, run.RunId)).Lines)["op"]!);
        }

        Assert.Contains(app.Logs.Lines, line => line.Text.Contains("is built anew", StringComparison.Ordinal));
        cube.Data.EditCustomer(cube.Data.AssignmentIds[0], 10_000_001, "city", "Bodø");
        Assert.Equal("updated", (string)Assert.Single(await ChangeLedger.NewsAsync(app, (await app.RunAsync(customers)).RunId))["op"]!);
    }

    [Theory]
    [OverGenerations]
    public async Task A_joined_customer_is_the_newest_one_and_says_when_it_was_read(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            clock,
            ("Sync__StartDate", "2026-06-09"),
            ("Changes__JoinCustomer", "true")
        );
        await app.RunAsync(new RunRequest(RunKind.Scheduled, FeedCatalogue.Default));
        clock.Advance(TimeSpan.FromHours(1));
        var (assignment, campaign) = (cube.Data.AssignmentIds[0], cube.Data.CampaignIds()[0]);
        var id = cube.Data.CustomerIds(assignment).First();
        cube.Data.EditCustomer(assignment, id, "city", "Ålesund");
        cube.Data.AddResponse(campaign, id, new DateTime(2026, 6, 10, 10, 30, 0, DateTimeKind.Unspecified), comment: "ja", by: "Kari");
        cube.Data.AddSms(campaign, id, new DateTime(2026, 6, 10, 10, 31, 0, DateTimeKind.Unspecified));
        var before = clock.GetUtcNow();
        var run = await app.RunAsync(RunRequest.Scheduled(FeedCatalogue.Default));
        var news = (await ChangeLedger.NewsAsync(app, run.RunId)).Where(line => (string)line["op"]! == "recorded").ToList();

        // A sale is a product registration as well in generation 2.
        Assert.Equal(api == TenantApi.DataOwners ? 3 : 2, news.Count);
        AtLeastOne.All(news, line => Assert.Equal("Ålesund", (string)line["customer"]!["city"]!));
        AtLeastOne.All(news, line => Assert.True((DateTimeOffset)line["customerReadAt"]! >= before));
        AtLeastOne.All(news, line => Assert.Equal($"{cube.Data.Customer(assignment, id)!["customer_id"]}", (string)line["customerId"]!));
    }

    private static string Day(JsonObject line) =>
        $"{line["record"]!["response_submitted_when"] ?? line["record"]!["call_outcome__report_as__submitted_when"]}"[..10];

    private static async Task<List<(string Name, List<JsonObject> Lines)>> FilesAsync(TestApp app, string? runId = null)
    {
        var files = new List<(string, List<JsonObject>)>();
        await foreach (
            var blob in app.Storage.ChangeFiles.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken)
        )
        {
            if (runId is null || blob.Name.Contains($"/run={runId}_", StringComparison.Ordinal))
            {
                files.Add((blob.Name, await ChangeLedger.LinesAsync(app, blob.Name)));
            }
        }

        return files;
    }
}
