using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Erasure;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Sync;
using Xunit;

namespace CubeFunctions.Tests.Generations;

/// <summary>Of a tenant in any variant: keys are found, changes are right, and an erasure finds the person.</summary>
public sealed class RoundTripTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Now = new(2020, 2, 13, 9, 0, 0, TimeSpan.Zero);

    /// <summary>Every variant of both generations, or two of them, each time the same.</summary>
    public static TheoryData<TenantApi, Variant> Variants()
    {
        var all = new TheoryData<TenantApi, Variant>();
        foreach (var (row, place) in GenerationTenant.EveryVariant().Select((row, place) => (row.Data, place)))
        {
            if (TestScale.EveryGeneration || place % 25 == 0)
            {
                all.Add(row.Item1, row.Item2);
            }
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task A_change_a_deletion_and_a_new_customer_are_one_line_each_and_an_erased_person_is_nowhere(
        TenantApi api,
        Variant variant
    )
    {
        await using var cube = await CubeSimulator.StartAsync(
            GenerationTenant.Small with
            {
                Api = api,
                Variants = GenerationTenant.With(api, variant),
                AnonymisedPerThousand = 0,
                CallflowCustomersPerCampaign = 60,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            null,
            [("Sync__StartDate", cube.Data.Today.AddDays(-2).Iso()), .. GenerationTenant.SettingsFor(variant)]
        );
        var assignment = cube.Data.AssignmentIds[0];
        var campaign = cube.Data.CampaignIds().First(id => cube.Data.AssignmentOf(id) == assignment);
        var ids = cube.Data.CustomerIds(assignment).Where(id => cube.Data.ImportedIdOf(assignment, id).Length > 0).ToList();
        string IdOf(int index) => cube.Data.ImportedIdOf(assignment, ids[index]);

        // Somebody whose imported id nobody else's number has in it.
        var person = Enumerable.Range(8, 40).First(index => IdOf(index).Length > 5);
        cube.Data.EditCustomer(assignment, ids[person], "name", "Aase Maalernes");
        cube.Data.AddResponse(campaign, ids[person], cube.Data.Today.ToDateTime(new TimeOnly(0, 1)), comment: "ja");
        cube.Data.AddSms(campaign, ids[person], cube.Data.Today.ToDateTime(new TimeOnly(0, 1)));
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(GenerationTenant.Everything)).Status);
        var place = cube.Data.PlaceOf(assignment).Id;
        Assert.Equal(
            ids.Select(id => cube.Data.ImportedIdOf(assignment, id)).Order(StringComparer.Ordinal),
            (await ChangeLedger.ReadAsync(app))
                .Where(line => (string)line["feed"]! == "customers" && (string)line["assignmentId"]! == place)
                .Select(line => (string?)line["customerId"])
                .OfType<string>()
                .Order(StringComparer.Ordinal)
        );

        var (changed, deleted) = (IdOf(3), IdOf(4));
        cube.Data.EditCustomer(assignment, ids[3], "phone_1", "004790000001");
        cube.Data.DeleteCustomer(assignment, ids[4]);
        var added = cube.Data.ImportedIdOf(assignment, cube.Data.AddCustomer(assignment));
        cube.Data.AddResponse(campaign, ids[person], cube.Data.Today.ToDateTime(new TimeOnly(0, 2)), comment: "ja");
        var run = await app.RunAsync(GenerationTenant.Everything);
        var news = await ChangeLedger.NewsAsync(app, run.RunId);
        Assert.Equal(
            new[] { $"created {added}", $"deleted {deleted}", $"updated {changed}" }.Order(StringComparer.Ordinal),
            news.Where(line => (string)line["feed"]! == "customers")
                .Select(line => $"{line["op"]} {line["customerId"]}")
                .Order(StringComparer.Ordinal)
        );
        Assert.Contains(
            news,
            line =>
                (string)line["feed"]! == api.Calls().Name
                && (string)line["op"]! == "recorded"
                && (string)line["customerId"]! == IdOf(person)
        );

        string[] traces = [IdOf(person), "Aase Maalernes"];
        Assert.NotEmpty((await AccountDump.OfAsync(app)).Find(traces));
        Assert.True((await app.Get<PersonEraser>().EraseAsync(place, IdOf(person), TestContext.Current.CancellationToken)).Found);
        Assert.Empty((await AccountDump.OfAsync(app)).Find(traces));
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    /// <summary>Old names, the time stamp beside the minutes, and one whose customer Cube has anonymised.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_outcomes_of_every_age_are_proven_filed_by_day_and_published_under_their_customer(bool mark)
    {
        var file = File.ReadAllText(
            Path.Combine(Repository.Root, "tests/CubeFunctions.Tests/Generations/Inputs/call-outcome-variants.json")
        );
        var outcomes = JsonNode.Parse(file)!.AsArray().Select(record => record!.ToJsonString()).ToList();
        Scripted Marked(string json) => mark ? new Scripted(200, [0xEF, 0xBB, 0xBF, .. Scripted.Json(json).Body]) : Scripted.Json(json);
        var listing = File.ReadAllText(
            Path.Combine(Repository.Root, "tests/CubeFunctions.Tests/Generations/Inputs/listing-generation2.json")
        );
        await using var cube = await ScriptedCube.StartAsync(request =>
            request.Is("/responses") ? Marked($$"""{"count":3,"next":null,"previous":null,"results":[{{string.Join(',', outcomes)}}]}""")
            : request.Path.EndsWith("/campaigns", StringComparison.Ordinal) ? Marked(listing)
            : null
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube.BaseUrl, new ShiftedClock(Now, 10));
        var run = await app.RunAsync(
            new RunRequest(RunKind.Manual, [TenantApi.DataOwners.Calls()])
            {
                From = new DateOnly(2018, 1, 1),
                To = new DateOnly(2018, 1, 31),
            }
        );
        // Who has no id has no key: a second reading proves the day.
        var window = Assert.Single(run.Windows, window => window.Feed == "call_outcomes");
        Assert.Equal((RunStatus.Succeeded, "2", Proof.Sweeps, 3L), (run.Status, window.ScopeId, window.Proof, window.Records));
        var lines = await ChangeLedger.ReadAsync(app, run.RunId);
        Assert.Equal(["1186", "1186", null], lines.Select(line => (string?)line["customerId"]));
        Assert.Equal(3, lines.Select(line => (string)line["key"]!).Distinct().Count());
        Assert.Equal(outcomes, lines.Select(line => line["record"]!.ToJsonString()));

        var page = Scripted.Page(3, null, outcomes).Body;
        var digests = app.Get<RecordReaders>().Read(TenantApi.DataOwners.Calls(), page).Digests;
        Assert.Equal(["2019-10-01", "2020-02-12", "2018-01-29"], digests.Select(digest => DateOnly.FromDayNumber(digest.Day).Iso()));
    }
}
