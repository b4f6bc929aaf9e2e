using System.Text;
using CubeFunctions.Core.Senders;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>Random and mutated bodies against every parser and verifier: only their own results, never an exception.</summary>
public sealed class BodyFuzzTests(ITestOutputHelper output)
{
    public static TheoryData<string> Kinds => ["standard-webhooks", "json", "json-mapped", "hubspot", "dataverse", "api", "field-map"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_body_brings_a_parser_down(string kind)
    {
        var count = TestScale.Of(5_000, 100_000);
        output.WriteLine($"seed {FuzzedBodies.Seed}, {count} bodies, {kind}");
        var random = new Random(FuzzedBodies.Seed);
        var seeds = FuzzedBodies.Of(kind);
        var parse = Parser(kind);
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var body = FuzzedBodies.Next(random, seeds);
            try
            {
                var outcome = parse(body, TestSenders.Headers(("webhook-id", "msg_1")));
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {FuzzedBodies.Seed}, body {i}: {Convert.ToBase64String(body)}", exception);
            }
        }

        output.WriteLine(string.Join(", ", outcomes.Select(pair => $"{pair.Key} {pair.Value}")));

        // A fuzzer whose bodies are all refused at the first byte tries nothing.
        Assert.True(outcomes.GetValueOrDefault("taken") > count / 50);
        Assert.True(outcomes.GetValueOrDefault("refused") > count / 50);
    }

    [Fact]
    public void No_header_or_address_brings_a_verifier_down()
    {
        var count = TestScale.Of(5_000, 100_000);
        output.WriteLine($"seed {FuzzedBodies.Seed}, {count} requests");
        var random = new Random(FuzzedBodies.Seed);
        SenderSettings[] senders =
        [
            TestSenders.StandardWebhooks(),
            TestSenders.HubSpot(),
            TestSenders.Dataverse(),
            TestSenders.Dataverse(("Header", "x-cube")),
            TestSenders.Json(),
            TestSenders.Json(("Encoding", "hex"), ("Prefix", "sha256=")),
            TestSenders.Json(("Encoding", "base64")),
        ];
        string[] names =
        [
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
            "X-HubSpot-Signature-v3",
            "X-HubSpot-Request-Timestamp",
            "x-cube",
            "x-webhook-secret",
            "x-webhook-signature",
        ];
        for (var i = 0; i < count; i++)
        {
            var headers = new HeaderDictionary();
            foreach (var name in names.Where(_ => random.Next(4) > 0))
            {
                headers[name] = Header(random);
            }

            var path =
                "/" + Encoding.Latin1.GetString(FuzzedBodies.Noise(random)) + (random.Next(2) == 0 ? "?code=%" + Header(random) : "");
            foreach (var sender in senders)
            {
                Assert.NotEqual(
                    SenderVerdict.Verified,
                    SenderVerifier.Verify(sender, "POST", path, headers, FuzzedBodies.Noise(random), TestSenders.Arrival)
                );
            }
        }
    }

    private static string Header(Random random) =>
        random.Next(4) switch
        {
            0 => (TestSenders.Arrival.ToUnixTimeSeconds() + random.Next(-400, 400)).ToString(),
            1 => (TestSenders.Arrival.ToUnixTimeMilliseconds() + random.Next(-400_000, 400_000)).ToString(),
            2 => "v1," + Convert.ToBase64String(FuzzedBodies.Noise(random)),
            _ => Encoding.Latin1.GetString(FuzzedBodies.Noise(random)),
        };

    private static Func<byte[], HeaderDictionary, string> Parser(string kind)
    {
        if (kind == "field-map")
        {
            return (body, _) =>
                FieldMap.Parse(body, out var faults) is { } map && Checked(map) ? "taken"
                : faults.Count > 0 ? "refused"
                : "neither";
        }

        if (kind == "api")
        {
            return (body, headers) =>
                Checked(CustomerPostParser.Parse("17", headers, body, TestSenders.Arrival, "fresh"), FieldMap.PassAll);
        }

        var sender = kind switch
        {
            "standard-webhooks" => TestSenders.StandardWebhooks(("EventTime", "/changed")),
            "json" => TestSenders.Json(("EventId", "/version"), ("EventTime", "/changed")),
            "json-mapped" => TestSenders.Json(("Items", "/data/0"), ("FieldMap", TestSenders.HubSpotMap)),
            "hubspot" => TestSenders.HubSpot(),
            _ => TestSenders.Dataverse(),
        };
        return (body, headers) => Checked(SenderParser.Parse(sender, headers, body, TestSenders.Arrival, "fresh"), sender.FieldMap);
    }

    private static bool Checked(FieldMap map) =>
        map.Assemble(new Dictionary<(string, int), string> { [("name", 0)] = "\"x\"" }).Fields.Count >= 0;

    private static string Checked(ParsedBody parsed, FieldMap map)
    {
        if (parsed.IsRefused)
        {
            Assert.True(parsed.Refusal.Status is 400 or 413 or 415);
            Assert.Empty(parsed.Events);
            return "refused";
        }

        Assert.NotEmpty(parsed.Events);
        foreach (var told in parsed.Events)
        {
            Assert.InRange(told.EventId.Length, 1, 256);
            Assert.False(told.Dead is not null && told.Ignored is not null);
            Assert.Equal(told.Dead is null && told.Ignored is null, told.Values.Count > 0);
            Assert.True(told.CustomerId is not null || told.Values.Count == 0);
            Assert.Equal(told.Values.Count, told.Values.Select(value => (value.Field, value.Part)).Distinct().Count());
            map.Assemble(told.Values.ToDictionary(value => (value.Field, value.Part), value => value.RawJson));
        }

        return parsed.Events.Any(told => told.Values.Count > 0) ? "taken"
            : parsed.Events.Any(told => told.Dead is not null) ? "dead"
            : "ignored";
    }
}
