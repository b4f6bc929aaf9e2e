using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>What a scripted tenant answers.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The body, byte for byte.</param>
internal sealed record Scripted(int Status, byte[] Body)
{
    public (string Name, string Value)[] Headers { get; init; } = [];

    public static Scripted Json(string body) => new(200, Encoding.UTF8.GetBytes(body));

    /// <summary>One of the inputs that broke it before.</summary>
    public static Scripted Input(string name) =>
        new(200, File.ReadAllBytes(Path.Combine(Repository.Root, "tests/CubeFunctions.Tests/Sync/Inputs", name)));

    /// <summary>A page of these records.</summary>
    public static Scripted Page(long count, string? next, IEnumerable<string> records) =>
        Json(
            $$"""{"count":{{count}},"next":{{JsonSerializer.Serialize(next)}},"previous":null,"results":[{{string.Join(',', records)}}]}"""
        );
}

/// <summary>A request to a scripted tenant.</summary>
/// <param name="Path">Its path.</param>
/// <param name="From">First day, or null.</param>
/// <param name="To">Last day, or null.</param>
/// <param name="Page">The page, from 1.</param>
internal sealed record ScriptedRequest(string Path, DateOnly? From, DateOnly? To, int Page)
{
    public bool IsListing => Path.EndsWith("/campaigns", StringComparison.Ordinal);

    public bool Is(string part) => Path.Contains(part, StringComparison.Ordinal);
}

/// <summary>
/// A tenant that answers what a test says, for answers that the simulator has no fault for. One campaign, 901 of assignment 31, unless said
/// otherwise. Scripts are written in the words of generation 1; a tenant of generation 2 gets them in its own.
/// </summary>
internal sealed class ScriptedCube : IAsyncDisposable
{
    private const string ListingOf1 = """[{"campaign_id":901,"campaign_name":"C","assignment_id":31}]""";
    private const string ListingOf2 =
        """[{"campaign__id":901,"campaign__name":"C","data_owner__id":31,"campaign__crm_type":"B2C","data_owner__name":"K"}]""";
    private readonly WebApplication _web;
    private readonly TenantApi _api;

    private ScriptedCube(WebApplication web, TenantApi api, Func<ScriptedRequest, Scripted?> script) =>
        (_web, _api, Script) = (web, api, script);

    public Uri BaseUrl { get; private set; } = new("http://127.0.0.1");

    /// <summary>The answer to a request; null for an empty page, or the listing.</summary>
    public Func<ScriptedRequest, Scripted?> Script { get; set; }

    public ConcurrentQueue<ScriptedRequest> Requests { get; } = new();

    public static Task<ScriptedCube> StartAsync(Func<ScriptedRequest, Scripted?> script) => StartAsync(TenantApi.Assignments, script);

    public static async Task<ScriptedCube> StartAsync(TenantApi api, Func<ScriptedRequest, Scripted?> script)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var cube = new ScriptedCube(web, api, script);
        web.Run(cube.AnswerAsync);
        await web.StartAsync(TestContext.Current.CancellationToken);
        cube.BaseUrl = new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return cube;
    }

    /// <summary>The listing of its one campaign.</summary>
    public static string ListingOf(TenantApi api) => api == TenantApi.DataOwners ? ListingOf2 : ListingOf1;

    /// <summary>A tenant with responses of one day, as many as a test leaves there.</summary>
    /// <param name="api">The generation.</param>
    /// <param name="day">The day.</param>
    /// <param name="rows">The numbers of the responses; the test's to change.</param>
    public static Task<ScriptedCube> OfDayAsync(TenantApi api, DateOnly day, IReadOnlySet<int> rows) =>
        StartAsync(
            api,
            request =>
                request.Is("/responses") && request.From <= day && request.To >= day
                    ? Scripted.Page(rows.Count, null, rows.Order().Select(number => Response(day, number)))
                    : null
        );

    /// <summary>A response of one customer.</summary>
    public static string Response(DateOnly day, int number, string comment = "") =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"crm__customer_id":"41000{{number:D4}}","response_type":"Sale","response_comment":"{{comment}}","response_submitted_when":"{{day:yyyy-MM-dd}} 12:24","response_submitted_by":"agent"}"""
        );

    /// <summary>Requests for responses.</summary>
    public int Count(string part = "/responses") => Requests.Count(request => request.Is(part));

    public async ValueTask DisposeAsync() => await _web.DisposeAsync();

    private static DateOnly? Day(string? text) =>
        DateOnly.TryParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private async Task AnswerAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var request = new ScriptedRequest(
            (context.Request.Path.Value ?? "").Replace("/call_outcomes/", "/responses/", StringComparison.Ordinal),
            Day(query["from_date"]),
            Day(query["to_date"]),
            int.TryParse(query["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var page) ? page : 1
        );
        Requests.Enqueue(request);
        var answer = Script(request) ?? (request.IsListing ? Scripted.Json(ListingOf(_api)) : Scripted.Page(0, null, []));
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        foreach (var (name, value) in answer.Headers)
        {
            context.Response.Headers[name] = value;
        }

        await context.Response.Body.WriteAsync(InWordsOf(_api, answer.Body));
    }

    /// <summary>The members of responses and of the listing by the names that a generation has for them, byte for byte otherwise.</summary>
    public static byte[] InWordsOf(TenantApi api, byte[] body) =>
        api == TenantApi.Assignments
            ? body
            : Encoding.Latin1.GetBytes(
                Encoding
                    .Latin1.GetString(body)
                    .Replace("\"response_submitted_", "\"call_outcome__report_as__submitted_", StringComparison.Ordinal)
                    .Replace("\"response_", "\"call_outcome__", StringComparison.Ordinal)
                    .Replace("\"campaign_id\"", "\"campaign__id\"", StringComparison.Ordinal)
                    .Replace("\"assignment_id\": 31", "\"data_owner__id\": 31, \"campaign__crm_type\": \"B2C\"", StringComparison.Ordinal)
                    .Replace(
                        "\"assignment_id\": \"\"",
                        "\"data_owner__id\": \"\", \"campaign__crm_type\": \"B2C\"",
                        StringComparison.Ordinal
                    )
            );
}
