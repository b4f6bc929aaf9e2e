using System.Net;
using System.Text.Json.Nodes;
using Cube.Simulator;
using Xunit;

namespace CubeFunctions.Tests.Simulator;

public sealed class CustomerTests
{
    [Theory]
    [InlineData(CustomerIdInUrl.Internal)]
    [InlineData(CustomerIdInUrl.Imported)]
    public async Task Put_changes_the_fields_and_answers_the_whole_record(CustomerIdInUrl which)
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { CustomerIdInUrl = which, AnonymisedPerThousand = 0 });
        foreach (var customer in tenant.Data.Customers(tenant.Assignment).Take(50).ToList())
        {
            var imported = customer["customer_id"]!.ToString();
            var path = tenant.CustomersPath + (which == CustomerIdInUrl.Internal ? customer["id"]!.ToString() : imported);
            Assert.Equal(customer["id"]!.ToString(), (await tenant.JsonAsync(path))["id"]!.ToString());
            var (status, body) = await tenant.SendAsync(
                HttpMethod.Put,
                path,
                $$"""{"assignment_id":{{tenant.Assignment}},"customer_id":"{{imported}}","phone_1":"012 æøå","Antall år":7}"""
            );
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal("012 æøå", (string?)body!["phone_1"]);
            Assert.Equal(7, (int)body["Antall år"]!);
            Assert.Equal((string?)customer["name"], (string?)body["name"]);
            Assert.Equal(("agent@example.test", "Import update"), ((string?)body["updated_by"], (string?)body["update_method"]));
            Assert.Equal(body.ToJsonString(), (await tenant.JsonAsync(path)).ToJsonString());
        }

        Assert.Equal(50, tenant.Data.Writes.Count);
        Assert.Equal(120, (await tenant.AllAsync(tenant.CustomersPath)).Count);
    }

    [Fact]
    public async Task Put_without_the_mandatory_fields_is_400_per_field()
    {
        await using var tenant = await Tenant.StartAsync();
        var id = tenant.Data.Customers(tenant.Assignment).First()["id"]!.ToString();
        var (status, body) = await tenant.SendAsync(HttpMethod.Put, tenant.CustomersPath + id, """{"name":"X"}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(["assignment_id", "customer_id"], body!.AsObject().Select(member => member.Key));
        Assert.Equal(HttpStatusCode.BadRequest, (await tenant.SendAsync(HttpMethod.Put, tenant.CustomersPath + id, "{")).Status);
        Assert.Empty(tenant.Data.Writes);
    }

    [Fact]
    public async Task Post_creates_a_customer_once()
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { CustomerIdInUrl = CustomerIdInUrl.Imported });
        var body = $$"""{"assignment_id":"{{tenant.Assignment}}","customer_id":"00071","name":"Åse Ødegård","Målernummer":"0042"}""";
        var (status, created) = await tenant.SendAsync(HttpMethod.Post, tenant.CustomersPath + "00071", body);
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(
            ("00071", "Åse Ødegård", "0042", "Import new"),
            ((string?)created!["customer_id"], (string?)created["name"], (string?)created["Målernummer"], (string?)created["update_method"])
        );
        var (again, errors) = await tenant.SendAsync(HttpMethod.Post, tenant.CustomersPath + "00071", body);
        Assert.Equal(HttpStatusCode.BadRequest, again);
        Assert.NotNull(errors!["customer_id"]);
        Assert.Equal(created.ToJsonString(), (await tenant.JsonAsync(tenant.CustomersPath + "00071")).ToJsonString());
        Assert.Equal(created.ToJsonString(), (await tenant.AllAsync(tenant.CustomersPath))[^1]);
    }

    [Fact]
    public async Task Two_posts_at_once_create_one_customer()
    {
        await using var tenant = await Tenant.StartAsync();
        var body = $$"""{"assignment_id":{{tenant.Assignment}},"customer_id":"N1","name":"N"}""";
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => tenant.SendAsync(HttpMethod.Post, tenant.CustomersPath + "N1", body))
        );
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Single(tenant.Data.Customers(tenant.Assignment), row => row["customer_id"]!.ToString() == "N1");
    }

    [Theory]
    [InlineData(WriteMode.NotFound404, HttpStatusCode.NotFound)]
    [InlineData(WriteMode.MethodNotAllowed405, HttpStatusCode.MethodNotAllowed)]
    [InlineData(WriteMode.NotImplemented501, HttpStatusCode.NotImplemented)]
    public async Task Writes_can_be_switched_off(WriteMode mode, HttpStatusCode expected)
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { Writes = mode });
        Assert.Equal(expected, (await tenant.SendAsync(HttpMethod.Put, tenant.CustomersPath + "1", "{}")).Status);
        Assert.Equal(expected, (await tenant.SendAsync(HttpMethod.Post, tenant.CustomersPath + "1", "{}")).Status);
    }

    [Fact]
    public async Task Later_fields_have_no_internal_id_and_take_edits_by_either_name()
    {
        await using var tenant = await Tenant.StartAsync(
            Tenant.Small with
            {
                LaterFields = true,
                CustomerIdInUrl = CustomerIdInUrl.Imported,
            }
        );
        var path = tenant.CustomersPath + "355116";
        var body = $$"""{"assignment_id":{{tenant.Assignment}},"customer_id":"355116","email":"ny@example.com","crm__custom_info__3":9}""";
        Assert.Equal(HttpStatusCode.OK, (await tenant.SendAsync(HttpMethod.Put, path, body)).Status);
        var customer = (await tenant.JsonAsync(path)).AsObject();
        Assert.False(customer.ContainsKey("id"));
        Assert.Equal("ny@example.com", (string?)customer["crm__standard_info__email"]);
        Assert.Equal(9, (int)customer["crm__custom_info__3"]!);
    }

    [Fact]
    public async Task Deleted_and_hidden_customers_are_absent_and_404()
    {
        await using var tenant = await Tenant.StartAsync();
        var (data, assignment) = (tenant.Data, tenant.Assignment);
        var ids = data.Customers(assignment).Select(row => row["id"]!.GetValue<long>()).ToList();
        data.DeleteCustomer(assignment, ids[0]);
        data.DeleteCustomer(assignment, ids[7]);
        data.LosePermission(assignment);
        Assert.Equal(59, (await tenant.AllAsync(tenant.CustomersPath)).Count);
        await tenant.JsonAsync(tenant.CustomersPath + ids[1], HttpStatusCode.NotFound);
        data.RestorePermission(assignment);
        var left = (await tenant.AllAsync(tenant.CustomersPath)).Select(row => JsonNode.Parse(row)!["id"]!.GetValue<long>());
        Assert.Equal(ids.Except([ids[0], ids[7]]), left);
        var added = data.AddCustomer(assignment);
        data.DeleteCustomer(assignment, added);
        await tenant.JsonAsync(tenant.CustomersPath + added, HttpStatusCode.NotFound);
        Assert.NotEqual(added, data.AddCustomer(assignment));
        Assert.Throws<ArgumentException>(() => data.DeleteCustomer(assignment, added));
    }

    [Fact]
    public async Task Responses_are_added_corrected_and_removed()
    {
        await using var tenant = await Tenant.StartAsync();
        var (data, campaign) = (tenant.Data, tenant.Campaign);
        var day = new DateOnly(2025, 3, 3);
        var before = data.Responses(campaign, day, day).Select(row => row.ToJsonString()).ToList();
        var customer = data.Customers(tenant.Assignment).First()["id"]!.GetValue<long>();
        data.AddResponse(campaign, customer, new DateTime(2025, 3, 3, 20, 59, 0), comment: "først");
        data.CorrectResponse(campaign, day, 0, "rettet");
        data.CorrectResponse(campaign, day, 2, "også rettet");
        data.RemoveResponse(campaign, day, 3);
        var after = await tenant.AllAsync($"/api/v1/campaigns/{campaign}/responses/?from_date=20250303&to_date=20250303");
        Assert.Equal(before.Count, after.Count);
        Assert.Equal("rettet", (string?)JsonNode.Parse(after[0])!["response_comment"]);
        Assert.Equal("også rettet", (string?)JsonNode.Parse(after[2])!["response_comment"]);
        Assert.Equal(before[0], after[1]);
        Assert.Equal(before[3..], after[3..]);
        Assert.Throws<ArgumentOutOfRangeException>(() => data.RemoveResponse(campaign, day, after.Count));
    }

    [Fact]
    public async Task While_agents_work_each_request_finds_more_rows_today()
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Data.AgentsAtWork = 2;
        var path = $"/api/v1/campaigns/{tenant.Campaign}/responses/";
        var counts = new List<int>();
        for (var request = 0; request < 3; request++)
            counts.Add((await tenant.JsonAsync(path))["count"]!.GetValue<int>());
        Assert.Equal([counts[0], counts[0] + 2, counts[0] + 4], counts);
    }
}
