using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Simulator;

public sealed class SimulatorAccessTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("Token", "wrong")]
    [InlineData("Bearer", "simulator-token")]
    [InlineData("Basic", "eDp5")]
    public async Task Wrong_credentials_are_401_with_a_detail(string? scheme, string? value)
    {
        await using var tenant = await Tenant.StartAsync();
        tenant.Client.DefaultRequestHeaders.Authorization = scheme is null ? null : new AuthenticationHeaderValue(scheme, value);
        Assert.NotNull((await tenant.JsonAsync("/campaigns", HttpStatusCode.Unauthorized))["detail"]);
        var logged = Assert.Single(tenant.Cube.Requests.All);
        Assert.False(logged.Authorized);
        Assert.Equal(scheme is not null, logged.HadCredentials);
        Assert.Equal(401, logged.Status);
    }

    [Fact]
    public async Task Basic_credentials_are_taken_too()
    {
        await using var tenant = await Tenant.StartAsync();
        var value = Convert.ToBase64String(Encoding.UTF8.GetBytes("agent@example.test:simulator-password"));
        tenant.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", value);
        Assert.Equal(2, (await tenant.JsonAsync("/campaigns")).AsArray().Count);
    }

    [Theory]
    [InlineData(false, "/campaigns", HttpStatusCode.OK)]
    [InlineData(false, "/api/v1/campaigns", HttpStatusCode.OK)]
    [InlineData(false, "/client_access/campaigns", HttpStatusCode.Forbidden)]
    [InlineData(true, "/campaigns", HttpStatusCode.Forbidden)]
    [InlineData(true, "/client_access/campaigns", HttpStatusCode.OK)]
    [InlineData(false, "/assignments", HttpStatusCode.NotImplemented)]
    [InlineData(false, "/api/v1/campaigns/999/responses/", HttpStatusCode.NotFound)]
    [InlineData(false, "/api/v1/assignments/999/customers/", HttpStatusCode.NotFound)]
    public async Task Each_kind_of_user_has_its_paths(bool external, string path, HttpStatusCode status)
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { ExternalUser = external });
        await tenant.JsonAsync(path, status);
    }

    [Fact]
    public async Task Inactive_campaigns_are_listed_on_request_only()
    {
        await using var tenant = await Tenant.StartAsync();
        Assert.Equal(2, (await tenant.JsonAsync("/campaigns")).AsArray().Count);
        Assert.Equal(3, (await tenant.JsonAsync("/campaigns?include_inactive_campaigns=True")).AsArray().Count);
        tenant.Data.EndCampaign(tenant.Campaign);
        Assert.Single((await tenant.JsonAsync("/campaigns")).AsArray());
    }

    [Fact]
    public async Task A_tenant_with_later_paths_only_answers_html_to_the_early_one()
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { LaterPathsOnly = true });
        using var response = await tenant.GetAsync("/campaigns");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(2, (await tenant.JsonAsync("/api/v1/campaigns")).AsArray().Count);
    }

    [Fact]
    public async Task Campaigns_can_be_added_taken_off_the_list_and_removed()
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { AssignmentsListed = true });
        var added = tenant.Data.AddCampaign(tenant.Data.AddAssignment(), new DateOnly(2025, 1, 1));
        Assert.Contains(added, tenant.Data.CampaignIds());
        Assert.Equal(2, (await tenant.JsonAsync("/assignments")).AsArray().Count);
        var path = $"/api/v1/campaigns/{added}/responses/?from_date=20250106&to_date=20250106";
        Assert.NotEmpty(await tenant.AllAsync(path));
        tenant.Data.ListCampaign(added, listed: false);
        Assert.DoesNotContain(added, tenant.Data.CampaignIds(includeInactive: true));
        Assert.NotEmpty(await tenant.AllAsync(path));
        tenant.Data.RemoveCampaign(added);
        await tenant.JsonAsync(path, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_log_knows_windows_and_overlap()
    {
        await using var tenant = await Tenant.StartAsync(Tenant.Small with { Latency = TimeSpan.FromMilliseconds(100) });
        var path = $"/api/v1/campaigns/{tenant.Campaign}/responses/?from_date=20250301&to_date=20250302";
        await Task.WhenAll(tenant.JsonAsync(path), tenant.JsonAsync(path), tenant.JsonAsync(path));
        Assert.Equal(3, tenant.Cube.Requests.Count("/responses"));
        Assert.InRange(tenant.Cube.Requests.MostAtOnce(), 2, 3);
        AtLeastOne.All(
            tenant.Cube.Requests.All,
            request => Assert.Equal(("20250301", "20250302", null), (request.FromDate, request.ToDate, request.Page))
        );
        tenant.Cube.Requests.Clear();
        Assert.Empty(tenant.Cube.Requests.All);
        Assert.Equal(3, tenant.Cube.Requests.Total);
    }
}
