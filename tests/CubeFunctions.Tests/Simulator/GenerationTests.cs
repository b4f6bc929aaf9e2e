using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Cube.Simulator;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CubeFunctions.Tests.Simulator;

public sealed class GenerationTests
{
    private const string Window = "?from_date=20250301&to_date=20250331";

    private static readonly DateOnly From = new(2025, 3, 1);
    private static readonly DateOnly To = new(2025, 3, 31);

    public static TheoryData<TenantApi, Variant> EveryVariant()
    {
        var all = new TheoryData<TenantApi, Variant>();
        foreach (var api in Enum.GetValues<TenantApi>())
        {
            foreach (var variant in Enum.GetValues<Variant>().Where(variant => VariantKinds.IsOf(variant, api)))
                all.Add(api, variant);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(EveryVariant))]
    public async Task Every_feed_holds_what_the_oracle_says(TenantApi api, Variant variant)
    {
        await using var tenant = await Tenant.StartAsync(api, variant);
        Mutate(tenant.Data);
        var encoding = variant == Variant.Latin1 || variant == Variant.Latin1Undeclared ? Encoding.Latin1 : Encoding.UTF8;
        var feeds = tenant.Data.Feeds().Where(feed => feed.Paged).ToList();
        Assert.Equal(api == TenantApi.DataOwners, feeds.Exists(feed => feed.Scope == "crm"));
        var filled = new HashSet<string>();
        foreach (var feed in feeds)
        {
            var expected = tenant.Data.Records(feed.Scope, feed.ScopeId, feed.Feed, From, To).Select(row => row.ToJsonString()).ToList();
            Assert.Equal(expected, await tenant.AllByNumberAsync(feed.Path + (feed.Dated ? Window : ""), encoding));
            if (expected.Count > 0)
                filled.Add(feed.Scope + feed.Feed);
        }

        // An archived campaign has no calls in the window; every kind of feed has rows somewhere.
        Assert.Equal(feeds.Select(feed => feed.Scope + feed.Feed).Distinct().Order(), filled.Order());
    }

    [Theory]
    [MemberData(nameof(EveryVariant))]
    public async Task The_same_seed_gives_the_same_records_and_another_seed_does_not(TenantApi api, Variant variant)
    {
        // Edits are noted with their minute.
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        async Task<List<string>> Read(int seed)
        {
            await using var tenant = await Tenant.StartAsync(Tenant.Small with { Api = api, Variants = [variant], Seed = seed }, clock);
            Mutate(tenant.Data);
            return
            [
                .. tenant
                    .Data.Campaigns()
                    .Concat(
                        tenant
                            .Data.Feeds()
                            .SelectMany(feed => tenant.Data.Records(feed.Scope, feed.ScopeId, feed.Feed, From, From.AddDays(6)))
                    )
                    .Select(row => row.ToJsonString()),
            ];
        }

        var one = await Read(1);
        Assert.Equal(one, await Read(1));
        Assert.NotEqual(one, await Read(2));
    }

    [Fact]
    public async Task Generation_2_has_its_own_paths_and_not_those_of_generation_1()
    {
        await using var tenant = await Tenant.StartAsync(TenantApi.DataOwners);
        Assert.Equal(2, (await tenant.JsonAsync("/api/v1/campaigns")).AsArray().Count);
        foreach (
            var path in new[]
            {
                "/campaigns",
                "/assignments",
                tenant.CustomersPath,
                $"/api/v1/campaigns/{tenant.Campaign}/responses/",
                "/api/v1/data_owners/3/B2B/customers/",
                "/api/v1/data_owners/3/B2C/call_outcomes/",
            }
        )
            await tenant.JsonAsync(path, HttpStatusCode.NotFound);
        Assert.Equal(
            [
                "/api/v1/call_outcomes/",
                "/api/v1/campaigns/201/call_outcomes/",
                "/api/v1/campaigns/201/product_registrations/",
                "/api/v1/campaigns/201/sms/",
                "/api/v1/campaigns/201/callflow_customers/",
            ],
            tenant.Data.Feeds().Take(5).Select(feed => feed.Path)
        );
        Assert.Equal(
            [
                "/api/v1/data_owners/3/B2C/customers/",
                "/api/v1/data_owners/3/B2C/crm_custom_fields/",
                "/api/v1/data_owners/3/crm/B2C/call_outcomes/",
                "/api/v1/data_owners/3/crm/B2C/product_registrations/",
                "/api/v1/data_owners/3/B2C/sms/",
                "/api/v1/data_owners/3/crm/B2C/callflow_customers/",
            ],
            tenant.Data.Feeds().Where(feed => feed.Scope == "crm").Select(feed => feed.Path)
        );
    }

    [Fact]
    public async Task A_campaign_and_a_call_outcome_of_generation_2_have_the_documented_members()
    {
        await using var tenant = await Tenant.StartAsync(TenantApi.DataOwners);
        var campaign = (await tenant.JsonAsync("/api/v1/campaigns"))[0]!.AsObject();
        Assert.Equal(
            [
                "campaign__id",
                "campaign__name",
                "campaign__start_date",
                "campaign__end_date",
                "campaign__archived_date",
                "campaign__is_active",
                "campaign__crm_type",
                "service__id",
                "service__name",
                "data_owner__id",
                "data_owner__name",
            ],
            campaign.Select(member => member.Key)
        );
        var outcome = (await tenant.JsonAsync($"/api/v1/campaigns/{tenant.Campaign}/call_outcomes/{Window}"))["results"]![0]!.AsObject();
        Assert.Equal(
            [
                "crm__change_log__updated",
                "crm__change_log__updated_by",
                "crm__change_log__update_method",
                "call_outcome__type",
                "call_outcome__subtype",
                "call_outcome__comment",
                "call_outcome__report_as__submitted_by",
                "call_outcome__report_as__submitted_in_team",
                "call_outcome__report_as__submitted_when",
                "call_outcome__report_as__submitted_when_timestamp",
                "call_outcome__extra__ID",
                "campaign__name",
                "campaign__crm_type",
                "data_owner__name",
                "segment__name",
            ],
            outcome.Select(member => member.Key).SkipWhile(name => name != "crm__change_log__updated")
        );
        var sale = (await tenant.JsonAsync($"/api/v1/campaigns/{tenant.Campaign}/product_registrations/{Window}"))["results"]![0]!;
        Assert.Equal("Sale", (string?)sale["call_outcome__type"]);
        Assert.NotEqual("", (string?)sale["product__code"]);
        Assert.NotNull(sale["product__title"]);
        Assert.NotNull(sale["product__price"]);
    }

    [Fact]
    public async Task Both_generations_hold_the_same_people_and_calls_and_can_be_switched()
    {
        await using var tenant = await Tenant.StartAsync();
        Mutate(tenant.Data);
        var path = $"/api/v1/campaigns/{tenant.Campaign}/";
        var responses = (await tenant.AllAsync(path + "responses/" + Window)).Select(row => JsonNode.Parse(row)!).ToList();
        var people = tenant
            .Data.CustomerIds(tenant.Assignment)
            .Select(id => tenant.Data.Customer(tenant.Assignment, id)!["customer_id"]!.ToString())
            .ToList();

        tenant.Data.Switch(TenantApi.DataOwners);
        Assert.Equal(TenantApi.DataOwners, tenant.Data.Api);
        await tenant.JsonAsync(path + "responses/" + Window, HttpStatusCode.NotFound);
        var outcomes = (await tenant.AllAsync(path + "call_outcomes/" + Window)).Select(row => JsonNode.Parse(row)!).ToList();
        Assert.Equal(
            responses.Select(row =>
                $"{row["crm__customer_id"]}|{row["response_type"]}|{row["response_submitted_when"]}|{row["response_submitted_by"]}|{row["response_comment"]}"
            ),
            outcomes.Select(row =>
                $"{row["crm__customer_id"]}|{row["call_outcome__type"]}|{row["call_outcome__report_as__submitted_when"]}|{row["call_outcome__report_as__submitted_by"]}|{row["call_outcome__comment"]}"
            )
        );
        var customers = await tenant.AllAsync("/api/v1/data_owners/3/B2C/customers/");
        Assert.Equal(people, customers.Select(row => JsonNode.Parse(row)!["crm__customer_id"]!.ToString()));
        Assert.Equal(("3-B2C", tenant.Assignment), (tenant.Data.CrmOf(tenant.Assignment), tenant.Data.AssignmentOfCrm("3-B2C")));

        tenant.Data.Switch(TenantApi.Assignments, Variant.ListingHalfway);
        Assert.NotNull((await tenant.JsonAsync("/campaigns"))[0]!["assignment__id"]);
        Assert.Equal(responses.Count, (await tenant.AllAsync(path + "responses/" + Window)).Count);
    }

    [Fact]
    public async Task Every_assignment_is_a_CRM_of_its_own()
    {
        await using var tenant = await Tenant.StartAsync(
            Tenant.Small with
            {
                Api = TenantApi.DataOwners,
                Campaigns = 21,
                CampaignsPerAssignment = 3,
            }
        );
        Assert.Equal(["3-B2C", "4-B2C", "4-B2B", "5-B2C", "6-B2C", "6-B2B", "7-B2C"], tenant.Data.CrmIds);
        foreach (var feed in tenant.Data.Feeds().Where(feed => feed.Feed == "customers"))
            Assert.Equal(120, (int)(await tenant.JsonAsync(feed.Path))["count"]!);
    }

    [Fact]
    public async Task One_customer_of_a_CRM_is_read_and_written_by_the_imported_id()
    {
        await using var tenant = await Tenant.StartAsync(TenantApi.DataOwners);
        const string Path = "/api/v1/data_owners/3/B2C/customers/";
        var imported = (await tenant.JsonAsync(Path))["results"]![1]!["crm__customer_id"]!.ToString();
        Assert.Equal(imported, (await tenant.JsonAsync(Path + imported))["crm__customer_id"]!.ToString());
        await tenant.JsonAsync(Path + tenant.Data.CustomerIds(tenant.Assignment).First(), HttpStatusCode.NotFound);

        var (status, changed) = await tenant.SendAsync(
            HttpMethod.Put,
            Path + imported,
            $$"""{"customer_id":"{{imported}}","phone_1":"012"}"""
        );
        Assert.Equal((HttpStatusCode.OK, "012"), (status, (string?)changed!["crm__standard_info__phone_1"]));
        Assert.Equal(
            HttpStatusCode.Created,
            (
                await tenant.SendAsync(HttpMethod.Post, Path + "0071", """{"crm__customer_id":"0071","crm__standard_info__name":"Ny"}""")
            ).Status
        );
        Assert.Equal("Ny", (string?)(await tenant.JsonAsync(Path + "0071"))["crm__standard_info__name"]);
        Assert.Equal([("PUT", imported), ("POST", "0071")], tenant.Data.Writes.Select(write => (write.Method, write.ImportedId)));
    }

    [Theory]
    [InlineData(TenantApi.Assignments, "response_type")]
    [InlineData(TenantApi.DataOwners, "call_outcomes")]
    [InlineData(TenantApi.DataOwners, "call_outcomes_type")]
    public async Task Calls_are_filtered_by_type(TenantApi api, string filter)
    {
        await using var tenant = await Tenant.StartAsync(api);
        var feed = tenant
            .Data.Feeds()
            .First(feed => feed.Feed is "responses" || (feed.Feed is "call_outcomes" && feed.Scope == "campaign"));
        var expected = tenant.Data.Responses(tenant.Campaign, From, To, "Sale").Select(row => row.ToJsonString()).ToList();
        Assert.NotEmpty(expected);
        Assert.Equal(expected, await tenant.AllAsync($"{feed.Path}{Window}&{filter}=Sale"));
    }

    [Theory]
    [InlineData(TenantApi.Assignments)]
    [InlineData(TenantApi.DataOwners)]
    public async Task A_scope_can_vanish_and_come_back(TenantApi api)
    {
        await using var tenant = await Tenant.StartAsync(api);
        var feeds = tenant.Data.Feeds().Where(feed => feed.Scope != "tenant").ToList();
        tenant.Data.RemoveAssignment(tenant.Assignment);
        Assert.Empty((await tenant.JsonAsync("/api/v1/campaigns")).AsArray());
        foreach (var feed in feeds)
            await tenant.JsonAsync(feed.Path, HttpStatusCode.NotFound);
        tenant.Data.RestoreAssignment(17);
        Assert.Equal(2, (await tenant.JsonAsync("/api/v1/campaigns")).AsArray().Count);
        foreach (var feed in feeds)
            await tenant.JsonAsync(feed.Path);
    }

    [Theory]
    [InlineData(TenantApi.Assignments)]
    [InlineData(TenantApi.DataOwners)]
    public async Task A_customer_can_be_rekeyed_or_registered_twice(TenantApi api)
    {
        await using var tenant = await Tenant.StartAsync(api);
        var (data, assignment) = (tenant.Data, tenant.Assignment);
        var ids = data.CustomerIds(assignment).Take(2).ToList();
        var old = data.Customer(assignment, ids[0])!["customer_id"]!.ToString();
        data.RekeyCustomer(assignment, ids[0], "NY-1");
        Assert.Null(data.FindCustomer(assignment, old));
        Assert.Equal(ids[0], data.FindCustomer(assignment, "NY-1"));

        var shared = data.Customer(assignment, ids[1])!["customer_id"]!.ToString();
        var second = data.DuplicateCustomer(assignment, ids[1]);
        var member = api == TenantApi.Assignments ? "customer_id" : "crm__customer_id";
        var path = data.Feeds().First(feed => feed.Feed == "customers").Path;
        Assert.Equal(2, (await tenant.AllAsync(path)).Count(row => JsonNode.Parse(row)![member]!.ToString() == shared));
        Assert.Equal(second, data.FindCustomer(assignment, shared));
        data.EditCustomer(assignment, ids[1], "name", "Endret");
        data.DeleteCustomer(assignment, ids[1]);
        Assert.Equal(second, data.FindCustomer(assignment, shared));
    }

    [Theory]
    [InlineData(TenantApi.Assignments, "responses")]
    [InlineData(TenantApi.DataOwners, "call_outcomes")]
    [InlineData(TenantApi.DataOwners, "sms")]
    public async Task Agents_at_work_add_rows_in_either_generation(TenantApi api, string feed)
    {
        await using var tenant = await Tenant.StartAsync(api);
        tenant.Data.AgentsAtWork = 2;
        var path = $"/api/v1/campaigns/{tenant.Campaign}/{feed}/";
        var first = (int)(await tenant.JsonAsync(path))["count"]!;
        Assert.Equal(first + 2, (int)(await tenant.JsonAsync(path))["count"]!);
    }

    [Fact]
    public async Task Late_responses_are_the_same_each_time_and_come_for_their_day()
    {
        async Task<List<string>> Read()
        {
            await using var tenant = await Tenant.StartAsync();
            var before = tenant.Data.Responses(tenant.Campaign, From, From.AddDays(2)).Count();
            tenant.Data.AddLateResponses(tenant.Campaign, From.AddDays(2), 3);
            var rows = tenant.Data.Responses(tenant.Campaign, From, From.AddDays(2)).ToList();
            Assert.Equal(before + 3, rows.Count);
            Assert.Equal(3, rows.Count(row => row["response_comment"]!.ToString().StartsWith("Etterregistrert", StringComparison.Ordinal)));
            return [.. rows.Select(row => row.ToJsonString())];
        }

        Assert.Equal(await Read(), await Read());
    }

    [Fact]
    public async Task An_hour_that_the_clock_shows_twice_has_both_offsets()
    {
        await using var tenant = await Tenant.StartAsync(
            Tenant.Small with
            {
                Api = TenantApi.DataOwners,
                ResponsesPerCampaignPerDay = 0,
            },
            new FakeTimeProvider(new DateTimeOffset(2025, 11, 1, 12, 0, 0, TimeSpan.Zero))
        );
        var customer = tenant.Data.CustomerIds(tenant.Assignment).First();
        tenant.Data.AddResponse(tenant.Campaign, customer, new DateTimeOffset(2025, 10, 26, 0, 30, 0, TimeSpan.Zero));
        tenant.Data.AddResponse(tenant.Campaign, customer, new DateTimeOffset(2025, 10, 26, 1, 30, 0, TimeSpan.Zero));
        var rows = (await tenant.JsonAsync($"/api/v1/campaigns/{tenant.Campaign}/call_outcomes/?from_date=20251026&to_date=20251026"))[
            "results"
        ]!.AsArray();
        Assert.Equal(
            ["2025-10-26 02:30", "2025-10-26 02:30"],
            rows.Select(row => (string?)row!["call_outcome__report_as__submitted_when"])
        );
        Assert.Equal(["+0100", "+0200"], rows.Select(row => ((string)row!["call_outcome__report_as__submitted_when_timestamp"]!)[^5..]));
    }

    [Fact]
    public void Variants_of_another_generation_or_that_exclude_each_other_are_refused()
    {
        Assert.Equal(
            "Variant customers-early is not one of the Assignments API.",
            VariantKinds.Conflict(TenantApi.Assignments, [Variant.CustomersEarly])
        );
        Assert.Equal(
            "Variants latin1 and bom exclude each other.",
            VariantKinds.Conflict(TenantApi.Assignments, [Variant.Latin1, Variant.ByteOrderMark])
        );
        Assert.Null(VariantKinds.Conflict(TenantApi.DataOwners, [Variant.CustomersEarly, Variant.Gzip, Variant.NextBare]));
        Assert.Contains(
            "Known: listing-halfway,",
            Assert.Throws<FormatException>(() => VariantKinds.Parse("halfway")).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(Enum.GetValues<Variant>(), VariantKinds.ByName.Values.Order());
    }

    [Fact]
    public async Task A_tenant_with_contradictory_variants_does_not_start() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Tenant.StartAsync(TenantApi.Assignments, Variant.SmsGeneration1));

    private static void Mutate(CubeData data)
    {
        var assignment = data.AssignmentIds[0];
        var ids = data.CustomerIds(assignment).ToList();
        data.DeleteCustomer(assignment, ids[3]);
        data.AnonymiseCustomer(assignment, ids[5]);
        data.EditCustomer(assignment, ids[8], "phone_1", "99887766");
        data.AddCustomer(assignment, new JsonObject { ["name"] = "Ny Kunde – Ørsta", ["Antall år"] = 3 });
        data.AddResponse(data.CampaignIds()[0], ids[8], new DateTime(2025, 3, 3, 20, 59, 0), comment: "rettes");
        data.CorrectResponse(data.CampaignIds()[0], new DateOnly(2025, 3, 3), 0, "rettet");
        data.RemoveResponse(data.CampaignIds()[0], new DateOnly(2025, 3, 4), 1);
        data.AddSms(data.CampaignIds()[0], ids[9], new DateTime(2025, 3, 5, 10, 0, 0));
    }
}
