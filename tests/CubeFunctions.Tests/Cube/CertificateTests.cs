using CubeFunctions.Core.Cube;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Cube;

/// <summary>What is wrong with Cube's certificate is said, for a real handshake with a server of this machine.</summary>
public sealed class CertificateTests
{
    [Theory]
    [InlineData("expired", "its certificate has expired")]
    [InlineData("unknown", "its certificate is from an unknown authority")]
    [InlineData("name", "its certificate is for another name")]
    public async Task A_wrong_certificate_is_named_by_what_is_wrong(string fault, string expected)
    {
        using var certificate = fault switch
        {
            "expired" => TestCertificates.Expired(),
            "name" => TestCertificates.OfAnotherName(),
            _ => TestCertificates.OfUnknownAuthority(),
        };
        await using var server = await FakeApp.StartAsync(FakeApp.Answer(200, "{}", "application/json"), certificate);
        using var client = new HttpClient();
        var thrown = await Assert.ThrowsAsync<HttpRequestException>(() =>
            client.GetAsync(server.Address, TestContext.Current.CancellationToken)
        );
        var failure = CubeFailure.FromException(thrown, "GET /campaigns");
        Assert.Equal(CubeFailureKind.Transient, failure.Kind);
        Assert.Equal($"no secure connection to the host of Cube__BaseUrl: {expected} (asked for GET /campaigns)", failure.Message);
        Assert.Equal(0, server.Requests);
    }

    /// <summary>A proxy that refuses is named with the setting that names it; whatever else refuses is no proxy.</summary>
    [Theory]
    [InlineData("HTTPS_PROXY", "http://127.0.0.1:9", " at 127.0.0.1:9", "HTTPS_PROXY")]
    [InlineData("all_proxy", "user:word@proxy.example:3128", " at proxy.example:3128", "all_proxy")]
    [InlineData("http_proxy", "proxy.example:3128", " at cube.example:443", null)]
    [InlineData("HTTP_PROXY", "", "", null)]
    public void A_proxy_that_cannot_be_reached_is_named_by_its_setting(string name, string value, string host, string? setting) =>
        Assert.Equal(setting, CubeFailure.ProxySettingOf(host, asked => asked == name ? value : null));
}
