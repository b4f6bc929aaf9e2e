using System.Net;
using System.Text;
using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Tests.Functions;
using CubeFunctions.Tests.Functions.Host;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>What the published worker exports over OTLP, invoked as the Functions host does.</summary>
public sealed class WorkerTraceTests(AzuriteFixture azurite, PublishedApp app)
{
    [Theory]
    [OverGenerations]
    public async Task Traces_go_from_timer_and_webhook_to_each_page_and_to_the_CRM_are_linked_with_the_invocations_and_name_nobody(
        TenantApi api
    )
    {
        await using var scenario = await TracedScenario.StartAsync(api);
        var storage = await azurite.NewAccountAsync();
        await using var host = await FunctionsHost.StartAsync(
            app,
            FunctionsHost.SettingsOf(storage, scenario.Cube.BaseUrl, scenario.Settings)
        );
        (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
        await WorkerTests.FinishRunAsync(host, storage);

        using var accepted = await host.SendHttpAsync("ReceiveWebhook", TracedScenario.Webhook());
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var webhook = host.Traces.Last(trace => trace.Function == "ReceiveWebhook").Id;
        await host.PumpQueuesAsync(() => Task.FromResult(scenario.Cube.Requests.All.Any(request => request.Method == "PUT")));
        (await host.InvokeTimerAsync("StartSnapshot")).AssertSucceeded();
        await host.PumpQueuesAsync(() => Task.FromResult(scenario.Crm.Taken.Count > 0));
        var order = new HttpRequestMessage(HttpMethod.Post, "/api/erasures")
        {
            Content = new StringContent(scenario.Order, Encoding.UTF8, "application/json"),
        };
        using var erasure = await host.SendHttpAsync("ErasePerson", order);
        await WaitFor.TrueAsync(async () => await StateAsync(host, $"{erasure.Headers.Location}") == "done", TimeSpan.FromMinutes(1));

        Assert.Equal(0, await host.StopAsync(WorkerStop.Drain));
        scenario.AssertConnected(webhook);
        scenario.AssertNobody([host.Output, .. host.Logs]);
        var invocations = host.Traces.Select(trace => trace.Id).ToHashSet();
        var consumers = scenario
            .Collector.Spans.Where(span => span.Kind == OtlpSpan.Consumer && span.Name.StartsWith("process ", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(consumers);
        Assert.DoesNotContain(
            consumers,
            span => !(span.Links.Where(link => link != webhook).ToList() is [var link] && invocations.Contains(link) && link != span.Trace)
        );
        Assert.True(scenario.Collector.Spans.Count(span => invocations.Contains(span.Trace) && span.Links.Count > 0) >= consumers.Count);
    }

    private static async Task<string> StateAsync(FunctionsHost host, string location)
    {
        using var answer = await host.SendHttpAsync("GetErasure", new HttpRequestMessage(HttpMethod.Get, location));
        return JsonDocument
            .Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .RootElement.GetProperty("state")
            .GetString()!;
    }
}
