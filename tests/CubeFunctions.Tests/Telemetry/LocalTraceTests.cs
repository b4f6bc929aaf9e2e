using System.Net;
using System.Text;
using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Tests.Local;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>What <c>cube dev</c> exports over OTLP, as a process.</summary>
public sealed class LocalTraceTests(AzuriteFixture azurite)
{
    [Theory]
    [OverGenerations]
    public async Task Traces_go_from_the_timer_and_the_webhook_to_each_page_and_to_the_CRM_and_name_nobody(TenantApi api)
    {
        await using var scenario = await TracedScenario.StartAsync(api);
        var port = AzuriteProcess.FreePorts(1)[0];
        using var dev = CubeProcess.Start(
            $"dev --port {port}",
            null,
            CommandTests.Of(
                scenario.Cube,
                await azurite.NewAccountAsync(),
                [.. scenario.Settings, ("Sync__Schedule", "0 0 0 1 1 *"), ("Sync__SnapshotSchedule", "* * * * * *")]
            )
        );
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await WaitFor.TrueAsync(() => AnswersAsync(http, "/api/health/live"), TimeSpan.FromMinutes(1));

        // An upsert waits for the first snapshot, and that one's trace would be the one that brings it to Cube.
        await WaitFor.TrueAsync(
            async () => (await GetAsync(http, "/api/runs")).GetRawText().Contains("\"Succeeded\"", StringComparison.Ordinal),
            TimeSpan.FromMinutes(1)
        );

        using var accepted = await http.SendAsync(TracedScenario.Webhook(), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var upsert = (await JsonAsync(accepted)).GetProperty("upserts")[0].GetProperty("id").GetString();
        await WaitFor.TrueAsync(
            async () => (await GetAsync(http, $"/api/upserts/{upsert}")).GetProperty("state").GetString() == "delivered",
            TimeSpan.FromMinutes(1)
        );
        await WaitFor.TrueAsync(() => Task.FromResult(scenario.Crm.Taken.Count > 0), TimeSpan.FromMinutes(1));
        using var order = new StringContent(scenario.Order, Encoding.UTF8, "application/json");
        using var erasure = await http.PostAsync(new Uri("/api/erasures", UriKind.Relative), order, TestContext.Current.CancellationToken);
        await WaitFor.TrueAsync(
            async () => (await GetAsync(http, $"{erasure.Headers.Location}")).GetProperty("state").GetString() == "done",
            TimeSpan.FromMinutes(1)
        );

        // A tick comes each second: no request to Cube may be under way when the process is stopped, since that one has no answer.
        scenario.Cube.Faults.Add("429=1,times=1,seconds=600");
        await WaitFor.TrueAsync(
            async () => (await GetAsync(http, "/api/status")).GetProperty("pauses").GetArrayLength() > 0,
            TimeSpan.FromMinutes(1)
        );
        dev.Terminate();
        Assert.Equal(0, await dev.ExitAsync());
        scenario.AssertConnected(TracedScenario.SenderTrace);
        scenario.AssertNobody(dev.Output, dev.Errors);
        Assert.Contains(
            scenario.Collector.Spans,
            span =>
                span.Kind == OtlpSpan.Server && span["http.route"] == "/api/webhooks/{sender}" && span.Trace == TracedScenario.SenderTrace
        );
    }

    private static async Task<bool> AnswersAsync(HttpClient http, string path)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<JsonElement> GetAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return await JsonAsync(answer);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
}
