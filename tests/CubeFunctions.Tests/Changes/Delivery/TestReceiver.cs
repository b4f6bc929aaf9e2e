using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Changes.Delivery;

/// <summary>
/// A receiver of changes, written from the README alone: checks the signature by its own means, and fails as it is told to.
/// </summary>
internal sealed class TestReceiver : IAsyncDisposable
{
    private const string Key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private readonly WebApplication _web;
    private readonly ConcurrentQueue<JsonObject> _taken = new();
    private int _requests;

    private TestReceiver(WebApplication web) => _web = web;

    public static string Secret => $"whsec_{Key}";

    public string Url { get; private set; } = "";

    /// <summary>
    /// Every change of every request that was answered with 2xx, or that was taken although the answer says otherwise; repeats included.
    /// </summary>
    public IReadOnlyCollection<JsonObject> Taken => _taken;

    /// <summary>Requests so far.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Decides about a request: status, whether its changes are kept all the same, seconds to wait for.</summary>
    public Func<IReadOnlyList<JsonObject>, Answer> Decide { get; set; } = _ => new Answer(200);

    /// <summary>Trace context of the requests.</summary>
    public ConcurrentQueue<string> Traceparents { get; } = new();

    /// <summary>What is wrong with requests that came.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    public static async Task<TestReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var receiver = new TestReceiver(web);
        web.Run(receiver.HandleAsync);
        await web.StartAsync(TestContext.Current.CancellationToken);
        receiver.Url =
            web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/changes?sig=hush";
        return receiver;
    }

    public (string, string)[] Settings(params (string, string)[] more) =>
        [("Changes__Crm__Url", Url), ("Changes__Crm__Secret", Secret), .. more];

    /// <summary>Changes without repeats, in the order in which they came first.</summary>
    public List<JsonObject> Distinct() => [.. _taken.DistinctBy(change => (string)change["id"]!)];

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _web.StopAsync(now.Token);
        await _web.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        Interlocked.Increment(ref _requests);
        Traceparents.Enqueue(context.Request.Headers.TraceParent.ToString());
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Check(context.Request, body.ToArray());
        var changes = JsonNode.Parse(body.ToArray())!["changes"]!.AsArray().Select(change => change!.AsObject()).ToList();
        if (changes.Count is 0 or > 100)
        {
            Faults.Enqueue($"{changes.Count} changes in one request");
        }

        Answer answer;
        lock (_taken)
        {
            answer = Decide(changes);
            if (answer.Status is >= 200 and < 300 || answer.IsTaken)
            {
                changes.ForEach(change => _taken.Enqueue(change.DeepClone().AsObject()));
            }
        }

        if (answer.Status == 0)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
                .ContinueWith(_ => { }, TaskScheduler.Default);
            context.Abort();
            return;
        }

        context.Response.StatusCode = answer.Status;
        if (answer.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
    }

    private void Check(HttpRequest request, byte[] body)
    {
        var (id, timestamp) = (request.Headers["webhook-id"].ToString(), request.Headers["webhook-timestamp"].ToString());
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        var expected = "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Key), signed));
        if (
            request.Headers["webhook-signature"].ToString() != expected
            || id.Length == 0
            || request.ContentType != "application/json"
            || request.QueryString.Value != "?sig=hush"
        )
        {
            Faults.Enqueue("a request is not signed as the specification says");
        }
    }

    /// <summary>What a receiver does.</summary>
    /// <param name="Status">0: it hangs.</param>
    /// <param name="IsTaken">Whether it took the changes although it does not say so.</param>
    /// <param name="RetryAfter">Seconds.</param>
    internal sealed record Answer(int Status, bool IsTaken = false, int? RetryAfter = null);
}
