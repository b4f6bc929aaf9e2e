using System.Text;

namespace CubeFunctions.Tests.Upserts;

/// <summary>Random bodies, and valid ones of each kind of sender that were changed a little.</summary>
internal static class FuzzedBodies
{
    /// <summary>The same bodies at every run.</summary>
    public const int Seed = 20261124;

    private static readonly string[] Fragments =
    [
        "null",
        "true",
        "-0",
        "1e999",
        "123456789012345678901234567890",
        "\"\"",
        "\"\\u0000\"",
        "\"\\uD800\"",
        "\"\\uDC00\\uD800\"",
        "\"/Date(1)/\"",
        "\"/Date(+)/\"",
        "\"\\/Date(99999999999999999)\\/\"",
        "\"/Date(253402300799999+1400)/\"",
        "\"9999-12-31T23:59:59-14:00\"",
        "\"0001-01-01T00:00:00+14:00\"",
        "[]",
        "{}",
        "[[",
        "{\"a\":",
        "\"customer_id\"",
        "\"objectId\"",
        "\"occurredAt\"",
        "\"properties\"",
        "\"Attributes\"",
        "\"Value\"",
        "\"value\"",
        "\"key\"",
        "\"Target\"",
        ",",
        ":",
        "}",
        "]",
        "\"",
        "\\",
        "\uFEFF",
        "\0",
        "Ø",
        "😀",
        "-9223372036854775808",
        "253402300800000",
        "0.1",
    ];

    /// <summary>Valid bodies of a kind.</summary>
    public static byte[][] Of(string kind) => [.. Seeds(kind).Select(Encoding.UTF8.GetBytes)];

    /// <summary>One of ten is noise.</summary>
    public static byte[] Next(Random random, byte[][] seeds) => random.Next(10) == 0 ? Noise(random) : Mutate(random, seeds);

    public static byte[] Noise(Random random)
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

    private static string[] Seeds(string kind) =>
        kind switch
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
