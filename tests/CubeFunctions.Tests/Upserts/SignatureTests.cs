using System.Text;
using CubeFunctions.Core.Senders;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

public sealed class SignatureTests
{
    private const string Path = "/api/webhooks/crm";

    /// <summary>The vector of the Standard Webhooks repository, the same in all of its libraries.</summary>
    private static readonly (string, string)[] Standard =
    [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];

    private const string StandardBody = """{"test": 2432232314}""";
    private static readonly DateTimeOffset StandardTime = DateTimeOffset.FromUnixTimeSeconds(1614265330);

    // HubSpot publishes a recipe and no vector for v3. These were computed with OpenSSL 3 and checked with Python's hmac module:
    // printf '%s' "POSThttps://crm.example.no/api/webhooks/hubspot${BODY}1700000001000" | openssl dgst -sha256 -hmac "$SECRET" -binary |
    // base64
    // and the one with a query with the URI decoded as HubSpot's table says: https://crm.example.no/hooks/hs?tenant=a:b/c@d%20e
    private const string HubSpotBody =
        """[{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":901,"propertyName":"firstname","propertyValue":"Åshild","occurredAt":1700000000000}]""";

    private const string HubSpotPath = "/api/webhooks/hubspot";
    private const string HubSpotSigned = "RcX70s8eGNGFZM3mFOsRSostlf5nxTorIhkAH0vDyeI=";
    private const string HubSpotSignedQuery = "WuXnUQMvWpBJK7uOshm97+j1CjFGShCGs7tmwUnUajU=";
    private const string HubSpotSignedPut = "nVLfZwxnyQyxEyXwWvPLsp4Lraz6UN9Y9BTcx9SSeK4=";
    private const string HubSpotSignedOld = "SnleI8/Efd62pRTRegNQJd2uJ6RZGGhPAF914UJB2+4=";
    private static readonly DateTimeOffset HubSpotTime = DateTimeOffset.FromUnixTimeMilliseconds(1700000001000);

    // printf '%s' "$BODY" | openssl dgst -sha256 -hmac "a shared secret of a script"
    private const string JsonBody = """{"customer_id":"0042","name":"Kåre Lønning"}""";
    private const string JsonHex = "5d2a997cfbdae2b741894f3a55a05e4928c1624d26f76e1e48b84de3e501fc5b";
    private const string JsonBase64 = "XSqZfPva4rdBiU86VaBeSSjBYk0m924eSLhN4+UB/Fs=";

    [Fact]
    public void The_published_Standard_Webhooks_vector_is_verified() =>
        Assert.Equal(SenderVerdict.Verified, Verify(TestSenders.StandardWebhooks(), Standard, StandardBody, StandardTime));

    [Theory]
    [InlineData("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", true)]
    [InlineData("v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,x", true)]
    [InlineData("v1a,AAAA v1,AAAA", false)]
    [InlineData("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false)]
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false)]
    [InlineData("v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false)]
    [InlineData("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE", false)]
    [InlineData("v1,", false)]
    [InlineData(" ", false)]
    public void One_of_several_signatures_is_enough(string signatures, bool verified) =>
        Assert.Equal(
            verified ? SenderVerdict.Verified : SenderVerdict.BadSignature,
            Verify(TestSenders.StandardWebhooks(), [.. Standard[..2], ("webhook-signature", signatures)], StandardBody, StandardTime)
        );

    [Theory]
    [InlineData(300, SenderVerdict.Verified)]
    [InlineData(301, SenderVerdict.TooOld)]
    [InlineData(-300, SenderVerdict.Verified)]
    [InlineData(-301, SenderVerdict.TooNew)]
    public void Standard_Webhooks_five_minutes_either_way_are_tolerated(int secondsLater, SenderVerdict verdict) =>
        Assert.Equal(verdict, Verify(TestSenders.StandardWebhooks(), Standard, StandardBody, StandardTime.AddSeconds(secondsLater)));

    [Theory]
    [InlineData("webhook-id")]
    [InlineData("webhook-timestamp")]
    [InlineData("webhook-signature")]
    public void Standard_Webhooks_a_missing_header_is_refused(string header) =>
        Assert.Equal(
            SenderVerdict.MissingHeader,
            Verify(TestSenders.StandardWebhooks(), [.. Standard.Where(pair => pair.Item1 != header)], StandardBody, StandardTime)
        );

    [Theory]
    [InlineData("webhook-id", "msg_other", SenderVerdict.BadSignature)]
    [InlineData("webhook-timestamp", "1614265331", SenderVerdict.BadSignature)]
    [InlineData("webhook-timestamp", "yesterday", SenderVerdict.BadTimestamp)]
    [InlineData("webhook-timestamp", "-1", SenderVerdict.BadTimestamp)]
    [InlineData("webhook-timestamp", "99999999999999999999", SenderVerdict.BadTimestamp)]
    [InlineData("webhook-timestamp", "999999999999999999", SenderVerdict.BadTimestamp)]
    public void Standard_Webhooks_another_header_than_the_signed_one_is_refused(string header, string value, SenderVerdict verdict) =>
        Assert.Equal(verdict, Verify(TestSenders.StandardWebhooks(), [.. Standard, (header, value)], StandardBody, StandardTime));

    [Theory]
    [InlineData(HubSpotPath, "https://crm.example.no", HubSpotSigned)]
    [InlineData(HubSpotPath, "https://crm.example.no/", HubSpotSigned)]
    [InlineData("/internal/hook", "https://crm.example.no/api/webhooks/hubspot", HubSpotSigned)]
    [InlineData("/hooks/hs?tenant=a%3Ab%2Fc%40d%20e", "https://crm.example.no", HubSpotSignedQuery)]
    [InlineData("/hooks/hs?tenant=a%3ab%2fc@d%20e", "https://crm.example.no", HubSpotSignedQuery)]
    [InlineData("/api/webhooks/crm?tenant=a%3Ab/c%40d%20e", "https://crm.example.no/hooks/hs", HubSpotSignedQuery)]
    [InlineData("/api/webhooks/crm", "https://crm.example.no/hooks/hs?tenant=a%3Ab/c%40d%20e", HubSpotSignedQuery)]
    public void HubSpot_signs_the_address_it_calls(string path, string publicUrl, string signature) =>
        Assert.Equal(
            SenderVerdict.Verified,
            Verify(TestSenders.HubSpot(("PublicUrl", publicUrl)), HubSpotHeaders(signature), HubSpotBody, HubSpotTime, path: path)
        );

    [Theory]
    [InlineData("/api/webhooks/other", "https://crm.example.no")]
    [InlineData(HubSpotPath + "?a=b", "https://crm.example.no")]
    [InlineData(HubSpotPath, "https://other.example.no")]
    [InlineData(HubSpotPath, "http://localhost")]
    public void HubSpot_another_address_is_refused(string path, string publicUrl) =>
        Assert.Equal(
            SenderVerdict.BadSignature,
            Verify(TestSenders.HubSpot(("PublicUrl", publicUrl)), HubSpotHeaders(HubSpotSigned), HubSpotBody, HubSpotTime, path: path)
        );

    [Fact]
    public void HubSpot_another_method_is_refused()
    {
        Assert.Equal(
            SenderVerdict.BadSignature,
            Verify(TestSenders.HubSpot(), HubSpotHeaders(HubSpotSignedPut), HubSpotBody, HubSpotTime, path: HubSpotPath)
        );
        Assert.Equal(
            SenderVerdict.WrongMethod,
            Verify(TestSenders.HubSpot(), HubSpotHeaders(HubSpotSignedPut), HubSpotBody, HubSpotTime, "PUT", HubSpotPath)
        );
    }

    [Theory]
    [InlineData(300_000, SenderVerdict.Verified)]
    [InlineData(300_001, SenderVerdict.TooOld)]
    [InlineData(-300_001, SenderVerdict.TooNew)]
    public void HubSpot_older_than_five_minutes_is_refused(int millisecondsLater, SenderVerdict verdict) =>
        Assert.Equal(
            verdict,
            Verify(
                TestSenders.HubSpot(),
                HubSpotHeaders(HubSpotSigned),
                HubSpotBody,
                HubSpotTime.AddMilliseconds(millisecondsLater),
                path: HubSpotPath
            )
        );

    [Theory]
    [InlineData(null, "1700000001000", SenderVerdict.MissingHeader)]
    [InlineData(HubSpotSigned, null, SenderVerdict.MissingHeader)]
    [InlineData(HubSpotSigned, "1700000001", SenderVerdict.TooOld)]
    [InlineData(HubSpotSigned, "1700000001001", SenderVerdict.BadSignature)]
    [InlineData(HubSpotSigned, "now", SenderVerdict.BadTimestamp)]
    [InlineData(HubSpotSigned, "9223372036854775807", SenderVerdict.BadTimestamp)]
    [InlineData("RcX70s8eGNGFZM3mFOsRSostlf5nxTorIhkAH0vDyeJ=", "1700000001000", SenderVerdict.BadSignature)]
    public void HubSpot_a_missing_or_other_header_is_refused(string? signature, string? timestamp, SenderVerdict verdict)
    {
        (string, string)[] headers =
        [
            .. signature is null ? Array.Empty<(string, string)>() : [("X-HubSpot-Signature-v3", signature)],
            .. timestamp is null ? Array.Empty<(string, string)>() : [("X-HubSpot-Request-Timestamp", timestamp)],
        ];
        Assert.Equal(verdict, Verify(TestSenders.HubSpot(), headers, HubSpotBody, HubSpotTime, path: HubSpotPath));
    }

    [Fact]
    public void The_previous_secret_stays_valid_and_no_other()
    {
        var sender = TestSenders.HubSpot(("PreviousSecret", "old-3c1f6a52-77d0-4f0e-9c55-b0b7c1a0e9d4"));
        Assert.Equal(SenderVerdict.Verified, Verify(sender, HubSpotHeaders(HubSpotSigned), HubSpotBody, HubSpotTime, path: HubSpotPath));
        Assert.Equal(SenderVerdict.Verified, Verify(sender, HubSpotHeaders(HubSpotSignedOld), HubSpotBody, HubSpotTime, path: HubSpotPath));
        Assert.Equal(
            SenderVerdict.BadSignature,
            Verify(TestSenders.HubSpot(), HubSpotHeaders(HubSpotSignedOld), HubSpotBody, HubSpotTime, path: HubSpotPath)
        );

        Assert.Equal(
            SenderVerdict.Verified,
            Verify(
                TestSenders.StandardWebhooks(
                    ("Secret", "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"),
                    ("PreviousSecret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
                ),
                Standard,
                StandardBody,
                StandardTime
            )
        );
        Assert.Equal(
            SenderVerdict.Verified,
            Verify(
                TestSenders.Dataverse(("PreviousSecret", "the older value")),
                [],
                "{}",
                StandardTime,
                path: Path + "?code=the%20older%20value"
            )
        );
        Assert.Equal(
            SenderVerdict.Verified,
            Verify(
                TestSenders.Json(("Secret", "new"), ("PreviousSecret", "a shared secret of a script"), ("Encoding", "hex")),
                [("x-webhook-signature", JsonHex)],
                JsonBody,
                StandardTime
            )
        );
    }

    [Theory]
    [InlineData("?code=a%20value%20both%20sides%20know", SenderVerdict.Verified)]
    [InlineData("?x=1&code=a+value+both+sides+know", SenderVerdict.Verified)]
    [InlineData("?code=a%20value%20both%20sides%20knoW", SenderVerdict.BadSignature)]
    [InlineData("?code=a%20value%20both%20sides%20know2", SenderVerdict.BadSignature)]
    [InlineData("?Code=a%20value%20both%20sides%20know", SenderVerdict.MissingHeader)]
    [InlineData("?code=", SenderVerdict.MissingHeader)]
    [InlineData("?code", SenderVerdict.MissingHeader)]
    [InlineData("?", SenderVerdict.MissingHeader)]
    [InlineData("", SenderVerdict.MissingHeader)]
    public void Dataverse_shares_a_value_in_the_query(string query, SenderVerdict verdict)
    {
        Assert.Equal(verdict, Verify(TestSenders.Dataverse(), [], "{}", StandardTime, path: Path + query));
        Assert.Equal(
            SenderVerdict.MissingHeader,
            Verify(TestSenders.Dataverse(("Header", "x-cube")), [], "{}", StandardTime, path: Path + query)
        );
    }

    [Theory]
    [InlineData("a value both sides know", SenderVerdict.Verified)]
    [InlineData("a value both sides knoW", SenderVerdict.BadSignature)]
    [InlineData("a", SenderVerdict.BadSignature)]
    [InlineData("", SenderVerdict.MissingHeader)]
    public void Dataverse_shares_a_value_in_a_header(string value, SenderVerdict verdict) =>
        Assert.Equal(verdict, Verify(TestSenders.Dataverse(("Header", "x-cube")), [("X-Cube", value)], "{}", StandardTime));

    [Theory]
    [InlineData(null, null, "x-webhook-secret", "a shared secret of a script", SenderVerdict.Verified)]
    [InlineData(null, null, "x-webhook-secret", "a shared secret of a scripT", SenderVerdict.BadSignature)]
    [InlineData(null, null, "x-other", "a shared secret of a script", SenderVerdict.MissingHeader)]
    [InlineData("hex", null, "x-webhook-signature", JsonHex, SenderVerdict.Verified)]
    [InlineData(
        "hex",
        null,
        "x-webhook-signature",
        "5D2A997CFBDAE2B741894F3A55A05E4928C1624D26F76E1E48B84DE3E501FC5B",
        SenderVerdict.Verified
    )]
    [InlineData(
        "hex",
        null,
        "x-webhook-signature",
        "4d2a997cfbdae2b741894f3a55a05e4928c1624d26f76e1e48b84de3e501fc5b",
        SenderVerdict.BadSignature
    )]
    [InlineData("hex", null, "x-webhook-signature", "a shared secret of a script", SenderVerdict.BadSignature)]
    [InlineData("hex", "sha256=", "x-webhook-signature", "sha256=" + JsonHex, SenderVerdict.Verified)]
    [InlineData("hex", "sha256=", "x-webhook-signature", JsonHex, SenderVerdict.BadSignature)]
    [InlineData("hex", "sha256=", "x-webhook-signature", "sha256=", SenderVerdict.BadSignature)]
    [InlineData("base64", null, "x-webhook-signature", JsonBase64, SenderVerdict.Verified)]
    [InlineData("base64", null, "x-webhook-signature", JsonHex, SenderVerdict.BadSignature)]
    [InlineData("base64", null, "x-webhook-secret", "a shared secret of a script", SenderVerdict.MissingHeader)]
    public void Json_senders_share_a_secret_or_sign_the_body(
        string? encoding,
        string? prefix,
        string header,
        string value,
        SenderVerdict verdict
    ) =>
        Assert.Equal(
            verdict,
            Verify(TestSenders.Json(("Encoding", encoding), ("Prefix", prefix)), [(header, value)], JsonBody, StandardTime)
        );

    [Fact]
    public void A_flipped_bit_anywhere_in_the_body_is_refused()
    {
        (SenderSettings Sender, (string, string)[] Headers, string Body, DateTimeOffset Now, string Path)[] requests =
        [
            (TestSenders.StandardWebhooks(), Standard, StandardBody, StandardTime, Path),
            (TestSenders.HubSpot(), HubSpotHeaders(HubSpotSigned), HubSpotBody, HubSpotTime, HubSpotPath),
            (TestSenders.Json(("Encoding", "hex")), [("x-webhook-signature", JsonHex)], JsonBody, StandardTime, Path),
        ];
        foreach (var (sender, headers, text, now, path) in requests)
        {
            var body = Encoding.UTF8.GetBytes(text);
            Assert.Equal(SenderVerdict.Verified, SenderVerifier.Verify(sender, "POST", path, TestSenders.Headers(headers), body, now));
            for (var bit = 0; bit < body.Length * 8; bit++)
            {
                body[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.Equal(
                    SenderVerdict.BadSignature,
                    SenderVerifier.Verify(sender, "POST", path, TestSenders.Headers(headers), body, now)
                );
                body[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            Assert.Equal(
                SenderVerdict.BadSignature,
                SenderVerifier.Verify(sender, "POST", path, TestSenders.Headers(headers), body.AsSpan(1), now)
            );
        }
    }

    [Fact]
    public void Nothing_but_POST_is_taken()
    {
        foreach (var method in (string[])["GET", "PUT", "DELETE", ""])
        {
            Assert.Equal(SenderVerdict.WrongMethod, Verify(TestSenders.StandardWebhooks(), Standard, StandardBody, StandardTime, method));
            Assert.Equal(
                SenderVerdict.WrongMethod,
                Verify(TestSenders.Dataverse(), [], "{}", StandardTime, method, Path + "?code=a%20value%20both%20sides%20know")
            );
            Assert.Equal(
                SenderVerdict.WrongMethod,
                Verify(TestSenders.Json(), [("x-webhook-secret", "a shared secret of a script")], JsonBody, StandardTime, method)
            );
        }
    }

    private static (string, string)[] HubSpotHeaders(string signature) =>
        [("X-HubSpot-Signature-v3", signature), ("X-HubSpot-Request-Timestamp", "1700000001000")];

    private static SenderVerdict Verify(
        SenderSettings sender,
        (string, string)[] headers,
        string body,
        DateTimeOffset now,
        string method = "POST",
        string path = Path
    ) => SenderVerifier.Verify(sender, method, path, TestSenders.Headers(headers), Encoding.UTF8.GetBytes(body), now);
}
