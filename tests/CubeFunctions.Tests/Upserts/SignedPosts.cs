using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CubeFunctions.Tests.Upserts;

/// <summary>One change of one field of one customer, as each kind of sender posts and proves it.</summary>
internal static class SignedPosts
{
    private const string Secret = "test-secret";
    private const string StandardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string PublicUrl = "https://hooks.example.test";
    private const string FieldMap = """{"phone_1":"phone_1","email":"email","city":"city"}""";
    private static readonly string[] Kinds = ["json", "standard-webhooks", "hubspot", "dataverse"];

    /// <summary>Settings of a sender of each kind, called like its kind.</summary>
    public static (string, string)[] Settings(string assignment) =>
        [
            .. Kinds.SelectMany(kind =>
                new[]
                {
                    (Name(kind, "Kind"), kind),
                    (Name(kind, "Secret"), kind == "standard-webhooks" ? StandardSecret : Secret),
                    (Name(kind, "AssignmentId"), assignment),
                    (Name(kind, "FieldMap"), FieldMap),
                }
            ),
            (Name("json", "EventId"), "/event"),
            (Name("json", "EventTime"), "/at"),
            (Name("standard-webhooks", "Items"), "/data"),
            (Name("hubspot", "PublicUrl"), PublicUrl),
        ];

    /// <summary>A post. The sender follows from the event, so that a repeat comes from the same one.</summary>
    public static HttpRequestMessage Create(string id, string customer, string field, string value, DateTimeOffset at)
    {
        var number = int.Parse(id[1..], CultureInfo.InvariantCulture);
        var kind = Kinds[number % Kinds.Length];
        var (iso, milliseconds) = (at.ToString("O", CultureInfo.InvariantCulture), at.ToUnixTimeMilliseconds());
        var body = kind switch
        {
            "json" => $$"""{"customer_id":"{{customer}}","event":"{{id}}","at":"{{iso}}","{{field}}":"{{value}}"}""",
            "standard-webhooks" =>
                $$"""{"type":"customer.updated","timestamp":"{{iso}}","data":{"customer_id":"{{customer}}","{{field}}":"{{value}}"} }""",
            "hubspot" =>
                $$"""[{"eventId":{{number}},"subscriptionType":"contact.propertyChange","objectId":"{{customer}}","propertyName":"{{field}}","propertyValue":"{{value}}","occurredAt":{{milliseconds}}}]""",
            _ =>
                $$"""{"MessageName":"Update","PrimaryEntityName":"contact","PrimaryEntityId":"{{customer}}","OperationId":"00000000-0000-4000-8000-{{number:D12}}","OperationCreatedOn":"/Date({{milliseconds}})/","InputParameters":[{"key":"Target","value":{"Attributes":[{"key":"{{field}}","value":"{{value}}"}]} }]}""",
        };
        var request = new HttpRequestMessage(HttpMethod.Post, kind == "dataverse" ? $"webhooks/{kind}?code={Secret}" : $"webhooks/{kind}")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        var now = TimeProvider.System.GetUtcNow();
        switch (kind)
        {
            case "json":
                request.Headers.Add("x-webhook-secret", Secret);
                break;
            case "standard-webhooks":
                var seconds = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
                request.Headers.Add("webhook-id", id);
                request.Headers.Add("webhook-timestamp", seconds);
                request.Headers.Add(
                    "webhook-signature",
                    "v1," + Sign(Convert.FromBase64String(StandardSecret[6..]), $"{id}.{seconds}.{body}")
                );
                break;
            case "hubspot":
                var stamp = now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
                request.Headers.Add("X-HubSpot-Request-Timestamp", stamp);
                request.Headers.Add(
                    "X-HubSpot-Signature-v3",
                    Sign(Encoding.UTF8.GetBytes(Secret), $"POST{PublicUrl}/api/webhooks/hubspot{body}{stamp}")
                );
                break;
        }

        return request;
    }

    private static string Name(string kind, string setting) => $"Upserts__Senders__{kind}__{setting}";

    private static string Sign(byte[] secret, string text) =>
        Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(text)));
}
