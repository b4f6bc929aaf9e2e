using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Cube.Simulator;
using Xunit;

namespace CubeFunctions.Tests.Simulator;

/// <summary>A started simulator and a client that signs in to it.</summary>
internal sealed class Tenant : IAsyncDisposable
{
    public static readonly SimulatorOptions Small = new()
    {
        Campaigns = 2,
        EndedCampaigns = 1,
        CustomersPerAssignment = 120,
        CallflowCustomersPerCampaign = 30,
        ResponsesPerCampaignPerDay = 20,
        PageSize = 50,
    };

    private Tenant(CubeSimulator cube)
    {
        Cube = cube;
        Client = new HttpClient { BaseAddress = cube.BaseUrl };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Token", "simulator-token");
    }

    public CubeSimulator Cube { get; }

    public CubeData Data => Cube.Data;

    public HttpClient Client { get; }

    public int Assignment => Data.AssignmentIds[0];

    public int Campaign => Data.CampaignIds()[0];

    public string CustomersPath => $"/api/v1/assignments/{Assignment}/customers/";

    public static async Task<Tenant> StartAsync(SimulatorOptions? options = null, TimeProvider? time = null) =>
        new(await CubeSimulator.StartAsync(options ?? Small, time, TestContext.Current.CancellationToken));

    public static Task<Tenant> StartAsync(TenantApi api, params Variant[] variants) =>
        StartAsync(Small with { Api = api, Variants = variants });

    public Task<HttpResponseMessage> GetAsync(string path) =>
        Client.GetAsync(new Uri(path, UriKind.RelativeOrAbsolute), TestContext.Current.CancellationToken);

    public async Task<JsonNode> JsonAsync(string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await GetAsync(path);
        Assert.Equal(status, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }

    public async Task<List<string>> AllAsync(string path)
    {
        var rows = new List<string>();
        for (var next = path; next is not null;)
        {
            var page = await JsonAsync(next);
            rows.AddRange(page["results"]!.AsArray().Select(row => row!.ToJsonString()));
            next = page["next"]?.GetValue<string>();
        }

        return rows;
    }

    /// <summary>The rows of a feed, with its pages asked for by number, whatever <c>next</c> says.</summary>
    public async Task<List<string>> AllByNumberAsync(string path, Encoding? encoding = null)
    {
        var rows = new List<string>();
        for (var page = 1; ; page++)
        {
            using var response = await GetAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}page={page}");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            var text = (encoding ?? Encoding.UTF8).GetString(body).TrimStart('\uFEFF');
            var results = JsonNode.Parse(text)!;
            rows.AddRange(results["results"]!.AsArray().Select(row => row!.ToJsonString()));
            if (rows.Count >= (int)results["count"]!)
                return rows;
        }
    }

    public async Task<(HttpStatusCode Status, JsonNode? Body)> SendAsync(HttpMethod method, string path, string json)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative))
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text) : null);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Cube.DisposeAsync();
    }
}
