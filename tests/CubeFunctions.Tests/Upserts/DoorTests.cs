using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Cube.Simulator;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>What the endpoints let in, and what that costs.</summary>
public sealed class DoorTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Options = new() { Campaigns = 1, CustomersPerAssignment = 5 };

    private static readonly (string, string)[] Senders =
    [
        .. Of("crm", "json", "test-secret"), .. Of("std", "standard-webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        .. Of("dyn", "dataverse", "test-secret"), ("Upserts__Senders__dyn__FieldMap", """{"name":"fullname"}"""),
        .. Of("hub", "hubspot", "test-secret"), ("Upserts__Senders__hub__PublicUrl", "https://hooks.example.test"), ("Upserts__Senders__hub__FieldMap", """{"email":"email"}"""),
    ];

    [Fact]
    public async Task Accepting_one_event_costs_one_blob_one_row_and_one_message()
    {
        var folder = Directory.CreateTempSubdirectory("cube-accept-");
        var (storage, log) = await AzuriteFixture.StartLoggedAsync(folder.FullName);
        try
        {
            await using var cube = await CubeSimulator.StartAsync(Options, null, TestContext.Current.CancellationToken);
            await using var app = await TestApp.StartAsync(storage.ConnectionString(), cube, null, Senders);
            await using var http = await TestHttp.StartAsync(app);
            Assert.Equal(202, (await http.PostAsync("webhooks/crm", """{"customer_id":"1","name":"A"}""", ("x-webhook-secret", "test-secret"))).Status);
            Assert.Equal(202, (await http.PostAsync("webhooks/crm", """{"customer_id":"2","name":"B"}""", ("x-webhook-secret", "test-secret"))).Status);

            // Azurite logs a request after it has answered: the log is whole when Azurite has ended. The second post begins with its body.
            await storage.StopAsync();
            var requests = AzuriteLog.Requests(log);
            var made = requests[requests.FindLastIndex(line => line.Contains("PUT", StringComparison.Ordinal) && line.Contains("cube-inbox/crm", StringComparison.Ordinal))..];
            Assert.Equal(2, requests.Count(line => line.Contains("POST", StringComparison.Ordinal) && line.Contains("cube-upserts/messages", StringComparison.Ordinal)));
            Assert.Equal(3, made.Count);
            Assert.Single(made, line => line.Contains("PUT", StringComparison.Ordinal) && line.Contains("cube-inbox", StringComparison.Ordinal));
            Assert.Single(made, line => line.Contains("POST", StringComparison.Ordinal) && line.Contains("CubeUpserts", StringComparison.Ordinal));
            Assert.Single(made, line => line.Contains("POST", StringComparison.Ordinal) && line.Contains("cube-upserts/messages", StringComparison.Ordinal));
        }
        finally
        {
            await storage.StopAsync();
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Whatever_comes_is_answered_with_2xx_or_4xx_and_nothing_unverified_is_kept()
    {
        var random = new Random(TestScale.Seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        await using var cube = await CubeSimulator.StartAsync(Options, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, Senders);
        await using var http = await TestHttp.StartAsync(app);
        string[] names = ["crm", "std", "dyn", "hub"];
        var posts = Enumerable.Range(0, TestScale.Of(1500, 20_000)).Select(_ => (Sender: names[random.Next(names.Length)], Body: Body(random), Verified: random.Next(2) == 0)).ToArray();
        var refused = 0;
        await Parallel.ForEachAsync(posts, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken }, async (post, token) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, post.Sender == "dyn" && post.Verified ? "webhooks/dyn?code=test-secret" : $"webhooks/{post.Sender}") { Content = new ByteArrayContent(post.Body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            if (post.Verified && post.Sender == "crm")
            {
                request.Headers.Add("x-webhook-secret", "test-secret");
            }

            using var response = await http.Client.SendAsync(request, token);
            Assert.InRange((int)response.StatusCode, 200, 499);
            if (!post.Verified || post.Sender is "std" or "hub")
            {
                Assert.True(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.RequestEntityTooLarge, $"{response.StatusCode}");
                Interlocked.Increment(ref refused);
            }
        });
        Assert.NotEqual(0, refused);
        Assert.All(app.Logs.Lines, line => Assert.True(line.Level < LogLevel.Error && !line.Text.Contains("Exception", StringComparison.Ordinal), line.Text));
        await foreach (var row in app.Storage.Upserts.QueryAsync<UpsertRow>(cancellationToken: TestContext.Current.CancellationToken))
        {
            Assert.True(row.Sender is "crm" or "dyn", row.Sender);
        }
    }

    [Theory]
    [InlineData("webhooks/nobody", "{}", "application/json", 404)]
    [InlineData("webhooks/crm", "{", "application/json", 400)]
    [InlineData("webhooks/crm", "{}", "text/plain", 415)]
    [InlineData("assignments/17/customers", "[]", "application/json", 400)]
    [InlineData("assignments/17/customers", """{"name":"A"}""", "application/json", 400)]
    [InlineData("assignments/a%20b/customers", """{"customer_id":"1","name":"A"}""", "application/json", 400)]
    public async Task A_bad_request_gets_problem_details(string path, string body, string type, int status)
    {
        await using var cube = await CubeSimulator.StartAsync(Options, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, Senders);
        await using var http = await TestHttp.StartAsync(app);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, type) };
        request.Headers.Add("x-webhook-secret", "test-secret");
        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_body_over_a_mebibyte_is_413_with_and_without_its_length()
    {
        await using var cube = await CubeSimulator.StartAsync(Options, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, Senders);
        await using var http = await TestHttp.StartAsync(app);
        foreach (var chunked in new[] { false, true })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "webhooks/crm") { Content = new ByteArrayContent(new byte[UpsertLimits.BodyBytes + 1]) };
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(413, (int)response.StatusCode);
        }
    }

    private static (string, string)[] Of(string name, string kind, string secret) =>
        [($"Upserts__Senders__{name}__Kind", kind), ($"Upserts__Senders__{name}__Secret", secret), ($"Upserts__Senders__{name}__AssignmentId", "17")];

    private static byte[] Body(Random random)
    {
        string[] seeds =
        [
            """{"customer_id":"1","name":"Åse"}""", """[{"customer_id":2,"email":"a@example.test"}]""", """[{"eventId":1,"objectId":7,"propertyName":"email","propertyValue":"x","occurredAt":1}]""",
            """{"MessageName":"Update","PrimaryEntityName":"contact","PrimaryEntityId":"11111111-1111-1111-1111-111111111111","InputParameters":[{"key":"Target","value":{"Attributes":[{"key":"fullname","value":"A"}]}}]}""",
            "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "null", "", "\"text\"",
        ];
        var body = Encoding.UTF8.GetBytes(seeds[random.Next(seeds.Length)]);
        for (var change = random.Next(4); change > 0 && body.Length > 0; change--)
        {
            body[random.Next(body.Length)] = (byte)random.Next(256);
        }

        return body;
    }
}
