using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Operations.Probing;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Operations;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CubeFunctions.Tests.Generations;

public sealed class ProbeTests(AzuriteFixture azurite)
{
    /// <summary>One account for all: a probe stores nothing, but for the pause that Cube asks for.</summary>
    private static Task<string>? s_account;

    [Theory]
    [MemberData(nameof(GenerationTenant.EveryVariant), MemberType = typeof(GenerationTenant))]
    public async Task A_tenant_of_any_variant_is_described_in_under_30_requests_that_change_nothing(TenantApi api, Variant variant)
    {
        await using var cube = await GenerationTenant.StartAsync(api, variant);
        await using var app = await TestApp.StartAsync(await (s_account ??= azurite.NewAccountAsync()), cube);
        var report = await ProbeAsync(app);
        var external = variant is Variant.ExternalUser or Variant.ExternalUserUnderApi;
        Assert.Equal(($"{api}", external ? "external" : "internal"), (report.Api, report.User));
        Assert.InRange(report.Requests, 5, 29);
        Assert.Equal(report.Requests, cube.Requests.Total);
        AtLeastOne.All(cube.Requests.All, request => Assert.Contains(request.Method, (string[])["GET", "OPTIONS"]));

        // All that the catalogue has is there, counted as the tenant counts it.
        var catalogue = FeedCatalogue.Generations.Single(generation => $"{generation.Api}" == $"{api}");
        Assert.Equal(
            catalogue.Feeds.Skip(1).Select(feed => feed.Setting).Order(),
            report.Feeds.Select(feed => feed.Feed).Distinct().Order()
        );
        Assert.Equal([], report.Feeds.Where(feed => feed.Answer != "ok").Select(feed => $"{feed.Feed} {feed.Answer} {feed.Reason}"));
        foreach (var feed in report.Feeds)
        {
            var records = cube
                .Data.Records(feed.Scope, feed.ScopeId!, feed.Feed.Split('@')[0], cube.Data.Today.AddDays(-30), cube.Data.Today)
                .Count();
            Assert.Equal(records, feed.Count);
            Assert.Equal(records == 0, feed.Members.Count == 0);
            var size = variant switch
            {
                Variant.PageSize50 => 50,
                Variant.PageSize500 => 500,
                _ => GenerationTenant.Small.PageSize,
            };
            Assert.Equal(records > size && feed.Feed != "crm_custom_fields" ? size : null, feed.PageSize);
            Assert.Equal(
                feed.PageSize is not null && variant is Variant.NextSelf or Variant.NextBare,
                feed.PageSize is not null && feed.PagedByNumber
            );
        }

        // What fits is what such a tenant is read with.
        var imported = api == TenantApi.DataOwners || variant is Variant.CustomerByImportedId or Variant.CustomersLater;
        Assert.Equal(
            variant == Variant.CustomersLater && api == TenantApi.Assignments ? null
                : imported ? "imported"
                : "internal",
            report.CustomerIdInUrl
        );
        Assert.Equal((external ? "true" : "false", $"{api}"), (report.Settings["Cube__ExternalUser"], report.Settings["Cube__Api"]));
        Assert.Equal(variant == Variant.OptionsAllow ? "on" : "unknown", report.Writes);
        Assert.InRange(report.FirstSync!.Requests, 5, 200);
        Assert.Equal(external || report.Findings.Any(finding => finding.Code == "customerIdInUrl"), !report.Ok);
    }

    /// <summary>What fails for a moment, or in one campaign alone, is no reason to leave a feed out.</summary>
    [Theory]
    [InlineData(FaultKind.InternalError500, "/sms", false, "feedFails")]
    [InlineData(FaultKind.NotFound404, "/campaigns/{first}/sms", false, null)]
    [InlineData(FaultKind.NotFound404, "/sms", true, "feed")]
    public async Task A_feed_is_left_out_of_the_settings_only_where_no_scope_has_it(FaultKind kind, string path, bool left, string? code)
    {
        await using var cube = await GenerationTenant.StartAsync(TenantApi.Assignments);
        cube.Faults.Add(
            new Fault { Kind = kind, PathContains = path.Replace("{first}", $"{cube.Data.CampaignIds()[0]}", StringComparison.Ordinal) }
        );
        await using var app = await TestApp.StartAsync(await (s_account ??= azurite.NewAccountAsync()), cube);
        var report = await ProbeAsync(app);
        Assert.Equal(left, report.Settings.TryGetValue("Sync__Feeds", out var feeds));
        Assert.False(feeds?.Split(',').Contains("sms") == true, feeds);
        Assert.Equal(code is null ? [] : [code], report.Findings.Select(finding => finding.Code));
    }

    [Theory]
    [InlineData(TenantApi.DataOwners, "responses,customers", "responses", "call_outcomes, product_registrations")]
    [InlineData(TenantApi.Assignments, "call_outcomes,customers", "call_outcomes", "responses, sms")]
    public async Task Feeds_of_the_other_generation_are_named_by_the_probe_and_by_the_run(
        TenantApi api,
        string feeds,
        string other,
        string own
    )
    {
        await using var cube = await GenerationTenant.StartAsync(api);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, ("Sync__Feeds", feeds));
        var finding = Assert.Single((await ProbeAsync(app)).Findings, finding => finding.Code == "feedsOfOther");
        Assert.Contains($"names {other},", finding.Text, StringComparison.Ordinal);
        Assert.Contains(own, finding.Text, StringComparison.Ordinal);
        var run = await app.RunAsync(new RunRequest(RunKind.Scheduled, app.Get<SyncSettings>().Feeds));
        Assert.StartsWith($"{other} is not read", Assert.Single(run.Notices!), StringComparison.Ordinal);
        Assert.Null((await app.RunAsync(new RunRequest(RunKind.Scheduled, FeedCatalogue.Default))).Notices);
    }

    [Theory]
    [InlineData(FaultKind.Html200, "loginPage", "an HTML page instead of JSON")]
    [InlineData(FaultKind.NotFound404, "wrongHost", "set Cube__BaseUrl to the tenant")]
    [InlineData(FaultKind.BrokenJson, "wrongHost", "set Cube__BaseUrl to the tenant")]
    [InlineData(FaultKind.Forbidden403, "forbidden", "let this user read campaigns")]
    [InlineData(FaultKind.Unauthorized401, "unauthorised", "put a valid one into Cube__Token")]
    [InlineData(FaultKind.InternalError500, "cubeFails", "answers 500")]
    [InlineData(FaultKind.TooManyRequests, "rateLimited", "for 7 seconds")]
    [InlineData(FaultKind.ResetBeforeBody, "unreachable", "breaks")]
    public async Task A_tenant_that_cannot_be_read_is_one_sentence_that_says_what_to_do(FaultKind kind, string code, string words)
    {
        await using var cube = await GenerationTenant.StartAsync(TenantApi.Assignments);
        cube.Faults.Add(new Fault { Kind = kind, RetryAfter = TimeSpan.FromSeconds(7) });
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var report = await ProbeAsync(app);
        var finding = Assert.Single(report.Findings);
        Assert.Equal((false, "error", code), (report.Ok, finding.Severity, finding.Code));
        Assert.Contains(words, finding.Text, StringComparison.Ordinal);
        Assert.InRange(report.Requests, 1, 4);
        Assert.Equal((null, null), (report.Listing, report.FirstSync));
        if (kind == FaultKind.TooManyRequests)
        {
            // The pause is everybody's, the next probe's too.
            Assert.Equal(1, report.Requests);
            Assert.NotNull(await app.Get<TenantPause>().Flag.GetAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task A_feed_that_is_refused_costs_itself_and_is_left_out_of_the_settings()
    {
        await using var cube = await GenerationTenant.StartAsync(TenantApi.DataOwners);
        cube.Faults.Add(new Fault { Kind = FaultKind.Forbidden403, PathContains = "product_registrations" });
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var report = await ProbeAsync(app);
        Assert.True(report.Ok);
        Assert.Contains(
            "product_registrations of campaign",
            Assert.Single(report.Findings, finding => finding.Code == "feed").Text,
            StringComparison.Ordinal
        );
        Assert.Equal("campaigns,call_outcomes,sms,callflow_customers,customers,crm_custom_fields", report.Settings["Sync__Feeds"]);
    }

    [Fact]
    public async Task A_wrong_token_is_said_after_one_request()
    {
        await using var cube = await GenerationTenant.StartAsync(TenantApi.DataOwners);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, ("Cube__Token", "wrong"));
        var report = await ProbeAsync(app);
        Assert.Equal(("unauthorised", 1), (Assert.Single(report.Findings).Code, report.Requests));
    }

    [Fact]
    public async Task An_address_where_nobody_listens_is_unreachable()
    {
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), new Uri("http://127.0.0.1:1"));
        var finding = Assert.Single((await ProbeAsync(app)).Findings);
        Assert.Equal(("unreachable", true), (finding.Code, finding.Text.Contains("ConnectionRefused", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("localhost", 10, "does not trust")]
    [InlineData("localhost", -2, "out of its time")]
    [InlineData("cube.example.test", 10, "is for cube.example.test, not for localhost")]
    public async Task A_certificate_that_is_not_taken_is_said_with_its_fault(string name, int days, string words)
    {
        await using var server = await StartHttpsAsync(name, days);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            new Uri(server.Urls.Single().Replace("127.0.0.1", "localhost", StringComparison.Ordinal))
        );
        var report = await ProbeAsync(app);
        var finding = Assert.Single(report.Findings, finding => finding.Severity == "error");
        Assert.Equal("certificate", finding.Code);
        Assert.Contains(words, finding.Text, StringComparison.Ordinal);
        Assert.Equal((name, false), (report.Certificate!.Subject, report.Certificate.Trusted));
    }

    [Fact]
    public void What_the_network_does_is_told_from_what_a_proxy_does()
    {
        string Code(HttpRequestError error, string? proxy) =>
            new ProbeFaults("cube.example.test", proxy)
                .Describe(new CubeException(CubeFailureKind.Transient, "x", new HttpRequestException(error, "x")), null)
                .Code;
        Assert.Equal("wrongHost", Code(HttpRequestError.NameResolutionError, null));
        Assert.Equal("proxy", Code(HttpRequestError.NameResolutionError, "http://proxy:3128"));
        Assert.Equal("unreachable", Code(HttpRequestError.ConnectionError, null));
        Assert.Equal("proxy", Code(HttpRequestError.ConnectionError, "http://proxy:3128"));
        Assert.Equal("proxy", Code(HttpRequestError.ProxyTunnelError, "http://proxy:3128"));
        Assert.Equal("certificate", Code(HttpRequestError.SecureConnectionError, null));
        Assert.Equal(
            "timeout",
            new ProbeFaults("cube.example.test", null)
                .Describe(new CubeException(CubeFailureKind.Transient, "x", new TimeoutException()), null)
                .Code
        );
        Assert.Equal(
            "proxy",
            new ProbeFaults("cube.example.test", null)
                .Describe(new CubeException(CubeFailureKind.NotJson, "x") { Status = HttpStatusCode.ProxyAuthenticationRequired }, null)
                .Code
        );
        Assert.Equal(
            "wrongHost",
            new ProbeFaults("cube.example.test", null)
                .Describe(new CubeException(CubeFailureKind.NotJson, "x") { Status = HttpStatusCode.Found }, null)
                .Code
        );
    }

    [Fact]
    public async Task A_tenant_that_changed_generation_and_a_clock_that_is_off_are_said()
    {
        await using var cube = await GenerationTenant.StartAsync(TenantApi.Assignments);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers]));
        cube.Data.Switch(TenantApi.DataOwners);
        cube.DateSkew = TimeSpan.FromMinutes(-3);
        var report = await ProbeAsync(app);
        Assert.Equal(("DataOwners", "Assignments"), (report.Api, report.ApiInUse));
        Assert.Contains(
            "Cube__Api=DataOwners moves it over",
            Assert.Single(report.Findings, finding => finding.Code == "generationChanged").Text,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "behind this machine's",
            Assert.Single(report.Findings, finding => finding.Code == "clock").Text,
            StringComparison.Ordinal
        );
        Assert.InRange(report.ClockAheadSeconds!.Value, -182, -178);
    }

    [Fact]
    public async Task The_same_is_answered_over_http()
    {
        await using var cube = await GenerationTenant.StartAsync(TenantApi.DataOwners, Variant.OptionsAllow);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        var answer = await http.GetAsync("probe");
        Assert.Equal((200, "True", "DataOwners", "on"), (answer.Status, answer["ok"], answer["api"], answer["writes"]));
        Assert.Equal("writes", answer.Json.GetProperty("findings")[0].GetProperty("code").GetString());
        Assert.DoesNotContain("simulator-token", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_prints_it_and_says_by_its_exit_code_whether_cube_can_be_read()
    {
        var storage = await azurite.NewAccountAsync();
        var (code, output, errors) = await CubeProcess.RunAsync("probe", null, ("CubeStorage", storage));
        Assert.True(code == 0, errors);
        Assert.Contains("generation Assignments, internal user (Token)", output, StringComparison.Ordinal);
        Assert.Contains("Cube__ExternalUser=false", output, StringComparison.Ordinal);

        // A proxy that lets nobody through: the tenant itself is never asked.
        await using var proxy = await GenerationTenant.StartAsync(TenantApi.Assignments);
        (code, output, errors) = await CubeProcess.RunAsync(
            "probe --json",
            null,
            ("CubeStorage", storage),
            ("Cube__BaseUrl", "https://tenant.example.test"),
            ("Cube__Token", "secret"),
            ("https_proxy", proxy.BaseUrl.ToString())
        );
        Assert.True(code == 1, errors);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal("proxy", report.GetProperty("findings")[0].GetProperty("code").GetString());
        Assert.Contains(
            $"The proxy http://127.0.0.1:{proxy.BaseUrl.Port} refuses the connection",
            report.GetProperty("findings")[0].GetProperty("text").GetString(),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("secret", output + errors, StringComparison.Ordinal);
    }

    private static Task<ProbeReport> ProbeAsync(TestApp app) => app.Get<ProbeControl>().RunAsync(TestContext.Current.CancellationToken);

    /// <summary>A server with a certificate that no machine trusts.</summary>
    private static async Task<WebApplication> StartHttpsAsync(string name, int days)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var certificate = request.CreateSelfSigned(
            TimeProvider.System.GetUtcNow().AddDays(-30),
            TimeProvider.System.GetUtcNow().AddDays(days)
        );
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var server = builder.Build();
        server.Run(context => context.Response.WriteAsync("[]"));
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }
}
