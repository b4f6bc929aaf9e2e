using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Simulator;

/// <summary>Each variant's shape, as a request sees it.</summary>
public sealed class VariantTests
{
    private const TenantApi One = TenantApi.Assignments;
    private const TenantApi Two = TenantApi.DataOwners;
    private const string Window = "?from_date=20250301&to_date=20250331";
    private const string Crm = "/api/v1/data_owners/3/B2C/";
    private const string CallOutcomes = "/api/v1/campaigns/201/call_outcomes/" + Window;
    private const string Callflow = "/api/v1/campaigns/201/callflow_customers/";

    [Theory]
    [InlineData("/campaigns")]
    [InlineData("/api/v1/campaigns")]
    public async Task A_listing_halfway_has_double_underscores_and_assignments(string path)
    {
        await using var tenant = await Tenant.StartAsync(One, Variant.ListingHalfway);
        Assert.Equal(
            [
                "campaign__id",
                "campaign__name",
                "campaign__description",
                "campaign__start_date",
                "campaign__end_date",
                "campaign__archived_date",
                "campaign__is_active",
                "assignment__id",
                "assignment__name",
                "assignment__description",
                "client__id",
                "client__short_name",
                "client__full_name",
            ],
            (await tenant.JsonAsync(path))[0]!.AsObject().Select(member => member.Key)
        );
    }

    [Theory]
    [InlineData(One, "/campaigns", "campaign_id")]
    [InlineData(Two, "/api/v1/campaigns", "campaign__id")]
    public async Task A_broken_listing_has_three_entries_more(TenantApi api, string path, string id)
    {
        await using var tenant = await Tenant.StartAsync(api, Variant.ListingBroken);
        var listing = (await tenant.JsonAsync(path)).AsArray();
        Assert.Equal(5, listing.Count);
        Assert.Null(listing[0]);
        Assert.False(listing[2]!.AsObject().ContainsKey(id));
        Assert.Equal(JsonValueKind.Object, listing[4]![id]!.GetValueKind());
        Assert.Equal(
            tenant.Data.Campaigns().Select(campaign => campaign.ToJsonString()),
            new[] { listing[1], listing[3] }.Select(campaign => campaign!.ToJsonString())
        );
    }

    [Fact]
    public async Task Archived_campaigns_can_be_listed_always()
    {
        await using var tenant = await Tenant.StartAsync(Two, Variant.ListingArchived);
        var archived = Assert.Single(
            (await tenant.JsonAsync("/api/v1/campaigns")).AsArray(),
            campaign => (string?)campaign!["campaign__archived_date"] != ""
        );
        Assert.Equal(("2017-06-30", ""), ((string?)archived!["campaign__archived_date"], (string?)archived["campaign__is_active"]));
    }

    [Theory]
    [InlineData(One, "assignment_id")]
    [InlineData(Two, "data_owner__id")]
    public async Task A_campaign_without_a_scope_has_feeds_of_its_own_still(TenantApi api, string member)
    {
        await using var tenant = await Tenant.StartAsync(api, Variant.CampaignWithoutScope);
        var listing = (await tenant.JsonAsync("/api/v1/campaigns")).AsArray();
        Assert.NotEqual("", listing[0]![member]!.ToString());
        Assert.Equal("", (string?)listing[1]![member]);
        await tenant.JsonAsync($"/api/v1/campaigns/{tenant.Data.CampaignIds()[1]}/sms/");
    }

    [Fact]
    public async Task Crm_types_can_have_members_of_their_own()
    {
        await using var tenant = await Tenant.StartAsync(Two, Variant.CrmTypeMembers);
        var campaign = (await tenant.JsonAsync("/api/v1/campaigns"))[0]!.AsObject();
        Assert.Equal(
            (4, "B2C", false),
            ((int)campaign["crm_type__id"]!, (string?)campaign["crm_type__name"], campaign.ContainsKey("campaign__crm_type"))
        );
        Assert.Equal("B2C", (string?)(await FirstAsync(tenant, CallOutcomes))["crm_type__name"]);
    }

    [Fact]
    public async Task Crm_types_can_have_free_names_in_paths_too()
    {
        await using var tenant = await Tenant.StartAsync(
            Tenant.Small with
            {
                Api = Two,
                Variants = [Variant.CrmTypeFreeNames],
                Campaigns = 9,
            }
        );
        Assert.Equal(["3-Privat/kunder, Øst", "4-Privat/kunder, Øst", "4-Bedrift & næring"], tenant.Data.CrmIds);
        Assert.Equal("Bedrift & næring", (string?)(await tenant.JsonAsync("/api/v1/campaigns"))[8]!["crm_type__name"]);
        await tenant.JsonAsync("/api/v1/data_owners/4/Bedrift%20%26%20n%C3%A6ring/customers/");
        await tenant.JsonAsync("/api/v1/data_owners/4/B2B/customers/", HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData(One, Variant.CampaignsAtRoot, "/campaigns", "/api/v1/campaigns", HttpStatusCode.NotFound)]
    [InlineData(One, Variant.CampaignsUnderApi, "/api/v1/campaigns", "/campaigns", HttpStatusCode.NotFound)]
    [InlineData(One, Variant.ExternalUser, "/client_access/campaigns", "/campaigns", HttpStatusCode.Forbidden)]
    [InlineData(One, Variant.ExternalUser, "/client_access/campaigns", "/api/v1/client_access/campaigns", HttpStatusCode.NotFound)]
    [InlineData(One, Variant.ExternalUserUnderApi, "/api/v1/client_access/campaigns", "/client_access/campaigns", HttpStatusCode.NotFound)]
    [InlineData(Two, Variant.ExternalUser, "/api/v1/client_access/campaigns", "/api/v1/campaigns", HttpStatusCode.Forbidden)]
    public async Task The_listing_is_where_the_variant_puts_it(
        TenantApi api,
        Variant variant,
        string path,
        string other,
        HttpStatusCode status
    )
    {
        await using var tenant = await Tenant.StartAsync(api, variant);
        Assert.Equal(2, (await tenant.JsonAsync(path)).AsArray().Count);
        await tenant.JsonAsync(other, status);
    }

    [Fact]
    public async Task Customers_can_be_under_crm()
    {
        await using var tenant = await Tenant.StartAsync(Two, Variant.CustomersUnderCrm);
        var id = (await FirstAsync(tenant, "/api/v1/data_owners/3/crm/B2C/customers/"))["crm__customer_id"]!;
        await tenant.JsonAsync($"/api/v1/data_owners/3/crm/B2C/customers/{id}");
        await tenant.JsonAsync(Crm + "customers/", HttpStatusCode.NotFound);
        await tenant.JsonAsync(Crm + "sms/");
    }

    [Fact]
    public async Task Customers_of_a_crm_can_come_in_the_early_shape()
    {
        await using var tenant = await Tenant.StartAsync(Two, Variant.CustomersEarly);
        var customers = (await tenant.JsonAsync(Crm + "customers/"))["results"]!.AsArray();
        Assert.Equal(["id", "customer_id", "crm_type_id", "name"], customers[0]!.AsObject().Take(4).Select(member => member.Key));
        Assert.Equal(JsonValueKind.Number, customers[1]!["customer_id"]!.GetValueKind());
        Assert.Null(customers[0]!["need_to_know"]);
        Assert.Equal("05029249278", (string?)customers[3]!["customer_id"]);
        var one = (await tenant.JsonAsync($"{Crm}customers/{customers[1]!["customer_id"]}")).AsObject();
        Assert.Equal(["id", "external_customer_id", "crm_type_id"], one.Take(3).Select(member => member.Key));
        Assert.Equal(customers[1]!["customer_id"]!.ToJsonString(), one["external_customer_id"]!.ToJsonString());
    }

    [Fact]
    public async Task Customers_of_an_assignment_can_come_in_the_later_shape_and_by_the_imported_id()
    {
        await using var tenant = await Tenant.StartAsync(One, Variant.CustomersLater, Variant.CustomerByImportedId);
        var customer = await FirstAsync(tenant, tenant.CustomersPath);
        Assert.False(customer.ContainsKey("id"));
        Assert.Equal(
            customer.ToJsonString(),
            (await tenant.JsonAsync($"{tenant.CustomersPath}{customer["crm__customer_id"]}")).ToJsonString()
        );
        await tenant.JsonAsync($"{tenant.CustomersPath}{tenant.Data.CustomerIds(tenant.Assignment).First()}", HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData(One)]
    [InlineData(Two)]
    public async Task Many_customers_can_be_anonymised_from_the_start(TenantApi api)
    {
        await using var tenant = await Tenant.StartAsync(api, Variant.AnonymisedCustomers);
        var feed = tenant.Data.Feeds().First(feed => feed.Feed == "customers");
        var (id, name) = api == One ? ("customer_id", "name") : ("crm__customer_id", "crm__standard_info__name");
        var anonymised = (await tenant.AllAsync(feed.Path))
            .Select(row => JsonNode.Parse(row)!)
            .Where(row => (string?)row[name] == "Anonymized")
            .ToList();
        Assert.InRange(anonymised.Count, 6, 25);
        AtLeastOne.All(anonymised, row => Assert.Equal("", (string?)row[id]));
    }

    [Fact]
    public async Task Call_outcomes_can_have_the_old_names()
    {
        await using var tenant = await Tenant.StartAsync(Two, Variant.CallOutcomesOldNames);
        Assert.Equal(
            [
                "call_outcome__submitted_by",
                "call_outcome__submitted_when",
                "call_outcome__type",
                "call_outcome__subtype",
                "call_outcome__submitted_in_department",
                "call_outcome__comment",
                "call_outcome__extra__ID",
                "call_outcome__additional_input_text",
            ],
            (await FirstAsync(tenant, CallOutcomes))
                .Select(member => member.Key)
                .Where(name => name.StartsWith("call_outcome__", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData(
        Variant.CallOutcomesLocalTime,
        "call_outcome__report_as__submitted_when",
        "call_outcome__report_as__submitted_when_timestamp",
        @"^2025-03-\d\d \d\d:\d\d$"
    )]
    [InlineData(
        Variant.CallOutcomesTimestamp,
        "call_outcome__report_as__submitted_when_timestamp",
        "call_outcome__report_as__submitted_when",
        @"^2025-03-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0[12]00$"
    )]
    public async Task Call_outcomes_can_have_one_time_only(Variant variant, string member, string other, string pattern)
    {
        await using var tenant = await Tenant.StartAsync(Two, variant);
        var outcome = await FirstAsync(tenant, CallOutcomes);
        Assert.Matches(pattern, (string?)outcome[member]);
        Assert.False(outcome.ContainsKey(other));
    }

    [Fact]
    public async Task Callflow_customers_can_have_the_later_members()
    {
        await using var tenant = await Tenant.StartAsync(Two, Variant.CallflowLater);
        var row = await FirstAsync(tenant, Callflow);
        Assert.Equal(
            [
                "callflow__callstate__name",
                "callflow__attempts_status__attempts",
                "callflow__last_change__when",
                "meeting__agent",
                "meeting__time__from_date_time",
                "meeting__time__to_date_time",
                "product__ST-1",
                "product__MO-2",
                "product__BR-3",
                "product__FO-4",
                "product__AV-5",
                "campaign__name",
                "campaign__crm_type",
                "data_owner__name",
            ],
            row.Select(member => member.Key).SkipWhile(name => !name.StartsWith("callflow__", StringComparison.Ordinal))
        );
        var sales = await tenant.AllAsync(Callflow + "?call_state=Sale");
        Assert.NotEmpty(sales);
        AtLeastOne.All(sales, sale => Assert.Equal("Sale", (string?)JsonNode.Parse(sale)!["callflow__callstate__name"]));
    }

    [Fact]
    public async Task Sms_of_generation_2_can_have_the_members_of_generation_1()
    {
        await using var tenant = await Tenant.StartAsync(Two, Variant.SmsGeneration1);
        var sms = await FirstAsync(tenant, Crm + "sms/" + Window);
        Assert.True(sms.ContainsKey("crm__name") && sms.ContainsKey("client__short_name") && sms.ContainsKey("sms_message"));
        Assert.DoesNotContain(sms, member => member.Key.StartsWith("data_owner__", StringComparison.Ordinal));
        tenant.Data.Switch(Two);
        Assert.True((await FirstAsync(tenant, Crm + "sms/" + Window)).ContainsKey("data_owner__name"));
    }

    [Theory]
    [InlineData(Variant.PageSize50, 50)]
    [InlineData(Variant.PageSize500, 500)]
    public async Task Pages_have_the_size_of_the_variant(Variant variant, int size)
    {
        await using var tenant = await Tenant.StartAsync(
            Tenant.Small with
            {
                CustomersPerAssignment = 600,
                PageSize = 70,
                Variants = [variant],
            }
        );
        Assert.Equal(size, (await tenant.JsonAsync(tenant.CustomersPath))["results"]!.AsArray().Count);
        tenant.Data.PageSize = 30;
        Assert.Equal(30, (await tenant.JsonAsync(tenant.CustomersPath + "?page=2"))["results"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(One)]
    [InlineData(Two)]
    public async Task Empty_values_are_null_text_or_left_out(TenantApi api)
    {
        await using var tenant = await Tenant.StartAsync(api, Variant.EmptyNull);
        var feed = tenant.Data.Feeds().First(feed => feed.Feed == "sms");
        var before = await FirstAsync(tenant, feed.Path + Window);
        Assert.Null(before["sms_response_id"]);
        Assert.True(before.ContainsKey("sms_response_id"));
        tenant.Data.Switch(api, Variant.EmptyText);
        Assert.Equal("", (string?)(await FirstAsync(tenant, feed.Path + Window))["sms_response_id"]);
        tenant.Data.Switch(api, Variant.EmptyMissing);
        var after = await FirstAsync(tenant, feed.Path + Window);
        Assert.False(after.ContainsKey("sms_response_id"));
        Assert.Equal(before.Where(member => member.Value is not null).Select(member => member.Key), after.Select(member => member.Key));
    }

    [Theory]
    [InlineData(One, "campaign_id")]
    [InlineData(Two, "campaign__id")]
    public async Task Ids_are_text_or_numbers(TenantApi api, string member)
    {
        await using var tenant = await Tenant.StartAsync(api, Variant.IdsText);
        var path = tenant.Data.Feeds().First(feed => feed.Feed == "customers").Path;
        var id = api == One ? "customer_id" : "crm__customer_id";
        Assert.Equal([JsonValueKind.String], Kinds(await tenant.JsonAsync("/api/v1/campaigns"), member));
        Assert.Equal([JsonValueKind.String], Kinds((await tenant.JsonAsync(path))["results"]!, id));
        tenant.Data.Switch(api, Variant.IdsNumber);
        Assert.Equal([JsonValueKind.Number], Kinds(await tenant.JsonAsync("/api/v1/campaigns"), member));
        var text = (await tenant.JsonAsync(path))["results"]!
            .AsArray()
            .Where(row => row![id]!.GetValueKind() == JsonValueKind.String)
            .Select(row => (string)row![id]!)
            .ToList();
        Assert.NotEmpty(text);
        AtLeastOne.All(text, kept => Assert.True(kept.Length == 0 || kept[0] == '0'));
    }

    [Theory]
    [InlineData(Variant.NextSelf, "{api}campaigns/201/responses/?from_date=20250301&to_date=20250331")]
    [InlineData(Variant.NextBare, "{api}campaigns/201/responses/from_date=20250301&page=2&to_date=20250331")]
    [InlineData(Variant.NextOtherFeed, "{api}campaigns/201/sms/?from_date=20250301&to_date=20250331&page=2")]
    [InlineData(Variant.NextMalformed, "{api}campaigns/201/responses/?from_date=20250301&to_date=20250331/?page=2")]
    [InlineData(Variant.NextHttp, "http://127.0.0.1/api/v1/campaigns/201/responses/?from_date=20250301&to_date=20250331&page=2")]
    public async Task Next_is_always_wrong_in_one_way(Variant variant, string expected)
    {
        await using var tenant = await Tenant.StartAsync(One, variant);
        for (var time = 0; time < 2; time++)
        {
            var next = (string?)(await tenant.JsonAsync("/api/v1/campaigns/201/responses/" + Window))["next"];
            Assert.Equal(expected.Replace("{api}", tenant.Cube.BaseUrl + "api/v1/", StringComparison.Ordinal), next);
        }
    }

    [Theory]
    [InlineData("/api/v1/campaigns")]
    [InlineData(CallOutcomes)]
    public async Task A_byte_order_mark_stands_before_listings_and_pages(string path)
    {
        await using var tenant = await Tenant.StartAsync(Two, Variant.ByteOrderMark);
        Assert.Equal([0xEF, 0xBB, 0xBF], (await BytesAsync(tenant, path)).Body[..3]);
    }

    [Theory]
    [InlineData(Variant.Latin1, "application/json; charset=iso-8859-1")]
    [InlineData(Variant.Latin1Undeclared, "application/json")]
    public async Task Bodies_can_be_latin_1(Variant variant, string contentType)
    {
        await using var tenant = await Tenant.StartAsync(Two, variant);
        var (body, type, _) = await BytesAsync(tenant, "/api/v1/campaigns");
        Assert.Equal(contentType, type);
        Assert.Throws<DecoderFallbackException>(() => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body));
        Assert.Equal(
            tenant.Data.Campaigns().Select(row => row.ToJsonString()),
            JsonNode.Parse(Encoding.Latin1.GetString(body))!.AsArray().Select(row => row!.ToJsonString())
        );
    }

    [Theory]
    [InlineData("/api/v1/campaigns")]
    [InlineData(CallOutcomes)]
    public async Task Bodies_are_compressed_when_the_request_accepts_it(string path)
    {
        await using var tenant = await Tenant.StartAsync(Two, Variant.Gzip);
        var plain = await BytesAsync(tenant, path);
        tenant.Client.DefaultRequestHeaders.Add("Accept-Encoding", "gzip, br");
        var packed = await BytesAsync(tenant, path);
        Assert.Equal(("", "gzip"), (plain.Encoding, packed.Encoding));
        using var reader = new StreamReader(new GZipStream(new MemoryStream(packed.Body), CompressionMode.Decompress));
        Assert.Equal(Encoding.UTF8.GetString(plain.Body), await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(Variant.Writes404, HttpStatusCode.NotFound)]
    [InlineData(Variant.Writes405, HttpStatusCode.MethodNotAllowed)]
    [InlineData(Variant.Writes501, HttpStatusCode.NotImplemented)]
    public async Task Writes_can_be_off_in_generation_2(Variant variant, HttpStatusCode status)
    {
        await using var tenant = await Tenant.StartAsync(Two, variant);
        var id = (await FirstAsync(tenant, Crm + "customers/"))["crm__customer_id"]!;
        Assert.Equal(status, (await tenant.SendAsync(HttpMethod.Put, $"{Crm}customers/{id}", $$"""{"customer_id":"{{id}}"}""")).Status);
        Assert.Equal(status, (await tenant.SendAsync(HttpMethod.Post, Crm + "customers/N1", """{"customer_id":"N1"}""")).Status);
        Assert.Empty(tenant.Data.Writes);
    }

    [Fact]
    public async Task The_oldest_creation_has_its_ids_in_the_body()
    {
        await using var tenant = await Tenant.StartAsync(One, Variant.CreateInBody);
        var body = $$"""{"assignment_id":{{tenant.Assignment}},"customer_id":"N1","name":"N"}""";
        Assert.Equal(HttpStatusCode.NotFound, (await tenant.SendAsync(HttpMethod.Post, tenant.CustomersPath + "N1", body)).Status);
        Assert.Equal(HttpStatusCode.Created, (await tenant.SendAsync(HttpMethod.Post, "/crm/customers", body)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await tenant.SendAsync(HttpMethod.Post, "/crm/customers", body)).Status);
        Assert.NotNull(tenant.Data.FindCustomer(tenant.Assignment, "N1"));
    }

    [Theory]
    [InlineData(true, "GET, PUT, POST, HEAD, OPTIONS")]
    [InlineData(false, "GET, HEAD, OPTIONS")]
    public async Task Options_says_whether_writes_are_on(bool enabled, string expected)
    {
        await using var tenant = await Tenant.StartAsync(Two, enabled ? [Variant.OptionsAllow] : [Variant.OptionsAllow, Variant.Writes405]);
        using var request = new HttpRequestMessage(HttpMethod.Options, new Uri(Crm + "customers/1", UriKind.Relative));
        using var response = await tenant.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected, string.Join(", ", response.Content.Headers.Allow));
        tenant.Data.Switch(Two);
        using var again = new HttpRequestMessage(HttpMethod.Options, new Uri(Crm + "customers/1", UriKind.Relative));
        using var refused = await tenant.Client.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.StatusCode);
    }

    private static IEnumerable<JsonValueKind> Kinds(JsonNode rows, string member) =>
        rows.AsArray().Select(row => row![member]!.GetValueKind()).Distinct();

    private static async Task<JsonObject> FirstAsync(Tenant tenant, string path) =>
        (await tenant.JsonAsync(path))["results"]![0]!.AsObject();

    private static async Task<(byte[] Body, string ContentType, string Encoding)> BytesAsync(Tenant tenant, string path)
    {
        using var response = await tenant.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return (body, response.Content.Headers.ContentType!.ToString(), string.Join(',', response.Content.Headers.ContentEncoding));
    }
}
