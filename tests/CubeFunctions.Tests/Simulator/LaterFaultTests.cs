using System.Diagnostics;
using System.Net;
using Cube.Simulator;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CubeFunctions.Tests.Simulator;

/// <summary>Faults of listings that lie, of limits and of clocks.</summary>
public sealed class LaterFaultTests
{
    private const string Window = "?from_date=20250301&to_date=20250307";

    public static TheoryData<TenantApi> Both => [TenantApi.Assignments, TenantApi.DataOwners];

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_short_listing_is_short_of_the_same_rows_each_time(TenantApi api)
    {
        await using var tenant = await Tenant.StartAsync(api);
        var path = Calls(tenant);
        var all = await tenant.AllAsync(path + Window);
        tenant.Cube.Faults.Add("short,rows=3");
        var first = await tenant.JsonAsync(path + Window);
        Assert.Equal(all.Count, (int)first["count"]!);
        Assert.Equal(all[..^3], await tenant.AllAsync(path + Window));
        Assert.Equal(all[..^3], await tenant.AllAsync(path + Window));
        tenant.Cube.Faults.Clear();
        Assert.Equal(all, await tenant.AllAsync(path + Window));
    }

    [Fact]
    public async Task A_short_day_is_short_in_every_window_that_holds_it()
    {
        await using var tenant = await Tenant.StartAsync();
        var path = Calls(tenant);
        var week = await tenant.AllAsync(path + Window);
        var day = await tenant.AllAsync(path + "?from_date=20250304&to_date=20250304");
        Assert.True(day.Count > 2);
        tenant.Cube.Faults.Add("short,rows=2,day=20250304,path=/campaigns/201/");
        Assert.Equal(day[..^2], await tenant.AllAsync(path + "?from_date=20250304&to_date=20250304"));
        Assert.Equal(week.Except(day[^2..]), await tenant.AllAsync(path + Window));
        var other = path + "?from_date=20250305&to_date=20250307";
        Assert.Equal((int)(await tenant.JsonAsync(other))["count"]!, (await tenant.AllAsync(other)).Count);
    }

    [Fact]
    public async Task A_share_of_short_listings_goes_by_address_and_seed()
    {
        async Task<List<bool>> Short(int seed)
        {
            await using var tenant = await Tenant.StartAsync(
                Tenant.Small with
                {
                    Seed = seed,
                    Campaigns = 20,
                    ResponsesPerCampaignPerDay = 4,
                }
            );
            tenant.Cube.Faults.Add("short=0.5,rows=1");
            var lacking = new List<bool>();
            foreach (var campaign in tenant.Data.CampaignIds())
            {
                var page = await tenant.JsonAsync($"/api/v1/campaigns/{campaign}/responses/{Window}");
                var again = await tenant.JsonAsync($"/api/v1/campaigns/{campaign}/responses/{Window}");
                Assert.Equal(page["results"]!.AsArray().Count, again["results"]!.AsArray().Count);
                lacking.Add(page["results"]!.AsArray().Count < (int)page["count"]!);
            }

            return lacking;
        }

        var one = await Short(1);
        Assert.Equal(one, await Short(1));
        Assert.NotEqual(one, await Short(2));
        Assert.Contains(true, one);
        Assert.Contains(false, one);
    }

    [Fact]
    public async Task A_count_can_be_too_high_for_good_in_one_scope_until_it_is_taken_back()
    {
        await using var tenant = await Tenant.StartAsync();
        var fault = new Fault { Kind = FaultKind.CountHigh, PathContains = "/campaigns/201/responses/" };
        tenant.Cube.Faults.Add(fault);
        var rows = tenant.Data.Responses(201, new DateOnly(2025, 3, 1), new DateOnly(2025, 3, 7)).Count();
        for (var time = 0; time < 3; time++)
            Assert.Equal(rows + 1, (int)(await tenant.JsonAsync("/api/v1/campaigns/201/responses/" + Window))["count"]!);
        Assert.Equal(
            tenant.Data.Responses(202, new DateOnly(2025, 3, 1), new DateOnly(2025, 3, 7)).Count(),
            (int)(await tenant.JsonAsync("/api/v1/campaigns/202/responses/" + Window))["count"]!
        );
        Assert.True(tenant.Cube.Faults.Remove(fault));
        Assert.False(tenant.Cube.Faults.Remove(fault));
        Assert.Equal(rows, (int)(await tenant.JsonAsync("/api/v1/campaigns/201/responses/" + Window))["count"]!);
    }

    [Fact]
    public async Task A_page_in_the_middle_can_be_empty()
    {
        await using var tenant = await Tenant.StartAsync();
        var all = await tenant.AllAsync(tenant.CustomersPath);
        tenant.Cube.Faults.Add("empty-page,from-page=2,to-page=2");
        var second = await tenant.JsonAsync(tenant.CustomersPath + "?page=2");
        Assert.Equal((120, 0), ((int)second["count"]!, second["results"]!.AsArray().Count));
        Assert.EndsWith("page=3", (string?)second["next"], StringComparison.Ordinal);
        Assert.Equal([.. all[..50], .. all[100..]], await tenant.AllAsync(tenant.CustomersPath));
    }

    [Fact]
    public async Task An_error_can_look_like_an_empty_page()
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("error-page,times=1");
        Assert.Equal(
            """{"count":0,"next":null,"previous":null,"results":[],"error":"partial outage"}""",
            (await tenant.JsonAsync(tenant.CustomersPath)).ToJsonString()
        );
        Assert.Equal(120, (int)(await tenant.JsonAsync(tenant.CustomersPath))["count"]!);
    }

    [Theory]
    [InlineData("202", 202, 50)]
    [InlineData("206", 206, 25)]
    public async Task A_page_can_come_with_another_status_of_success(string name, int status, int rows)
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add(name);
        var page = await tenant.JsonAsync(tenant.CustomersPath, (HttpStatusCode)status);
        Assert.Equal((120, rows), ((int)page["count"]!, page["results"]!.AsArray().Count));
        Assert.Equal(status, Assert.Single(tenant.Cube.Requests.All).Status);
    }

    [Theory]
    [InlineData("404", HttpStatusCode.NotFound)]
    [InlineData("405", HttpStatusCode.MethodNotAllowed)]
    [InlineData("501", HttpStatusCode.NotImplemented)]
    public async Task One_write_can_be_refused_by_mistake(string name, HttpStatusCode status)
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add(name + ",method=PUT,times=1");
        var id = tenant.Data.CustomerIds(tenant.Assignment).First();
        var body = $$"""{"assignment_id":{{tenant.Assignment}},"customer_id":"x","name":"N"}""";
        await tenant.JsonAsync(tenant.CustomersPath);
        Assert.Equal(status, (await tenant.SendAsync(HttpMethod.Put, tenant.CustomersPath + id, body)).Status);
        Assert.Empty(tenant.Data.Writes);
        Assert.Equal(HttpStatusCode.OK, (await tenant.SendAsync(HttpMethod.Put, tenant.CustomersPath + id, body)).Status);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("1.5")]
    [InlineData("99999999999999999999")]
    public async Task Retry_after_can_say_anything(string words)
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("503,retry-after=" + words);
        using var response = await tenant.GetAsync("/campaigns");
        Assert.Equal(words, Assert.Single(response.Headers.NonValidated["Retry-After"]));
    }

    [Fact]
    public async Task The_tenants_clock_can_be_wrong_in_one_answer_or_in_all()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2025, 6, 10, 12, 0, 0, TimeSpan.Zero));
        await using var tenant = await Tenant.StartAsync(time: clock);
        tenant.Cube.Faults.Add("429-date,seconds=30,skew=-3600,times=1");
        using (var one = await tenant.GetAsync("/campaigns"))
        {
            Assert.Equal(clock.GetUtcNow().AddHours(-1), one.Headers.Date);
            Assert.Equal(clock.GetUtcNow().AddHours(-1).AddSeconds(30), one.Headers.RetryAfter?.Date);
        }

        tenant.Cube.DateSkew = TimeSpan.FromMinutes(7);
        tenant.Cube.Faults.Add("429-date,seconds=30,times=1");
        using (var two = await tenant.GetAsync("/campaigns"))
            Assert.Equal(clock.GetUtcNow().AddMinutes(7).AddSeconds(30), two.Headers.RetryAfter?.Date);
        using var three = await tenant.GetAsync("/campaigns");
        Assert.Equal(clock.GetUtcNow().AddMinutes(7), three.Headers.Date);
    }

    [Fact]
    public async Task A_limit_per_second_goes_by_the_tenants_clock()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2025, 6, 10, 12, 0, 0, TimeSpan.Zero));
        await using var tenant = await Tenant.StartAsync(
            Tenant.Small with
            {
                RateLimit = new RateLimit { PerSecond = 2, RetryAfter = TimeSpan.FromSeconds(4) },
            },
            clock
        );
        await tenant.JsonAsync("/campaigns");
        await tenant.JsonAsync("/campaigns");
        using (var third = await tenant.GetAsync("/campaigns"))
            Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(4)), (third.StatusCode, third.Headers.RetryAfter?.Delta));
        clock.Advance(TimeSpan.FromSeconds(1));
        await tenant.JsonAsync("/campaigns");
        tenant.Cube.RateLimit = null;
        for (var request = 0; request < 5; request++)
            await tenant.JsonAsync("/campaigns");
    }

    [Fact]
    public async Task A_limit_of_requests_at_one_time_refuses_the_others()
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { RateLimit = new RateLimit { Concurrent = 1 } });
        var (entered, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        tenant.Cube.BeforeAnswer = _ =>
        {
            entered.TrySetResult();
            go.Task.Wait();
        };
        var first = tenant.JsonAsync("/campaigns");
        await entered.Task;
        await tenant.JsonAsync("/campaigns", HttpStatusCode.TooManyRequests);
        go.SetResult();
        await first;
        await tenant.JsonAsync("/campaigns");
    }

    [Fact]
    public async Task The_page_size_can_change_in_the_middle()
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("page-size,rows=20,from-page=2");
        var all = tenant.Data.Customers(tenant.Assignment).Select(row => row.ToJsonString()).ToList();
        var second = (await tenant.JsonAsync(tenant.CustomersPath + "?page=2"))["results"]!.AsArray();
        Assert.Equal(all[20..40], second.Select(row => row!.ToJsonString()));
        Assert.Null((await tenant.JsonAsync(tenant.CustomersPath + "?page=6"))["next"]);
    }

    [Fact]
    public async Task A_delay_comes_before_its_page_only()
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("delay,ms=150,from-page=2");
        var started = Stopwatch.GetTimestamp();
        await tenant.JsonAsync(tenant.CustomersPath + "?page=2");
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(140));
        Assert.Equal(1, tenant.Cube.Faults.Happened(FaultKind.Delay));
        await tenant.JsonAsync(tenant.CustomersPath);
        Assert.Equal(1, tenant.Cube.Faults.Happened(FaultKind.Delay));
    }

    [Fact]
    public void Days_and_words_are_read_from_the_command_line()
    {
        var fault = FaultPlan.Parse("short,rows=3,day=20251120,from=20251101,to=20251130");
        Assert.Equal(
            new Fault
            {
                Kind = FaultKind.ShortListing,
                Rows = 3,
                Day = new(2025, 11, 20),
                From = new(2025, 11, 1),
                To = new(2025, 11, 30),
            },
            fault
        );
        Assert.Contains(
            "a day such as",
            Assert.Throws<FormatException>(() => FaultPlan.Parse("short,day=x")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "should be seconds",
            Assert.Throws<FormatException>(() => FaultPlan.Parse("503,skew=x")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_fault_can_keep_to_one_window()
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Cube.Faults.Add("503,from=20250301,to=20250307");
        await tenant.JsonAsync(Calls(tenant) + Window, HttpStatusCode.ServiceUnavailable);
        await tenant.JsonAsync(Calls(tenant) + "?from_date=20250301&to_date=20250306");
    }

    private static string Calls(Tenant tenant) =>
        tenant.Data.Feeds().First(feed => feed is { Scope: "campaign", Feed: "responses" or "call_outcomes" }).Path;
}
