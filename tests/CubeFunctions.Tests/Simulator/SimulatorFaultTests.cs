using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CubeFunctions.Tests.Simulator;

public sealed class SimulatorFaultTests
{
    [Theory]
    [InlineData("429", 429)]
    [InlineData("503", 503)]
    [InlineData("408", 408)]
    [InlineData("500", 500)]
    [InlineData("502", 502)]
    [InlineData("401", 401)]
    [InlineData("403", 403)]
    [InlineData("404", 404)]
    [InlineData("html-200", 200)]
    [InlineData("html-502", 502)]
    public async Task A_status_fault_answers_its_status(string name, int status)
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add(name + ",seconds=3");
        using var response = await tenant.GetAsync(tenant.CustomersPath);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(name is "429" or "503" ? TimeSpan.FromSeconds(3) : null, response.Headers.RetryAfter?.Delta);
        if (name.StartsWith("html", StringComparison.Ordinal))
            Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(status, Assert.Single(tenant.Cube.Requests.All).Status);
    }

    [Fact]
    public async Task Retry_after_as_a_date_goes_by_the_given_clock()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2025, 6, 10, 12, 0, 0, TimeSpan.Zero));
        await using var tenant = await Tenant.StartAsync(time: clock);
        tenant.Cube.Faults.Add("429-date,seconds=30");
        using var response = await tenant.GetAsync("/campaigns");
        Assert.Equal(clock.GetUtcNow().AddSeconds(30), response.Headers.RetryAfter?.Date);
    }

    [Theory]
    [InlineData("reset-before-body")]
    [InlineData("reset-in-body")]
    [InlineData("truncated")]
    public async Task A_connection_fault_fails_the_request_and_the_next_one_works(string name)
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add(name + ",times=1,path=/customers");
        await Assert.ThrowsAsync<HttpRequestException>(() => tenant.GetAsync(tenant.CustomersPath));
        await tenant.JsonAsync(tenant.CustomersPath);
    }

    [Theory]
    [InlineData("truncated-json")]
    [InlineData("broken-json")]
    public async Task Bad_json_arrives_whole_and_does_not_parse(string name)
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add(name);
        using var response = await tenant.GetAsync(tenant.CustomersPath);
        var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.ThrowsAny<JsonException>(() => JsonNode.Parse(body));
    }

    [Fact]
    public async Task A_slow_body_arrives_whole_and_a_large_one_exceeds_its_bytes()
    {
        await using var tenant = await Tenant.StartAsync();
        var expected = await tenant.JsonAsync(tenant.CustomersPath);
        tenant.Cube.Faults.Add(
            new Fault
            {
                Kind = FaultKind.SlowBody,
                Duration = TimeSpan.FromMilliseconds(100),
                Times = 1,
            }
        );
        Assert.Equal(expected.ToJsonString(), (await tenant.JsonAsync(tenant.CustomersPath)).ToJsonString());
        tenant.Cube.Faults.Add(new Fault { Kind = FaultKind.TooLarge, Bytes = 1_000_000 });
        using var response = await tenant.GetAsync(tenant.CustomersPath);
        Assert.True((await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length > 1_000_000);
    }

    [Fact]
    public async Task A_hang_ends_when_the_client_goes_or_the_simulator_stops()
    {
        var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("hang");
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            tenant.Client.GetAsync(new Uri("/campaigns", UriKind.Relative), impatient.Token)
        );
        var waiting = tenant.GetAsync("/campaigns");
        await tenant.Cube.DisposeAsync();

        // The client says it in one way or the other, by where the end of the connection meets it.
        Assert.True(await Assert.ThrowsAnyAsync<Exception>(() => waiting) is HttpRequestException or System.Net.Sockets.SocketException);
        await tenant.DisposeAsync();
    }

    [Theory]
    [InlineData("next-self", "{base}")]
    [InlineData("next-own-page", "{base}&page=1")]
    [InlineData("next-malformed", "{base}/?page=2")]
    public async Task Next_goes_wrong_as_in_the_vendors_samples(string name, string expected)
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add(name);
        var path = $"api/v1/campaigns/{tenant.Campaign}/responses/?from_date=20250301&to_date=20250401";
        var next = (await tenant.JsonAsync("/" + path))["next"]!.GetValue<string>();
        Assert.Equal(expected.Replace("{base}", tenant.Cube.BaseUrl + path, StringComparison.Ordinal), next);
    }

    [Fact]
    public async Task Next_may_point_elsewhere()
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("next-http,times=1");
        tenant.Cube.Faults.Add("next-other-host,from-page=2,host=http://elsewhere.test:81/");
        Assert.StartsWith(
            "http://127.0.0.1/api/",
            (string?)(await tenant.JsonAsync(tenant.CustomersPath))["next"],
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "http://elsewhere.test:81/api/",
            (string?)(await tenant.JsonAsync(tenant.CustomersPath + "?page=2"))["next"],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Endless_paging_repeats_rows()
    {
        await using var tenant = await Tenant.StartAsync();
        var first = await tenant.JsonAsync(tenant.CustomersPath);
        tenant.Cube.Faults.Add("next-endless");
        var fourth = await tenant.JsonAsync(tenant.CustomersPath + "?page=4");
        Assert.EndsWith("page=5", (string?)fourth["next"], StringComparison.Ordinal);
        Assert.Equal(first["results"]!.ToJsonString(), fourth["results"]!.ToJsonString());
    }

    [Fact]
    public async Task Count_can_be_wrong_change_or_be_text()
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("count-wrong,times=1");
        Assert.Equal(127, (int)(await tenant.JsonAsync(tenant.CustomersPath))["count"]!);
        tenant.Cube.Faults.Add("count-changes,times=2");
        Assert.Equal(121, (int)(await tenant.JsonAsync(tenant.CustomersPath))["count"]!);
        Assert.Equal(120, (int)(await tenant.JsonAsync(tenant.CustomersPath))["count"]!);
        tenant.Cube.Faults.Add("numbers-as-text");
        tenant.Cube.Faults.Add("empty-strings");
        var last = await tenant.JsonAsync(tenant.CustomersPath + "?page=3");
        Assert.Equal(("120", ""), ((string?)last["count"], (string?)last["next"]));
    }

    [Fact]
    public async Task Drift_repeats_and_misses_rows_with_the_total_right_and_then_settles()
    {
        await using var tenant = await Tenant.StartAsync();
        var truth = tenant.Data.Customers(tenant.Assignment).Select(row => row.ToJsonString()).Order(StringComparer.Ordinal).ToList();
        tenant.Cube.Faults.Add("rows-shift,from-page=2");
        var drifted = await tenant.AllAsync(tenant.CustomersPath);
        Assert.Equal(120, drifted.Count);
        Assert.True(drifted.Distinct().Count() < 120);
        await tenant.AllAsync(tenant.CustomersPath);
        Assert.Equal(truth, (await tenant.AllAsync(tenant.CustomersPath)).Order(StringComparer.Ordinal));
        tenant.Cube.Faults.Clear();
        tenant.Cube.Faults.Add("drift-forever");
        for (var sweep = 0; sweep < 4; sweep++)
            Assert.NotEqual(truth, (await tenant.AllAsync(tenant.CustomersPath)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_test_can_change_data_between_two_pages()
    {
        await using var tenant = await Tenant.StartAsync();
        var first = tenant.Data.Customers(tenant.Assignment).First()["id"]!.GetValue<long>();
        tenant.Cube.BeforeAnswer = request =>
        {
            if (request.Page == "2")
            {
                tenant.Data.DeleteCustomer(tenant.Assignment, first);
                tenant.Data.AddCustomer(tenant.Assignment);
            }
        };
        var rows = await tenant.AllAsync(tenant.CustomersPath);
        Assert.Equal(120, rows.Distinct().Count());
        Assert.NotEqual(
            tenant.Data.Customers(tenant.Assignment).Count(),
            rows.Intersect(tenant.Data.Customers(tenant.Assignment).Select(row => row.ToJsonString())).Count()
        );
    }

    [Theory]
    [InlineData("503")]
    [InlineData("reset")]
    public async Task Work_can_be_done_and_the_answer_lost(string way)
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("work-then-fail,times=1,as=" + way);
        var body = $$"""{"assignment_id":{{tenant.Assignment}},"customer_id":"N1","name":"N"}""";
        var post = () => tenant.SendAsync(HttpMethod.Post, tenant.CustomersPath + "N1", body);
        if (way == "503")
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await post()).Status);
        else
            await Assert.ThrowsAsync<HttpRequestException>(post);
        Assert.NotNull(tenant.Data.FindCustomer(tenant.Assignment, "N1"));
        Assert.Equal(HttpStatusCode.BadRequest, (await post()).Status);
    }

    [Fact]
    public async Task A_write_can_be_refused_per_field_and_reads_are_spared()
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("bad-request");
        await tenant.JsonAsync(tenant.CustomersPath);
        var (status, errors) = await tenant.SendAsync(HttpMethod.Put, tenant.CustomersPath + "1", "{}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("""{"phone_1":["Enter a valid phone number."]}""", errors!.ToJsonString());
        Assert.Empty(tenant.Data.Writes);
    }

    [Fact]
    public async Task The_dice_follow_from_the_seed()
    {
        async Task<List<int>> Statuses(int seed)
        {
            await using var tenant = await Tenant.StartAsync(Tenant.Small with { Seed = seed });
            tenant.Cube.Faults.Add("503=0.3");
            for (var request = 0; request < 60; request++)
                (await tenant.GetAsync("/campaigns")).Dispose();
            return [.. tenant.Cube.Requests.All.Select(request => request.Status)];
        }

        var one = await Statuses(1);
        Assert.Equal(one, await Statuses(1));
        Assert.NotEqual(one, await Statuses(2));
        Assert.InRange(one.Count(status => status == 503), 8, 28);
    }

    [Fact]
    public void Every_kind_has_a_name_and_a_description()
    {
        Assert.Equal(Enum.GetValues<FaultKind>().Distinct().Order(), FaultKinds.ByName.Values.Order());
        Assert.Equal(FaultKinds.ByName.Keys.Order(), FaultKinds.Descriptions.Keys.Order());
        AtLeastOne.All(FaultKinds.ByName.Keys, name => Assert.Equal(FaultKinds.ByName[name], FaultPlan.Parse(name).Kind));
    }

    [Fact]
    public void A_fault_is_read_from_the_command_line()
    {
        var fault = FaultPlan.Parse("reset-in-body=0.05,path=/responses,from-page=2,times=3,method=get");
        Assert.Equal(
            new Fault
            {
                Kind = FaultKind.ResetInBody,
                Rate = 0.05,
                PathContains = "/responses",
                FromPage = 2,
                Times = 3,
                Method = "GET",
            },
            fault
        );
    }

    [Theory]
    [InlineData("429s=0.1", "Unknown fault '429s'. Known: 429, 429-date")]
    [InlineData("429=2", "share from 0 to 1")]
    [InlineData("429,tims=1", "Unknown key 'tims'")]
    [InlineData("429,times", "key=value")]
    [InlineData("429,times=x", "whole number")]
    public void A_wrong_fault_is_explained(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => FaultPlan.Parse(text)).Message, StringComparison.Ordinal);
}
