using System.Text;
using Cube.Simulator;
using CubeFunctions.Tests.Changes.Delivery;
using CubeFunctions.Tests.Erasure;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>
/// A tenant with a person who can be told from all others, a receiver of the CRM, a collector of telemetry: a snapshot is read, the CRM
/// changes the person, somebody
/// changes the person in Cube, another snapshot is read and delivered, the person is erased. What has arrived then is looked at.
/// </summary>
internal sealed class TracedScenario : IAsyncDisposable
{
    /// <summary>The trace that the CRM is in when it posts its webhook.</summary>
    private const string CrmTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Secret = "a-secret-of-a-script";

    private TracedScenario(CubeSimulator cube, TestReceiver crm, OtlpReceiver collector) => (Cube, Crm, Collector) = (cube, crm, collector);

    public CubeSimulator Cube { get; }

    /// <summary>That the person be erased.</summary>
    public string Order => $$"""{"assignment":"{{Place}}","customer":"{{Victim.Imported}}"}""";

    public TestReceiver Crm { get; }

    public OtlpReceiver Collector { get; }

    public (string Name, string Value)[] Settings =>
        Crm.Settings([
            .. Collector.Settings,
            ("Sync__Feeds", $"customers,{Cube.Data.Api.Calls().Name}"),
            ("Cube__Writes", "true"),
            ("Upserts__Senders__crm__Kind", "json"),
            ("Upserts__Senders__crm__Secret", Secret),
            ("Upserts__Senders__crm__AssignmentId", Place),
        ]);

    private string Place => Cube.Data.PlaceOf(Cube.Data.AssignmentIds[0]).Id;

    public static async Task<TracedScenario> StartAsync(TenantApi api)
    {
        var cube = await CubeSimulator.StartAsync(
            (Victim.Options with { Campaigns = 1 }).EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        Victim.Live(cube);

        // Somebody changes the person in Cube while the upsert is written: the next reading holds both.
        cube.BeforeAnswer = request =>
        {
            if (request.Method == "PUT")
            {
                cube.Data.EditCustomer(cube.Data.AssignmentIds[0], Victim.Internal, "city", "Ålesund");
            }
        };
        return new(cube, await TestReceiver.StartAsync(), await OtlpReceiver.StartAsync());
    }

    /// <summary>The webhook by which the CRM changes the person.</summary>
    public static HttpRequestMessage Webhook() =>
        new(HttpMethod.Post, "/api/webhooks/crm")
        {
            Headers = { { "x-webhook-secret", Secret }, { "traceparent", $"00-{CrmTrace}-00f067aa0ba902b7-01" } },
            Content = new StringContent(Victim.Post(Victim.Imported, "phone_2", Victim.Phone), Encoding.UTF8, "application/json"),
        };

    /// <summary>Every request to Cube belongs to the timer's run, or to the webhook; so does each one to the CRM.</summary>
    /// <param name="webhookTrace">The trace that the webhook's request belongs to.</param>
    public void AssertConnected(string webhookTrace)
    {
        var tree = new SpanTree(Collector.Spans);
        var requests = tree.Requests(Cube.BaseUrl);
        Assert.Equal(Cube.Requests.Total, requests.Count);
        Assert.Equal(
            Cube.Requests.All.CountBy(request => $"{request.Method} {request.Status}").OrderBy(pair => pair.Key, StringComparer.Ordinal),
            requests
                .CountBy(span => $"{span["http.request.method"]} {span["http.response.status_code"]}")
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
        );

        var pages = requests.FindAll(span => span["url.template"].EndsWith("/customers/", StringComparison.Ordinal));
        Assert.True(pages.Count >= 6, $"{pages.Count} pages");
        foreach (var page in pages)
        {
            string[] expected = ["process cube-sync", "send cube-sync", "plan run"];
            Assert.Equal(expected, tree.Above(page).Select(span => span.Name).Intersect(expected));
        }

        var write = Assert.Single(requests, span => span["http.request.method"] == "PUT");
        Assert.Equal(
            ["process cube-upserts", "send cube-upserts"],
            tree.Above(write).Select(span => span.Name).Where(name => name.Contains(" cube-", StringComparison.Ordinal)).Take(2)
        );
        Assert.Equal(webhookTrace, write.Trace);

        var deliveries = tree.Requests(new Uri(Crm.Url));
        Assert.Equal(Crm.Requests, deliveries.Count);
        Assert.NotEmpty(deliveries);
        Assert.All(deliveries, delivery => Assert.Contains($"00-{delivery.Trace}-{delivery.Id}-01", Crm.Traceparents));

        // What the webhook brought is in the first delivery's record: that one goes on with the webhook's trace.
        var changed = deliveries.MinBy(span => span.Start)!;
        Assert.Equal(webhookTrace, changed.Trace);
        Assert.Equal(
            ["process cube-upserts", "send cube-upserts"],
            tree.Above(changed).Select(span => span.Name).Where(name => name.Contains(" cube-", StringComparison.Ordinal)).Take(2)
        );

        // The run that found it is linked with it, both ways, and its change set with the webhook.
        var handled = Assert.Single(Collector.Spans, span => span.Name == "process cube-changes" && span.Links.Contains(webhookTrace));
        AssertOfRun(handled);
        Assert.Equal([handled.Trace], changed.Links);
        Assert.Equal([webhookTrace], tree.Above(handled).First(span => span.Name == "publish changes").Links);
        foreach (var delivery in deliveries.Where(span => span != changed))
        {
            AssertOfRun(delivery);
            Assert.Empty(delivery.Links);
        }

        void AssertOfRun(OtlpSpan span)
        {
            string[] expected =
            [
                "process cube-changes",
                "send cube-changes",
                "publish changes",
                "process cube-sync",
                "send cube-sync",
                "plan run",
            ];
            Assert.Equal(expected, tree.Above(span).Select(above => above.Name).Intersect(expected));
        }

        var storage = Collector.Spans.Where(span => span.Source.StartsWith("Azure.", StringComparison.Ordinal)).ToList();
        Assert.Contains(storage, span => span.Name == "BlockBlobClient.Upload" && tree.Above(span).Any(above => above.Name == "plan run"));
        Assert.Contains(storage, span => span.Source.StartsWith("Azure.Data.Tables.", StringComparison.Ordinal));
        Assert.DoesNotContain(storage, span => span.Parent.Length == 0);
    }

    /// <summary>Nothing that arrived, and nothing that a process wrote, names the person or a secret.</summary>
    public void AssertNobody(params string[] output)
    {
        string[] secrets = [.. Victim.Traces, Secret, "hush", TestReceiver.Secret, new SimulatorOptions().Token];
        Assert.DoesNotContain(secrets, Collector.Holds);
        Assert.DoesNotContain(secrets, secret => output.Any(text => text.Contains(secret, StringComparison.Ordinal)));
        Assert.NotEmpty(Collector.Logs);
        Assert.DoesNotContain(Collector.Logs, log => log.Text.StartsWith("Execut", StringComparison.Ordinal));
        Assert.NotEmpty(Collector.Points);
    }

    /// <summary>The trace of the webhook's sender.</summary>
    public static string SenderTrace => CrmTrace;

    public async ValueTask DisposeAsync()
    {
        await Collector.DisposeAsync();
        await Crm.DisposeAsync();
        await Cube.DisposeAsync();
    }
}
