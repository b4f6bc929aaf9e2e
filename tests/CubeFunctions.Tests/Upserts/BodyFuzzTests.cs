using System.Text;
using CubeFunctions.Core.Upserts;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>Random and mutated bodies against every parser and verifier: only their own results, never an exception.</summary>
public sealed class BodyFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20261124;

    private static readonly string[] Fragments =
    [
        "null", "true", "-0", "1e999", "123456789012345678901234567890", "\"\"", "\"\\u0000\"", "\"\\uD800\"", "\"\\uDC00\\uD800\"", "\"/Date(1)/\"", "\"/Date(+)/\"",
        "\"\\/Date(99999999999999999)\\/\"", "\"/Date(253402300799999+1400)/\"", "\"9999-12-31T23:59:59-14:00\"", "\"0001-01-01T00:00:00+14:00\"", "[]", "{}", "[[", "{\"a\":",
        "\"customer_id\"", "\"objectId\"", "\"occurredAt\"", "\"properties\"", "\"Attributes\"", "\"Value\"", "\"value\"", "\"key\"", "\"Target\"", ",", ":", "}", "]", "\"", "\\",
        "\uFEFF", "\0", "Ø", "😀", "-9223372036854775808", "253402300800000", "0.1",
    ];

    public static TheoryData<string> Kinds => ["standard-webhooks", "json", "json-mapped", "hubspot", "dataverse", "api", "field-map"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_body_brings_a_parser_down(string kind)
    {
        var count = Environment.GetEnvironmentVariable("CUBE_TESTS") == "full" ? 100_000 : 5_000;
        output.WriteLine($"seed {Seed}, {count} bodies, {kind}");
        var random = new Random(Seed);
        var seeds = Seeds(kind).Select(Encoding.UTF8.GetBytes).ToArray();
        var parse = Parser(kind);
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var body = i % 10 == 0 ? Noise(random) : Mutate(random, seeds);
            try
            {
                var outcome = parse(body, TestSenders.Headers(("webhook-id", "msg_1")));
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {Seed}, body {i}: {Convert.ToBase64String(body)}", exception);
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
        var count = Environment.GetEnvironmentVariable("CUBE_TESTS") == "full" ? 100_000 : 5_000;
        output.WriteLine($"seed {Seed}, {count} requests");
        var random = new Random(Seed);
        SenderSettings[] senders =
        [
            TestSenders.StandardWebhooks(), TestSenders.HubSpot(), TestSenders.Dataverse(), TestSenders.Dataverse(("Header", "x-cube")), TestSenders.Json(),
            TestSenders.Json(("Encoding", "hex"), ("Prefix", "sha256=")), TestSenders.Json(("Encoding", "base64")),
        ];
        string[] names =
        [
            "webhook-id", "webhook-timestamp", "webhook-signature", "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp", "x-cube", "x-webhook-secret", "x-webhook-signature",
        ];
        for (var i = 0; i < count; i++)
        {
            var headers = new HeaderDictionary();
            foreach (var name in names.Where(_ => random.Next(4) > 0))
            {
                headers[name] = Header(random);
            }

            var path = "/" + Encoding.Latin1.GetString(Noise(random)) + (random.Next(2) == 0 ? "?code=%" + Header(random) : "");
            foreach (var sender in senders)
            {
                Assert.NotEqual(SenderVerdict.Verified, SenderVerifier.Verify(sender, "POST", path, headers, Noise(random), TestSenders.Arrival));
            }
        }
    }

    private static string Header(Random random) => random.Next(4) switch
    {
        0 => (TestSenders.Arrival.ToUnixTimeSeconds() + random.Next(-400, 400)).ToString(),
        1 => (TestSenders.Arrival.ToUnixTimeMilliseconds() + random.Next(-400_000, 400_000)).ToString(),
        2 => "v1," + Convert.ToBase64String(Noise(random)),
        _ => Encoding.Latin1.GetString(Noise(random)),
    };

    private static Func<byte[], HeaderDictionary, string> Parser(string kind)
    {
        if (kind == "field-map")
        {
            return (body, _) => FieldMap.Parse(body, out var faults) is { } map && Checked(map) ? "taken" : faults.Count > 0 ? "refused" : "neither";
        }

        if (kind == "api")
        {
            return (body, headers) => Checked(CustomerPostParser.Parse("17", headers, body, TestSenders.Arrival, "fresh"), FieldMap.PassAll);
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

    private static bool Checked(FieldMap map) => map.Assemble(new Dictionary<(string, int), string> { [("name", 0)] = "\"x\"" }).Fields.Count >= 0;

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

        return parsed.Events.Any(told => told.Values.Count > 0) ? "taken" : parsed.Events.Any(told => told.Dead is not null) ? "dead" : "ignored";
    }

    private static byte[] Noise(Random random)
    {
        var noise = new byte[random.Next(64)];
        random.NextBytes(noise);
        return noise;
    }

    /// <summary>A valid body with one to four bytes, ranges or fragments changed, taken away, doubled or put in.</summary>
    private static byte[] Mutate(Random random, byte[][] seeds)
    {
        var body = seeds[random.Next(seeds.Length)].ToList();
        for (var changes = random.Next(5); changes > 0 && body.Count > 0; changes--)
        {
            var at = random.Next(body.Count);
            var length = Math.Min(random.Next(1, 12), body.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    body[at] = (byte)random.Next(256);
                    break;
                case 1:
                    body.RemoveRange(at, length);
                    break;
                case 2:
                    body.InsertRange(at, body.GetRange(at, length));
                    break;
                case 3:
                    body.InsertRange(at, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]));
                    break;
                case 4:
                    ReplaceToken(random, body, at);
                    break;
                default:
                    body[at] = (byte)("0123456789abcxyz"[random.Next(16)]);
                    break;
            }
        }

        return [.. body];
    }

    /// <summary>Puts a fragment in the place of a value, so that most bodies stay JSON and faults lie deeper than the syntax.</summary>
    private static void ReplaceToken(Random random, List<byte> body, int at)
    {
        var colon = body.IndexOf((byte)':', at);
        if (colon < 0)
        {
            return;
        }

        var end = body.FindIndex(colon + 1, value => value is (byte)',' or (byte)'}' or (byte)']');
        if (end > colon)
        {
            body.RemoveRange(colon + 1, end - colon - 1);
            body.InsertRange(colon + 1, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]));
        }
    }

    private static string[] Seeds(string kind) => kind switch
    {
        "hubspot" =>
        [
            """[{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":901,"propertyName":"firstname","propertyValue":"Åsne","occurredAt":1764000000000},{"eventId":2,"subscriptionType":"object.propertyChange","objectTypeId":"0-1","objectId":901,"propertyName":"date_of_birth","propertyValue":"641260800000","occurredAt":1764000000000},{"eventId":3,"subscriptionType":"contact.merge","primaryObjectId":901,"mergedObjectIds":[1],"occurredAt":1764000000000}]""",
            """{"vid":901,"properties":{"firstname":{"value":"Åsne","versions":[]},"gender":{"value":"1"},"lastmodifieddate":{"value":"1763900000000"}}}""",
            """{"id":"901","properties":{"firstname":"Åsne","phone":"1"},"archived":false,"updatedAt":"2026-11-01T00:00:00Z"}""",
        ],
        "dataverse" =>
        [
            """{"MessageName":"Update","PrimaryEntityName":"contact","PrimaryEntityId":"9b2c1de0-1234-4c9a-8f00-0000000000aa","OperationId":"0f8fad5b-d9cb-469f-a165-70867728950e","OperationCreatedOn":"\/Date(1764000000000+0000)\/","InputParameters":[{"key":"Target","value":{"Id":"x","Attributes":[{"key":"lastname","value":"Ødegård"},{"key":"gender","value":{"Value":2}},{"key":"date_of_birth","value":"\/Date(641260800000+0100)\/"}]}}],"PostEntityImages":[{"key":"i","value":{"Attributes":[{"key":"firstname","value":"Åsne"}]}}]}""",
            """{"MessageName":"Create","PrimaryEntityId":"9b2c1de0-1234-4c9a-8f00-0000000000aa","CorrelationId":"7c9e6679-7425-40de-944b-e07fc1f90ae7","OperationCreatedOn":"/Date(1764000000000)/","InputParameters":[{"key":"Target","value":{"Attributes":[{"key":"email","value":"a@example.no"}]}}]}""",
            """{"MessageName":"Delete","PrimaryEntityId":"9b2c1de0-1234-4c9a-8f00-0000000000aa","InputParameters":[{"key":"Target","value":{"Id":"x","LogicalName":"contact"}}]}""",
        ],
        "json-mapped" =>
        [
            """{"data":[[{"customer_id":"0042","firstname":"Åsne","lastname":"Ødegård","gender":1,"date_of_birth":"1990-04-28","phone_2":"1"},{"customer_id":43,"email":null}]]}""",
            """{"data":[{"customer_id":"0042","phone":"+4740000000","years":3}]}""",
        ],
        "field-map" =>
        [
            TestSenders.HubSpotMap,
            """{"customer_id":"/a/b","name":{"join":["a","/b/0"],"separator":", "},"country":{"constant":null},"birth_date":{"from":"d","date":"yyyy-MM-dd","parse":"dd.MM.yyyy","zone":"Europe/Oslo"}}""",
        ],
        _ =>
        [
            """{"customer_id":"0042","name":"Åsne Ødegård","changed":"2026-11-24T09:00:00Z","version":"7","active products":"x","address_street_no":12}""",
            """[{"customer_id":1,"name":"a","changed":1764000000},{"customer_id":"2","assignment_id":"17","name":"b","email":null}]""",
        ],
    };
}
