using System.Net;
using System.Text.Json;
using CubeFunctions.Core.Sync;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Local.Hosting;
using CubeFunctions.Tests.Operations;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary><c>cube dev</c> answers this machine's own programs and pages alone.</summary>
public sealed class LocalDoorTests(AzuriteFixture azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Other_names_and_pages_of_other_origins_are_refused_and_nothing_is_done()
    {
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), new Uri("http://127.0.0.1:1/"));
        var port = AzuriteProcess.FreePorts(1)[0];
        await using var web = await LocalHttp.StartAsync(app.Services, port, Token);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        // By its own names, and from its own page.
        foreach (var host in (string[])["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
        {
            Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", "/api/health/live", $"{host}:{port}", null));
            Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", "/api/pauses", $"{host}:{port}", $"http://{host}:{port}"));
        }

        Assert.Equal(HttpStatusCode.Accepted, await AskAsync("POST", "/api/replay", $"localhost:{port}", $"http://localhost:{port}"));

        // A name that somebody lets resolve to this machine, with and without a page of that name.
        foreach (var host in (string[])["evil.example", "127.0.0.1.nip.io", "localhost.evil.example", "localhost.", "10.0.0.1", "[::2]"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("GET", "/api/status", $"{host}:{port}", null));
            Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("POST", "/api/runs", $"{host}:{port}", $"http://{host}:{port}"));
        }

        // Pages of other origins, over every route.
        foreach (var (method, path, _) in DoorKeyTests.Operations())
        {
            foreach (
                var origin in (string[])["http://evil.example", $"https://localhost:{port}", $"http://localhost:{port + 1}", "null", ""]
            )
            {
                Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, path, $"localhost:{port}", origin));
            }
        }

        // An image of another site's page has no Origin; a link from it may be followed.
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("GET", "/api/probe", $"localhost:{port}", null, "cross-site", "no-cors"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("GET", "/api/status", $"localhost:{port}", null, "same-site", "cors"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", "/api/status", $"localhost:{port}", null, "same-origin", "cors"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", "/api/dashboard", $"localhost:{port}", null, "cross-site", "navigate"));
        Assert.Empty(await app.Get<RunReader>().RecentAsync(1, Token));

        async Task<HttpStatusCode> AskAsync(
            string method,
            string path,
            string host,
            string? origin,
            string? site = null,
            string? mode = null
        )
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace('{', '-').Replace('}', '-'));
            request.Headers.Host = host;
            if (origin is not null)
            {
                request.Headers.TryAddWithoutValidation("Origin", origin);
            }

            if (site is not null)
            {
                request.Headers.Add("Sec-Fetch-Site", site);
                request.Headers.Add("Sec-Fetch-Mode", mode);
            }

            if (method == "POST")
            {
                request.Content = new StringContent("""{"what":"upserts"}""");
            }

            using var answer = await client.SendAsync(request, Token);
            if (answer.StatusCode == HttpStatusCode.Forbidden)
            {
                var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token)).RootElement;
                Assert.Equal("Not for this machine", problem.GetProperty("title").GetString());
            }

            return answer.StatusCode;
        }
    }
}
