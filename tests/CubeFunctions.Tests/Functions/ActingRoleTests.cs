using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using CubeFunctions.Core.Settings;
using CubeFunctions.Tests.Functions.Host;
using CubeFunctions.Tests.Operations;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>With sign-in, acting takes an app role; a principal that a caller made up is worth nothing where there is no sign-in.</summary>
public sealed class ActingRoleTests(AzuriteFixture azurite, PublishedApp published)
{
    private const string Role = "Cube.Act";
    private static readonly string Actor = Principal(("roles", Role));

    /// <summary>Principals that may not act.</summary>
    private static readonly string[] Others =
    [
        "",
        Principal(),
        Principal(("roles", "Cube.Read")),
        Principal(("roles", "cube.act")),
        Principal(("name", Role)),
        Encoded("""{"auth_typ":"github","claims":[{"typ":"roles","val":"Cube.Act"}]}"""),
        Encoded("""{"auth_typ":"aad","claims":null}"""),
        Encoded("null"),
        Encoded("[]"),
        Encoded(Role),
        Role,
    ];

    [Fact]
    public void Every_function_that_acts_asks_for_the_role_and_no_other_does()
    {
        var functions = Functions();
        Assert.Equal(
            DoorKeyTests.Operations().Select(operation => (operation.Method, operation.Path)).Order(),
            functions.Select(function => (function.Method, function.Path)).Order()
        );
        var door = Door(Role, "True");
        foreach (var (name, method, _) in functions)
        {
            var asks = method != "GET" && name != nameof(UpsertFunctions.ReceiveWebhook);
            Assert.True(door.MayPass(name, Request(method, Actor)), name);
            Assert.Equal(!asks, door.MayPass(name, Request(method, null)));
            Assert.Equal(asks ? 0 : Others.Length, Others.Count(principal => door.MayPass(name, Request(method, principal))));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("False")]
    public void Without_sign_in_nobody_has_the_role_whatever_the_header_says(string? signIn) =>
        Assert.False(Door(Role, signIn).MayPass("StartRun", Request("POST", Actor)));

    [Theory]
    [InlineData(null)]
    [InlineData("True")]
    public void Where_no_role_is_set_keys_alone_decide(string? signIn) =>
        Assert.True(Door(null, signIn).MayPass("StartRun", Request("POST", null)));

    [Fact]
    public async Task The_worker_refuses_who_lacks_the_role_before_anything_is_done()
    {
        var storage = await azurite.NewAccountAsync();
        await using var host = await FunctionsHost.StartAsync(
            published,
            FunctionsHost.SettingsOf(
                storage,
                new Uri("http://127.0.0.1:1"),
                ("Operations__ActingRole", Role),
                (ActingRole.SignInSetting, "True")
            )
        );

        using var refused = await host.SendHttpAsync("ReplayDead", Replay(Principal(("roles", "Cube.Read"))));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal("Acting needs an app role that this caller does not have.", problem.GetProperty("detail").GetString());

        using var allowed = await host.SendHttpAsync("ReplayDead", Replay(Actor));
        Assert.Equal(HttpStatusCode.Accepted, allowed.StatusCode);
        using var read = await host.SendHttpAsync("GetStatus", new HttpRequestMessage(HttpMethod.Get, "/api/status"));
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
    }

    private static List<(string Name, string Method, string Path)> Functions() =>
        [
            .. from type in typeof(OperationFunctions).Assembly.GetTypes()
            from method in type.GetMethods()
            let name = method.GetCustomAttribute<FunctionAttribute>()?.Name
            from parameter in method.GetParameters()
            let http = parameter.GetCustomAttribute<HttpTriggerAttribute>()
            where name is not null && http is not null
            from verb in http.Methods!
            select (name, verb.ToUpperInvariant(), $"/api/{http.Route}"),
        ];

    private static ActingRole Door(string? role, string? signIn) =>
        new(
            new OperationsSettings { ActingRole = role },
            new ConfigurationBuilder()
                .AddInMemoryCollection(signIn is null ? [] : [KeyValuePair.Create(ActingRole.SignInSetting, (string?)signIn)])
                .Build(),
            NullLogger<ActingRole>.Instance
        );

    private static HttpRequest Request(string method, string? principal)
    {
        var request = new DefaultHttpContext().Request;
        request.Method = method;
        if (principal is not null)
        {
            request.Headers[ActingRole.PrincipalHeader] = principal;
        }

        return request;
    }

    private static HttpRequestMessage Replay(string principal) =>
        new(HttpMethod.Post, "/api/replay")
        {
            Headers = { { ActingRole.PrincipalHeader, principal } },
            Content = new StringContent("""{"what":"upserts"}""", Encoding.UTF8, "application/json"),
        };

    private static string Principal(params (string Type, string Value)[] claims) =>
        Encoded(
            $$"""{"auth_typ":"aad","claims":[{{string.Join(',', claims.Select(claim => $$"""{"typ":"{{claim.Type}}","val":"{{claim.Value}}"}"""))}}]}"""
        );

    private static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
