using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Support;

/// <summary>
/// Stands between a client and Azurite, and cuts the line after so many writes: to the client it is as if the process died there. Or it
/// loses the answer of one write
/// only, or the first answer to each, and goes on; or it refuses requests that a test chooses.
/// </summary>
public sealed class StorageProxy : IAsyncDisposable
{
    private static readonly string[] Services = ["BlobEndpoint", "QueueEndpoint", "TableEndpoint"];
    private readonly List<WebApplication> _webs = [];
    private readonly List<(Uri Target, string Address)> _listeners = [];
    private readonly SocketsHttpHandler _handler = new() { AllowAutoRedirect = false, UseCookies = false };
    private readonly HttpClient _client;
    private readonly CancellationTokenSource _cut = new();
    private readonly bool _answerLost;
    private readonly ConcurrentDictionary<string, bool> _seen = new();
    private int _left;
    private int _requests;
    private int _writes;

    private StorageProxy(int writes, bool answerLost) => (_left, _answerLost, _client) = (writes, answerLost, new HttpClient(_handler));

    /// <summary>Whether the first answer to each write is lost: a repeat of the same request gets through.</summary>
    public bool LosesEach { get; set; }

    /// <summary>Reads so far.</summary>
    public int Reads => Requests - Writes;

    /// <summary>Writes whose answers were lost.</summary>
    public int Lost => _seen.Count;

    /// <summary>Requests so far.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Writes so far.</summary>
    public int Writes => Volatile.Read(ref _writes);

    /// <summary>Number, from 0, of the write whose answer is lost after it was done; -1 for none.</summary>
    public int LoseAnswerOf { get; set; } = -1;

    /// <summary>Method and address of that write, once it was lost.</summary>
    public string LostAnswerOf { get; private set; } = "";

    /// <summary>Method and address of each write so far, in no strict order.</summary>
    public ConcurrentQueue<string> WriteLog { get; } = [];

    /// <summary>
    /// Refuses requests, by their number from 0, method and address, in a way that no client expects: with 400 and without having done
    /// anything.
    /// </summary>
    public Func<int, string, string, bool>? Refuse { get; set; }

    /// <summary>Cancelled when the line is cut.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>What the client is to be given.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <param name="connection">Azurite's own.</param>
    /// <param name="writes">How many writes get through.</param>
    /// <param name="answerLost">Whether the next one after these is still done, and only its answer is lost.</param>
    public static async Task<StorageProxy> StartAsync(string connection, int writes, bool answerLost)
    {
        var proxy = new StorageProxy(writes, answerLost);
        var parts = connection
            .Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('=', 2))
            .ToDictionary(part => part[0], part => part[1]);
        foreach (var service in Services)
        {
            var target = new Uri(parts[service]);
            parts[service] =
                await proxy.ListenAsync(new Uri(target.GetLeftPart(UriPartial.Authority)), "http://127.0.0.1:0") + target.AbsolutePath;
        }

        proxy.ConnectionString = string.Join(';', parts.Select(part => $"{part.Key}={part.Value}"));
        return proxy;
    }

    /// <summary>Whether tables answer 503.</summary>
    public bool TablesAway { get; set; }

    /// <summary>How much longer each request to the tables takes.</summary>
    public TimeSpan TableDelay { get; set; }

    /// <summary>Stands between without cutting the line.</summary>
    public static Task<StorageProxy> StartAsync(string connection) => StartAsync(connection, int.MaxValue, answerLost: false);

    /// <summary>A way without TLS to a storage that speaks it with a certificate of its own.</summary>
    public static async Task<StorageProxy> StartAsync(string connection, X509Certificate2 trusted)
    {
        var proxy = await StartAsync(connection);
        proxy._handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { trusted },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        return proxy;
    }

    /// <summary>Storage goes away: connections are closed, and new ones refused.</summary>
    public async Task RefuseAsync()
    {
        foreach (var web in _webs)
        {
            await web.DisposeAsync();
        }

        _webs.Clear();
    }

    /// <summary>Storage is back, at the same addresses.</summary>
    public async Task AcceptAsync()
    {
        foreach (var (target, address) in _listeners.ToList())
        {
            await ListenAsync(target, address);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await RefuseAsync();
        _client.Dispose();
        _cut.Dispose();
    }

    private async Task<string> ListenAsync(Uri target, string address)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(address).ConfigureKestrel(options => options.Limits.MaxRequestBodySize = null);
        var web = builder.Build();
        web.Run(context => ForwardAsync(context, target));
        await web.StartAsync(TestContext.Current.CancellationToken);
        _webs.Add(web);
        var bound = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        if (!_listeners.Contains((target, bound)))
        {
            _listeners.Add((target, bound));
        }

        return bound;
    }

    private async Task ForwardAsync(HttpContext context, Uri target)
    {
        var isWrite = !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method);
        var left = isWrite ? Interlocked.Decrement(ref _left) : Volatile.Read(ref _left);
        if (left < 0 && isWrite && !(left == -1 && _answerLost))
        {
            await _cut.CancelAsync();
        }

        if (_cut.IsCancellationRequested)
        {
            context.Abort();
            return;
        }

        var raw = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var ordinal = Interlocked.Increment(ref _requests) - 1;
        var write = isWrite ? Interlocked.Increment(ref _writes) - 1 : -1;
        if (isWrite)
        {
            WriteLog.Enqueue($"{context.Request.Method} {raw}");
        }

        if (Refuse?.Invoke(ordinal, context.Request.Method, raw) == true)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method),
            new Uri(
                target.GetLeftPart(UriPartial.Authority) + raw,
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
            )
        );
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        body.Position = 0;
        request.Content = new StreamContent(body);
        foreach (var header in context.Request.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(header.Key, header.Value.AsEnumerable()))
            {
                request.Content.Headers.TryAddWithoutValidation(header.Key, header.Value.AsEnumerable());
            }
        }

        if (TablesAway && request.Headers.Contains("DataServiceVersion"))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if (TableDelay > TimeSpan.Zero && request.Headers.Contains("DataServiceVersion"))
        {
            await Task.Delay(TableDelay, TimeProvider.System);
        }

        request.Headers.TransferEncodingChunked = false;
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseContentRead);
        if (left < 0 && isWrite)
        {
            await _cut.CancelAsync();
            context.Abort();
            return;
        }

        if (
            (write >= 0 && write == LoseAnswerOf)
            || (isWrite && LosesEach && _seen.TryAdd(context.Request.Headers["x-ms-client-request-id"].ToString(), true))
        )
        {
            LostAnswerOf = $"{context.Request.Method} {raw}";
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var header in response.Headers.Concat(response.Content.Headers).Where(header => header.Key != "Transfer-Encoding"))
        {
            context.Response.Headers[header.Key] = header.Value.ToArray();
        }

        if (
            !HttpMethods.IsHead(context.Request.Method)
            && response.StatusCode is not (System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.NotModified)
        )
        {
            await response.Content.CopyToAsync(context.Response.Body);
        }
    }
}
