using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Settings;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Local.Commands;
using CubeFunctions.Local.Operations;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary>What <c>--app</c> says of apps that are not as they should be: one line that names what was typed or set.</summary>
public sealed class AppClientTests
{
    private static readonly AppKey Key = new("a-key", null);

    [Theory]
    [InlineData(401, null, "a-key", "CUBE_APP_KEY: {0} refuses this key (401 to GET /api/status); is it a key of another function?")]
    [InlineData(401, null, null, "CUBE_APP_KEY: is not set, and {0} asks for a key (401 to GET /api/status)")]
    [InlineData(403, null, "a-key", "CUBE_APP_KEY: {0} refuses the caller (403 to GET /api/status); a role or an address range is missing")]
    [InlineData(
        302,
        null,
        "a-key",
        "CUBE_APP_TOKEN: {0} sends to a sign-in page (302 to GET /api/status); set it to an access token for the app's registration"
    )]
    public async Task A_refused_caller_is_wrong_usage_that_names_the_variable(int status, string? body, string? key, string expected)
    {
        await using var app = await FakeApp.StartAsync(FakeApp.Answer(status, body ?? "", "text/html"));
        var failure = await FailAsync(app.Address, new AppKey(key, null));
        Assert.Equal((string.Format(null, expected, app.Address), CommandLine.WrongUsage), (failure.Reason, failure.Code));
        Assert.Equal(1, app.Requests);
    }

    [Theory]
    [InlineData(404, "<html>", "no CubeFunctions app, or one of another version than this command (404 to GET /api/status)")]
    [InlineData(
        200,
        "<html>",
        "no CubeFunctions app, or one of another version than this command (its answer to GET /api/status is another one than expected)"
    )]
    [InlineData(
        200,
        "{\"scopes\":[]}",
        "no CubeFunctions app, or one of another version than this command (its answer to GET /api/status is another one than expected)"
    )]
    public async Task Another_app_or_version_is_said(int status, string body, string expected)
    {
        await using var app = await FakeApp.StartAsync(FakeApp.Answer(status, body, "text/html"));
        var failure = await FailAsync(app.Address, Key);
        Assert.Equal(($"--app: {app.Address} is {expected}", CommandLine.Failed), (failure.Reason, failure.Code));
    }

    [Fact]
    public async Task What_a_newer_app_says_besides_is_passed_over_and_what_an_older_one_lacks_is_empty()
    {
        const string Status = """
            {"scopes":[{"scope":"campaign","scopeId":"1","feed":"sms","deletionsHeldBack":false,"mood":"fine"}],"runs":[],"pauses":[],"gaps":[],"weather":1,
             "backlog":{"countedAt":"2026-01-01T00:00:00Z","upserts":{"waiting":1,"dead":0,"oldest":[]},"changes":{"waiting":0,"dead":0,"oldest":[]},"failedItems":[]}}
            """;
        await using var app = await FakeApp.StartAsync(FakeApp.Answer(200, Status, "application/json"));
        using var client = new AppClient(AppAddress.Parse(app.Address), Key);
        var status = await new AppOperations(client).ReadStatusAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("1", null, 1), (Assert.Single(status.Scopes).ScopeId, status.Scopes[0].ProvenAt, status.Backlog.Upserts.Waiting));
        Assert.Empty(status.Backlog.UnprovenItems);
        Assert.Equal("a-key", app.LastKey);
    }

    [Fact]
    public async Task An_app_that_is_away_for_a_moment_is_asked_again_with_the_same_key_of_the_request()
    {
        var keys = new List<string>();
        await using var app = await FakeApp.StartAsync(async context =>
        {
            keys.Add(context.Request.Headers["Idempotency-Key"].ToString());
            await (
                keys.Count == 1
                    ? FakeApp.Answer(
                        503,
                        """{"title":"Storage cannot be reached","status":503,"detail":"Look, then try again."}""",
                        "application/problem+json"
                    )
                    : FakeApp.Answer(202, """{"runId":"r1"}""", "application/json")
            )(context);
        });
        using var client = new AppClient(AppAddress.Parse(app.Address), Key);
        Assert.Equal(
            "r1",
            (
                await client.PostAsync<RunOrder, StartedRun>(
                    "runs",
                    new RunOrder(),
                    OperationsJson.Default.RunOrder,
                    TestContext.Current.CancellationToken
                )
            ).RunId
        );
        Assert.Equal(2, keys.Count);
        Assert.Equal(keys[0], keys[1]);
        Assert.NotEqual("", keys[0]);
    }

    [Fact]
    public async Task A_problem_is_shown_in_the_apps_own_words()
    {
        await using var app = await FakeApp.StartAsync(
            FakeApp.Answer(409, """{"title":"Ended","status":409,"detail":"The run has ended: Succeeded."}""", "application/problem+json")
        );
        var failure = await FailAsync(app.Address, Key);
        Assert.Equal(("The run has ended: Succeeded.", CommandLine.Failed), (failure.Reason, failure.Code));
    }

    [Fact]
    public async Task Nobody_there_is_said()
    {
        var address = $"http://127.0.0.1:{AzuriteProcess.FreePorts(1)[0]}";
        var failure = await FailAsync(address, Key);
        Assert.Equal(($"--app: {address} cannot be reached (ConnectionRefused)", CommandLine.Failed), (failure.Reason, failure.Code));
    }

    [Theory]
    [InlineData("expired", "its certificate has expired")]
    [InlineData("unknown", "its certificate is from an unknown authority")]
    [InlineData("name", "its certificate is for another name")]
    public async Task What_is_wrong_with_a_certificate_is_said(string fault, string expected)
    {
        using var certificate = fault switch
        {
            "expired" => TestCertificates.Expired(),
            "name" => TestCertificates.OfAnotherName(),
            _ => TestCertificates.OfUnknownAuthority(),
        };
        await using var app = await FakeApp.StartAsync(FakeApp.Answer(200, "{}", "application/json"), certificate);
        var failure = await FailAsync(app.Address, Key);
        Assert.Equal(($"--app: no secure connection to {app.Address}: {expected}", CommandLine.Failed), (failure.Reason, failure.Code));
        Assert.Equal(0, app.Requests);
    }

    [Theory]
    [InlineData("example.com", "--app: 'example.com' is not an address such as ")]
    [InlineData("htps://example.com/?code=SECRET", "--app: is not an address such as ")]
    [InlineData("ftp://example.com", "--app: 'ftp://example.com' is not an address such as ")]
    [InlineData("https://key@example.com", "--app: is not an address such as ")]
    [InlineData("https://example.com/api?code=key", "--app: must have no query; the key comes from CUBE_APP_KEY")]
    [InlineData("http://example.com", "--app: 'http://example.com' is plain HTTP")]
    [InlineData("https://example.com/other", "--app: 'https://example.com/other' must have no path")]
    public void An_address_that_cannot_be_one_or_would_leak_a_key_is_refused(string address, string expected)
    {
        var refused = Assert.Throws<SettingsException>(() => AppAddress.Parse(address));
        Assert.StartsWith(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("=key", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.com")]
    [InlineData("https://example.com/")]
    [InlineData("https://example.com/api")]
    [InlineData("https://example.com/api/")]
    public void An_address_may_end_as_people_type_it(string address) =>
        Assert.Equal("https://example.com/api/", AppAddress.Parse(address).ToString());

    private static async Task<CommandFailure> FailAsync(string address, AppKey key)
    {
        using var client = new AppClient(AppAddress.Parse(address), key);
        return CommandFailure.From(
            await Assert.ThrowsAnyAsync<Exception>(() => new AppOperations(client).ReadStatusAsync(TestContext.Current.CancellationToken))
        );
    }
}
