using System.Text;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Operations;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Generations;

/// <summary>Customers of either generation, in each shape: what is published of them, under whose id.</summary>
public sealed class CustomerChangeTests(AzuriteFixture azurite)
{
    public static TheoryData<TenantApi, Variant[]> Shapes =>
        new()
        {
            { TenantApi.Assignments, [] },
            { TenantApi.Assignments, [Variant.CustomersLater, Variant.CustomerByImportedId] },
            { TenantApi.DataOwners, [] },
            { TenantApi.DataOwners, [Variant.CustomersEarly, Variant.CrmTypeFreeNames] },
            { TenantApi.DataOwners, [Variant.CustomersUnderCrm, Variant.EmptyMissing] },
        };

    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task A_new_a_changed_a_deleted_and_an_anonymised_customer_are_one_line_each_under_the_imported_id(
        TenantApi api,
        Variant[] variants
    )
    {
        await using var cube = await StartAsync(api, variants);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, SettingsFor(variants));
        await app.RunAsync(Customers);
        Assert.Empty(await ChangeLedger.NewsAsync(app));
        var assignment = cube.Data.AssignmentIds[0];
        var scope = api == TenantApi.DataOwners ? ("crm", cube.Data.CrmOf(assignment)) : ("assignment", $"{assignment}");
        string ImportedId(long id) => $"{cube.Data.Customer(assignment, id)!["customer_id"]}";
        var ids = cube.Data.CustomerIds(assignment).ToList();
        var (changed, deleted, anonymised) = (ImportedId(ids[3]), ImportedId(ids[4]), ImportedId(ids[5]));

        cube.Data.EditCustomer(assignment, ids[3], "phone_1", "+47 900 00 001");
        cube.Data.DeleteCustomer(assignment, ids[4]);
        var added = ImportedId(cube.Data.AddCustomer(assignment));
        var run = await app.RunAsync(Customers);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(
            new[] { $"created {added}", $"deleted {deleted}", $"updated {changed}" }.Order(StringComparer.Ordinal),
            await LinesAsync(app, run.RunId, scope)
        );

        cube.Data.AnonymiseCustomer(assignment, ids[5]);
        run = await app.RunAsync(Customers);
        Assert.Equal([$"erased {anonymised}"], await LinesAsync(app, run.RunId, scope));
        Assert.Empty(await ChangeLedger.NewsAsync(app, (await app.RunAsync(Customers)).RunId));

        // Whoever applies the lines has what Cube has; nobody whom Cube no longer names is left under his id.
        var store = ChangeLedger
            .Apply(await ChangeLedger.ReadAsync(app))
            .Values.Select(record => CustomerIds.Find(Encoding.UTF8.GetBytes(record.ToJsonString()), CustomerIds.Imported));
        Assert.Equal(
            cube.Data.Customers(assignment)
                .Select(record => CustomerIds.Find(Encoding.UTF8.GetBytes(record.ToJsonString()), CustomerIds.Imported))
                .OfType<string>()
                .Order(StringComparer.Ordinal),
            store.OfType<string>().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Where_some_are_deleted_and_some_lose_their_ids_at_once_all_are_erased_and_nobody_is_created()
    {
        await using var cube = await StartAsync(TenantApi.DataOwners, []);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        var ids = cube.Data.CustomerIds(assignment).ToList();
        var silent = cube.Data.Customer(assignment, ids[9])!["customer_id"];
        cube.Data.DeleteCustomer(assignment, ids[9]);
        cube.Data.AnonymiseCustomer(assignment, ids[8]);

        // Of one of them Cube does not say what became of him: that somebody was anonymised is not forgotten until it does.
        cube.Faults.Add(new Fault { Kind = FaultKind.Forbidden403, PathContains = $"/customers/{silent}" });
        Assert.Equal("erased", (string)Assert.Single(await ChangeLedger.NewsAsync(app, (await app.RunAsync(Customers)).RunId))["op"]!);
        cube.Faults.Clear();
        await app.RunAsync(Customers);
        var lines = await ChangeLedger.NewsAsync(app);
        Assert.Equal(["erased", "erased"], lines.Select(line => (string)line["op"]!));
        AtLeastOne.All(lines, line => Assert.NotNull(line["customerId"]));
    }

    [Fact]
    public async Task Many_who_lose_their_ids_at_once_are_held_back_like_a_lost_permission_and_erased_after_a_release()
    {
        await using var cube = await StartAsync(TenantApi.DataOwners, []);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        var ids = cube.Data.CustomerIds(assignment).Take(40).ToList();
        var known = ids.Count(id => $"{cube.Data.Customer(assignment, id)!["customer_id"]}".Length > 0);
        ids.ForEach(id => cube.Data.AnonymiseCustomer(assignment, id));
        Assert.Empty(await ChangeLedger.NewsAsync(app, (await app.RunAsync(Customers)).RunId));
        await app.Get<Janitor>().RunAsync(force: true, TestContext.Current.CancellationToken);
        await using var http = await TestHttp.StartAsync(app);
        var status = (await http.GetAsync("status")).Json;
        Assert.Contains(status.GetProperty("scopes").EnumerateArray(), scope => scope.GetProperty("deletionsHeldBack").GetBoolean());
        var held = Assert.Single(status.GetProperty("backlog").GetProperty("changes").GetProperty("oldest").EnumerateArray().ToList());
        Assert.Contains($"{known} of ", held.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains($"{known} came without any id instead", held.GetProperty("reason").GetString(), StringComparison.Ordinal);
        var released = await http.ActAsync("replay", $$"""{"what":"changes","ids":["{{held.GetProperty("id").GetString()}}"]}""");
        Assert.True(released.Status == 202, released.Text);

        // The records without a name are still news: they say that those who are gone were anonymised.
        var lines = await ChangeLedger.NewsAsync(app, (await app.RunAsync(Customers)).RunId);
        Assert.Equal(known, lines.Count);
        AtLeastOne.All(lines, line => Assert.Equal("erased", (string)line["op"]!));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task A_call_is_joined_with_the_customer_it_names(TenantApi api, Variant[] variants)
    {
        await using var cube = await StartAsync(api, variants);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            null,
            [
                ("Changes__JoinCustomer", "true"),
                ("Changes__LabelCustomFields", "true"),
                ("Sync__StartDate", cube.Data.Today.AddDays(-2).ToString("yyyy-MM-dd")),
                .. SettingsFor(variants),
            ]
        );
        await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers, FeedCatalogue.CustomFields]));
        var calls = FeedCatalogue.Find(api == TenantApi.DataOwners ? "call_outcomes" : "responses")!;
        await app.RunAsync(RunRequest.Scheduled([calls]));
        var (campaign, assignment) = (cube.Data.CampaignIds()[0], cube.Data.AssignmentIds[0]);
        var customer = cube.Data.CustomerIds(assignment).ElementAt(9);
        cube.Data.AddResponse(campaign, customer, TimeProvider.System.GetUtcNow());
        var line = Assert.Single(await ChangeLedger.NewsAsync(app, (await app.RunAsync(RunRequest.Scheduled([calls]))).RunId));
        var imported = $"{cube.Data.Customer(assignment, customer)!["customer_id"]}";
        Assert.Equal(("recorded", imported), ((string)line["op"]!, (string)line["customerId"]!));
        Assert.Equal(imported, CustomerIds.Find(Encoding.UTF8.GetBytes(line["customer"]!.ToJsonString()), CustomerIds.Imported));
        Assert.NotNull(line["customerReadAt"]);
        Assert.NotNull(line["labels"]);
    }

    private static Task<CubeSimulator> StartAsync(TenantApi api, Variant[] variants) =>
        CubeSimulator.StartAsync(
            GenerationTenant.Small with
            {
                Api = api,
                Variants = variants,
                AnonymisedPerThousand = 30,
            },
            null,
            TestContext.Current.CancellationToken
        );

    private static (string Name, string Value)[] SettingsFor(Variant[] variants) => GenerationTenant.SettingsFor(variants);

    private static async Task<IEnumerable<string>> LinesAsync(TestApp app, string runId, (string Kind, string Id) scope)
    {
        var lines = await ChangeLedger.NewsAsync(app, runId);
        foreach (var line in lines)
        {
            Assert.Equal(
                (scope.Kind, scope.Id, scope.Id),
                ((string)line["scope"]!, (string)line["scopeId"]!, (string)line["assignmentId"]!)
            );
        }

        return lines.Select(line => $"{line["op"]} {line["customerId"]}").Order(StringComparer.Ordinal);
    }
}
