using System.Text.Json;
using System.Text.RegularExpressions;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Hosting;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Xunit;

namespace CubeFunctions.Tests.Operations;

/// <summary>The OpenAPI document is what the routes say of themselves, and requests that people copy are in it.</summary>
public sealed partial class OpenApiTests(AzuriteFixture azurite)
{
    private const string Place = "docs/openapi.json";
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_made_of_the_routes_and_both_hosts_serve_it()
    {
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), new Uri("http://127.0.0.1:1/"));
        var made = await MakeAsync(app);
        if (Environment.GetEnvironmentVariable("CUBE_WRITE_OPENAPI") is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(Repository.Root, Place), made, Token);
        }

        Assert.Equal(made, Repository.Read(Place).ReplaceLineEndings("\n"));
        await using var http = await TestHttp.StartAsync(app);
        Assert.Equal(made, (await http.Client.GetStringAsync("openapi.json", Token)).ReplaceLineEndings("\n"));
        var document = JsonDocument.Parse(made).RootElement;
        Assert.StartsWith("3.1.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        foreach (var ((method, route), level) in FunctionKeys.Levels)
        {
            var operation = document.GetProperty("paths").GetProperty(route).GetProperty(method.ToLowerInvariant());
            Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
            Assert.Equal(level != AuthorizationLevel.Anonymous, operation.TryGetProperty("security", out _));
        }
    }

    [Fact]
    public void Requests_to_copy_are_in_it()
    {
        var paths = JsonDocument
            .Parse(Repository.Read(Place))
            .RootElement.GetProperty("paths")
            .EnumerateObject()
            .SelectMany(
                path => path.Value.EnumerateObject(),
                (path, method) =>
                    (Method: method.Name.ToUpperInvariant(), Pattern: new Regex($"^{Parameter().Replace(path.Name, "[^/?]+")}(\\?.*)?$"))
            )
            .ToList();
        var requests = Request()
            .Matches(Repository.Read("docs/operations.http").ReplaceLineEndings("\n"))
            .Select(match => (Method: match.Groups[1].Value, Path: match.Groups[2].Value))
            .ToList();
        Assert.True(requests.Count > 10);
        Assert.DoesNotContain(
            requests,
            request => !paths.Exists(path => path.Method == request.Method && path.Pattern.IsMatch(request.Path))
        );
    }

    private static async Task<string> MakeAsync(TestApp app)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore().AddOpenApi(Describe);
        builder.Services.ConfigureHttpJsonOptions(options =>
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, OperationsJson.Default)
        );
        await using var web = builder.Build();
        web.UseRouting();
        web.MapCubeFunctions(app.Services);
        web.MapOpenApi("/made.json");
        await web.StartAsync(Token);
        using var client = new HttpClient();
        var address = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return (await client.GetStringAsync($"{address}/made.json", Token)).ReplaceLineEndings("\n").TrimEnd() + "\n";
    }

    private static void Describe(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer(
            (document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "CubeFunctions",
                    Version = "1",
                    Description =
                        "Operates the app. Errors are RFC 9457 problem details. Ids, campaign names and counts only: no customer.",
                };
                document.Servers = [new OpenApiServer { Url = "/" }];
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
                {
                    ["read"] = KeyScheme("Key of a function that reads."),
                    ["act"] = KeyScheme("Key of a function that acts. Each function has keys of its own."),
                };
                foreach (var (route, item) in document.Paths)
                {
                    foreach (var (method, operation) in item.Operations!)
                    {
                        if (FunctionKeys.Levels[(method.Method, route)] != AuthorizationLevel.Anonymous)
                        {
                            operation.Security =
                            [
                                new OpenApiSecurityRequirement
                                {
                                    [new OpenApiSecuritySchemeReference(method == HttpMethod.Get ? "read" : "act", document)] = [],
                                },
                            ];
                        }

                        AddParameters(route, method, operation);
                    }
                }

                return Task.CompletedTask;
            }
        );
    }

    private static void AddParameters(string route, HttpMethod method, OpenApiOperation operation)
    {
        if (method == HttpMethod.Post && route is "/api/runs" or "/api/erasures" or "/api/assignments/{assignmentId}/customers")
        {
            Add("Idempotency-Key", ParameterLocation.Header, JsonSchemaType.String, "A repeat with the same key has the same answer.");
        }
        else if (method == HttpMethod.Get && route == "/api/runs")
        {
            Add("days", ParameterLocation.Query, JsonSchemaType.Integer, "1 to 31; 1 where it is left out.");
        }
        else if (method == HttpMethod.Get && route == "/api/status")
        {
            Add("If-None-Match", ParameterLocation.Header, JsonSchemaType.String, "The tag of the status that is known.");
        }

        void Add(string name, ParameterLocation place, JsonSchemaType type, string description) =>
            (operation.Parameters ??= []).Add(
                new OpenApiParameter
                {
                    Name = name,
                    In = place,
                    Description = description,
                    Schema = new OpenApiSchema { Type = type },
                }
            );
    }

    private static OpenApiSecurityScheme KeyScheme(string description) =>
        new()
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = "x-functions-key",
            Description = description,
        };

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^(GET|POST|DELETE) \{\{app\}\}(/api/\S+)$", RegexOptions.Multiline)]
    private static partial Regex Request();
}
