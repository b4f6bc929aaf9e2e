using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CubeFunctions.Tests.Simulator;

public sealed class FeedTests
{
    [Fact]
    public async Task A_page_has_count_next_previous_results_in_that_order()
    {
        await using var tenant = await Tenant.StartAsync();
        var page = (await tenant.JsonAsync(tenant.CustomersPath + "?page=2")).AsObject();
        Assert.Equal(["count", "next", "previous", "results"], page.Select(member => member.Key));
        Assert.Equal(120, page["count"]!.GetValue<int>());
        Assert.Equal($"{tenant.Cube.BaseUrl}api/v1/assignments/{tenant.Assignment}/customers/?page=3", page["next"]!.GetValue<string>());
        Assert.EndsWith("?page=1", page["previous"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(50, page["results"]!.AsArray().Count);
        var last = await tenant.JsonAsync(tenant.CustomersPath + "?page=3");
        Assert.Null(last["next"]);
        Assert.Equal(20, last["results"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("4")]
    [InlineData("0")]
    [InlineData("x")]
    public async Task A_page_out_of_range_is_404(string page)
    {
        await using var tenant = await Tenant.StartAsync();
        Assert.Equal(
            """{"detail":"Invalid page."}""",
            (await tenant.JsonAsync(tenant.CustomersPath + "?page=" + page, HttpStatusCode.NotFound)).ToJsonString()
        );
    }

    [Fact]
    public async Task Following_next_gives_what_the_oracle_gives_in_every_feed()
    {
        await using var tenant = await Tenant.StartAsync();
        var (campaign, assignment, data) = (tenant.Campaign, tenant.Assignment, tenant.Data);
        var (from, to) = (new DateOnly(2025, 3, 1), new DateOnly(2025, 3, 31));
        const string Window = "?from_date=20250301&to_date=20250331";
        data.DeleteCustomer(assignment, CustomerId(data.Customers(assignment).ElementAt(3)));
        data.AnonymiseCustomer(assignment, CustomerId(data.Customers(assignment).ElementAt(5)));
        data.AddCustomer(assignment, new JsonObject { ["name"] = "Ny Kunde", ["Antall år"] = 3 });

        Same(data.Customers(assignment), await tenant.AllAsync(tenant.CustomersPath));
        Same(data.Responses(campaign, from, to), await tenant.AllAsync($"/api/v1/campaigns/{campaign}/responses/{Window}"));
        Same(
            data.Responses(campaign, from, to, "Sale"),
            await tenant.AllAsync($"/api/v1/campaigns/{campaign}/responses/{Window}&response_type=Sale")
        );
        Same(data.Sms(campaign, from, to), await tenant.AllAsync($"/api/v1/campaigns/{campaign}/sms/{Window}"));
        Same(data.AssignmentSms(assignment, from, to), await tenant.AllAsync($"/api/v1/assignments/{assignment}/sms/{Window}"));
        Same(data.CallflowCustomers(campaign), await tenant.AllAsync($"/api/v1/campaigns/{campaign}/callflow_customers/"));
        Same(data.AssignmentCallflowCustomers(assignment), await tenant.AllAsync($"/api/v1/assignments/{assignment}/callflow_customers/"));
        Same(
            data.CustomFields(assignment),
            [
                .. (await tenant.JsonAsync($"/api/v1/assignments/{assignment}/crm_custom_fields/"))
                    .AsArray()
                    .Select(row => row!.ToJsonString()),
            ]
        );
        Assert.Contains(
            data.Responses(campaign, from, to),
            row => (string?)row["crm__standard_info__name"] == "Anonymized" && Text(row["crm__customer_id"]).Length == 0
        );
    }

    [Fact]
    public async Task Missing_dates_mean_today_in_the_tenants_time_zone()
    {
        // 22:30 UTC in summer is half past midnight in Oslo.
        await using var tenant = await Tenant.StartAsync(
            time: new FakeTimeProvider(new DateTimeOffset(2025, 6, 10, 22, 30, 0, TimeSpan.Zero))
        );
        var path = $"/api/v1/campaigns/{tenant.Campaign}/responses/";
        foreach (var query in new[] { "", "?from_date=20250101", "?to_date=20250610", "?from_date=20250611&to_date=20250611" })
        {
            var rows = await tenant.AllAsync(path + query);
            Assert.NotEmpty(rows);
            AtLeastOne.All(
                rows,
                row => Assert.StartsWith("2025-06-11 ", (string?)JsonNode.Parse(row)!["response_submitted_when"], StringComparison.Ordinal)
            );
        }
    }

    [Fact]
    public async Task Both_days_of_a_window_are_in_it_and_the_days_differ_in_volume()
    {
        await using var tenant = await Tenant.StartAsync();
        var rows = await tenant.AllAsync($"/api/v1/campaigns/{tenant.Campaign}/responses?from_date=20250303&to_date=20250309");
        var perDay = rows.GroupBy(row => JsonNode.Parse(row)!["response_submitted_when"]!.GetValue<string>()[..10])
            .ToDictionary(day => day.Key, day => day.Count());
        Assert.Contains("2025-03-03", perDay.Keys);
        Assert.Contains("2025-03-07", perDay.Keys);
        Assert.DoesNotContain("2025-03-09", perDay.Keys);
        Assert.True(perDay.Values.Distinct().Count() > 1);
        Assert.Empty(await tenant.AllAsync($"/api/v1/campaigns/{tenant.Campaign}/responses?from_date=20250309&to_date=20250303"));
        await tenant.JsonAsync(
            $"/api/v1/campaigns/{tenant.Campaign}/responses/?from_date=20170101&to_date=20180401/?page=2",
            HttpStatusCode.BadRequest
        );
    }

    [Fact]
    public async Task Base_responses_have_distinct_keys()
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { AnonymisedPerThousand = 0, ResponsesPerCampaignPerDay = 300 });
        var keys = tenant
            .Data.Responses(tenant.Campaign, new DateOnly(2025, 3, 1), new DateOnly(2025, 3, 31))
            .Select(row => $"{Text(row["crm__customer_id"])}|{row["response_submitted_when"]}|{row["response_submitted_by"]}")
            .ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
    }

    [Fact]
    public async Task The_call_state_filter_may_end_in_a_slash()
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Data.SetCallState(tenant.Campaign, CustomerIdOf(tenant.Data.CallflowCustomers(tenant.Campaign).First()), "Eget valg");
        var path = $"/api/v1/campaigns/{tenant.Campaign}/callflow_customers/?call_state=";
        Assert.Single(await tenant.AllAsync(path + "Eget%20valg"));
        Assert.Single(await tenant.AllAsync(path + "Eget%20valg/"));
        Assert.Equal(tenant.Data.CallflowCustomers(tenant.Campaign, "On Hold").Count(), (await tenant.AllAsync(path + "On%20Hold")).Count);
    }

    [Fact]
    public async Task Customers_have_awkward_ids_and_field_names()
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { AnonymisedPerThousand = 20 });
        var customers = tenant.Data.Customers(tenant.Assignment).ToList();
        var kinds = customers.Select(row => row["customer_id"]!.GetValueKind()).ToHashSet();
        Assert.Contains(JsonValueKind.Number, kinds);
        Assert.Contains(JsonValueKind.String, kinds);
        var imported = customers.Select(row => Text(row["customer_id"])).Where(id => id.Length > 0).ToList();
        Assert.Equal(imported.Count, imported.Distinct().Count());
        Assert.Contains(imported, id => id.StartsWith("05", StringComparison.Ordinal) && id.Length == 11);
        Assert.Contains(imported, id => id[0] == '0' && imported.Contains(id[1..]));
        Assert.NotEmpty(imported.Intersect(customers.Select(row => Text(row["id"]))));
        Assert.Contains("Antall år", customers[0].Select(member => member.Key));
        var anonymised = customers.First(row => (string?)row["name"] == "Anonymized");
        AtLeastOne.All(["customer_id", "phone_1", "email", "Antall år"], name => Assert.Equal("", Text(anonymised[name])));
        AtLeastOne.All(imported, id => Assert.NotNull(tenant.Data.FindCustomer(tenant.Assignment, id)));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_bytes_in_another_simulator_and_another_seed_does_not()
    {
        await using var one = await Tenant.StartAsync();
        await using var two = await Tenant.StartAsync();
        await using var other = await Tenant.StartAsync(Tenant.Small with { Seed = 2 });
        var path = $"/api/v1/campaigns/{one.Campaign}/responses/?from_date=20250301&to_date=20250331&page=2";
        var results = (await one.JsonAsync(path))["results"]!.ToJsonString();
        Assert.Equal(results, (await two.JsonAsync(path))["results"]!.ToJsonString());
        Assert.NotEqual(results, (await other.JsonAsync(path))["results"]!.ToJsonString());
    }

    [Fact]
    public async Task A_million_customers_are_read_anywhere_without_holding_them()
    {
        await using var tenant = await Tenant.StartAsync(
            Tenant.Small with
            {
                CustomersPerAssignment = 1_000_000,
                PageSize = 500,
                FillerBytesPerRecord = 200,
            }
        );
        var before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var page in new[] { 1, 1000, 2000 })
        {
            var body = await tenant.JsonAsync($"{tenant.CustomersPath}?page={page.ToString(CultureInfo.InvariantCulture)}");
            Assert.Equal(1_000_000, body["count"]!.GetValue<int>());
            Assert.Equal(500, body["results"]!.AsArray().Count);
            Assert.Equal(200, body["results"]![0]!["filler"]!.GetValue<string>().Length);
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 500_000_000);
    }

    private static void Same(IEnumerable<JsonObject> expected, List<string> actual)
    {
        var texts = expected.Select(row => row.ToJsonString()).ToList();
        Assert.NotEmpty(texts);
        Assert.Equal(texts, actual);
    }

    private static long CustomerId(JsonObject customer) => customer["id"]!.GetValue<long>();

    private static long CustomerIdOf(JsonObject row) => long.Parse(Text(row["callflow__crm_customer_id"]), CultureInfo.InvariantCulture);

    private static string Text(JsonNode? node) => node?.ToString() ?? "";
}
