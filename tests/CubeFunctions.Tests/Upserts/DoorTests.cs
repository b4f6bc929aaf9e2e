using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Azure.Storage.Blobs.Models;
using Cube.Simulator;
using CubeFunctions.Core.Senders;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>What the endpoints let in, and what that costs.</summary>
public sealed class DoorTests(AzuriteFixture azurite)
{
    private const string StandardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private static readonly SimulatorOptions Options = new() { Campaigns = 1, CustomersPerAssignment = 5 };

    private static readonly (string, string)[] Senders =
    [
        .. Of("crm", "json", "test-secret"),
        .. Of("std", "standard-webhooks", StandardSecret),
        .. Of("dyn", "dataverse", "test-secret"),
        ("Upserts__Senders__dyn__FieldMap", """{"name":"fullname"}"""),
        .. Of("hub", "hubspot", "test-secret"),
        ("Upserts__Senders__hub__PublicUrl", "https://hooks.example.test"),
        ("Upserts__Senders__hub__FieldMap", """{"email":"email"}"""),
    ];

    [Theory]
    [OverGenerations(First = true)]
    public async Task Accepting_one_event_costs_one_blob_one_row_and_one_message(TenantApi api)
    {
        var folder = Directory.CreateTempSubdirectory("cube-accept-");
        var (storage, log) = await AzuriteFixture.StartLoggedAsync(folder.FullName);
        try
        {
            await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
            await using var app = await TestApp.StartAsync(storage.ConnectionString(), cube, null, Senders);
            await using var http = await TestHttp.StartAsync(app);
            Assert.Equal(
                202,
                (await http.PostAsync("webhooks/crm", """{"customer_id":"1","name":"A"}""", ("x-webhook-secret", "test-secret"))).Status
            );
            Assert.Equal(
                202,
                (await http.PostAsync("webhooks/crm", """{"customer_id":"2","name":"B"}""", ("x-webhook-secret", "test-secret"))).Status
            );

            // Azurite logs a request after it has answered: the log is whole when Azurite has ended. The second post begins with its body.
            await storage.StopAsync();
            var requests = AzuriteLog.Requests(log);
            var made = requests[
                requests.FindLastIndex(line =>
                    line.Contains("PUT", StringComparison.Ordinal) && line.Contains("cube-inbox/crm", StringComparison.Ordinal)
                )..
            ];
            Assert.Equal(
                2,
                requests.Count(line =>
                    line.Contains("POST", StringComparison.Ordinal) && line.Contains("cube-upserts/messages", StringComparison.Ordinal)
                )
            );
            Assert.Equal(3, made.Count);
            Assert.Single(
                made,
                line => line.Contains("PUT", StringComparison.Ordinal) && line.Contains("cube-inbox", StringComparison.Ordinal)
            );
            Assert.Single(
                made,
                line => line.Contains("POST", StringComparison.Ordinal) && line.Contains("CubeUpserts", StringComparison.Ordinal)
            );
            Assert.Single(
                made,
                line => line.Contains("POST", StringComparison.Ordinal) && line.Contains("cube-upserts/messages", StringComparison.Ordinal)
            );
        }
        finally
        {
            await storage.StopAsync();
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [OverGenerations("crm", "json", First = true)]
    [OverGenerations("std", "standard-webhooks", First = true)]
    [OverGenerations("dyn", "dataverse", First = true)]
    [OverGenerations("hub", "hubspot", First = true)]
    [OverGenerations(null, "api", First = true)]
    public async Task Whatever_comes_is_answered_with_2xx_or_4xx_and_nothing_unverified_is_kept(TenantApi api, string? sender, string kind)
    {
        var count = TestScale.Of(5_000, 20_000);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {FuzzedBodies.Seed}, {count} bodies, {kind}");
        await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);

        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, Senders);
        await using var http = await TestHttp.StartAsync(app);
        var seeds = FuzzedBodies.Of(kind);
        int refused = 0,
            kept = 0,
            late = 0;
        await Parallel.ForAsync(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken },
            async (i, token) =>
            {
                var random = new Random(FuzzedBodies.Seed + i);
                var (verified, body) = (sender is null || random.Next(2) == 0, FuzzedBodies.Next(random, seeds));
                using var response = await SendAsync(body, verified, token);
                Assert.InRange((int)response.StatusCode, 200, 499);
                Assert.Equal(verified, response.StatusCode != HttpStatusCode.Unauthorized);
                _ = response.IsSuccessStatusCode ? Interlocked.Increment(ref kept) : Interlocked.Increment(ref refused);
            }
        );
        TestContext.Current.TestOutputHelper!.WriteLine($"{kept} kept, {refused} refused");
        Assert.True(kept > count / 50 && refused > count / 50);
        var lines = app.Logs.Lines.ToLookup(line => line.Text.Contains("could not be kept", StringComparison.Ordinal));
        Assert.Equal(late, lines[true].Count());
        AtLeastOne.All(
            lines[false].ToList(),
            line => Assert.True(line.Level < LogLevel.Error && !line.Text.Contains("Exception", StringComparison.Ordinal), line.Text)
        );

        // Each body that was answered with 2xx is there, and no other.
        var bodies = 0;
        await foreach (
            var blob in app.Storage.Inbox.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken)
        )
        {
            bodies += blob.Name.EndsWith(".values", StringComparison.Ordinal) ? 0 : 1;
        }

        Assert.InRange(bodies, 1, kept + late);

        // Where storage is too slow for the sender's patience the answer is 503, and the sender sends again.
        async Task<HttpResponseMessage> SendAsync(byte[] body, bool verified, CancellationToken token)
        {
            for (var tries = 1; ; tries++)
            {
                using var request = new HttpRequestMessage(
                    HttpMethod.Post,
                    sender is null ? "assignments/17/customers" : $"webhooks/{sender}"
                )
                {
                    Content = new ByteArrayContent(body),
                };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                if (verified && sender is not null)
                {
                    Prove(request, sender, body);
                }

                var response = await http.Client.SendAsync(request, token);
                if (response.StatusCode != HttpStatusCode.ServiceUnavailable || tries == 5)
                {
                    return response;
                }

                response.Dispose();
                Interlocked.Increment(ref late);
            }
        }
    }

    [Theory]
    [OverGenerations("webhooks/nobody", "{}", "application/json", 404, First = true)]
    [OverGenerations("webhooks/crm", "{", "application/json", 400, First = true)]
    [OverGenerations("webhooks/crm", "{}", "text/plain", 415, First = true)]
    [OverGenerations("assignments/17/customers", "[]", "application/json", 400, First = true)]
    [OverGenerations("assignments/17/customers", """{"name":"A"}""", "application/json", 400, First = true)]
    [OverGenerations("assignments/a%20b/customers", """{"customer_id":"1","name":"A"}""", "application/json", 400, First = true)]
    public async Task A_bad_request_gets_problem_details(TenantApi api, string path, string body, string type, int status)
    {
        await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, Senders);
        await using var http = await TestHttp.StartAsync(app);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, type) };
        request.Headers.Add("x-webhook-secret", "test-secret");
        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_body_over_a_mebibyte_is_413_with_and_without_its_length(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, Senders);
        await using var http = await TestHttp.StartAsync(app);
        foreach (var chunked in new[] { false, true })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "webhooks/crm")
            {
                Content = new ByteArrayContent(new byte[UpsertLimits.BodyBytes + 1]),
            };
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(413, (int)response.StatusCode);
        }
    }

    private static (string, string)[] Of(string name, string kind, string secret) =>
        [
            ($"Upserts__Senders__{name}__Kind", kind),
            ($"Upserts__Senders__{name}__Secret", secret),
            ($"Upserts__Senders__{name}__AssignmentId", "17"),
        ];

    /// <summary>What a sender adds to be believed.</summary>
    private static void Prove(HttpRequestMessage request, string sender, byte[] body)
    {
        var now = TimeProvider.System.GetUtcNow();
        switch (sender)
        {
            case "crm":
                request.Headers.Add("x-webhook-secret", "test-secret");
                break;
            case "dyn":
                request.RequestUri = new Uri("webhooks/dyn?code=test-secret", UriKind.Relative);
                break;
            case "std":
                var (id, seconds) = (Guid.NewGuid().ToString("N"), now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
                request.Headers.Add("webhook-id", id);
                request.Headers.Add("webhook-timestamp", seconds);
                request.Headers.Add(
                    "webhook-signature",
                    "v1," + Sign(Convert.FromBase64String(StandardSecret[6..]), $"{id}.{seconds}.", body, "")
                );
                break;
            default:
                var milliseconds = now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
                request.Headers.Add("X-HubSpot-Request-Timestamp", milliseconds);
                request.Headers.Add(
                    "X-HubSpot-Signature-v3",
                    Sign("test-secret"u8.ToArray(), "POSThttps://hooks.example.test/api/webhooks/hub", body, milliseconds)
                );
                break;
        }
    }

    private static string Sign(byte[] secret, string before, byte[] body, string after) =>
        Convert.ToBase64String(
            HMACSHA256.HashData(secret, (byte[])[.. Encoding.UTF8.GetBytes(before), .. body, .. Encoding.UTF8.GetBytes(after)])
        );
}
