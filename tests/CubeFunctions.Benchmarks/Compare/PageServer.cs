using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>
/// Answers a tenant's fixed pages: the physical limit against which floor and product are measured. A process of its own, so that its CPU
/// is not counted.
/// </summary>
internal sealed class PageServer
{
    public const string Verb = "serve";
    public const string StatsPath = "/_bench/stats";
    public const string ResetPath = "/_bench/reset";
    private readonly Tenant _tenant;
    private readonly Dictionary<string, PageTemplate> _templates;
    private readonly byte[] _listing;
    private readonly ConcurrentDictionary<string, byte[]> _packed = new(StringComparer.Ordinal);
    private Counters _counters = new();
    private string _address = "";
    private int _version;

    private PageServer(Tenant tenant)
    {
        _tenant = tenant;
        _templates = tenant.Feeds.ToDictionary(feed => feed, feed => new PageTemplate(feed, tenant.RecordsPerPage, tenant.PageBytes));
        const int assignment = Tenant.Assignment;
        var campaigns = Enumerable
            .Range(Tenant.FirstCampaign, tenant.Campaigns)
            .Select(id =>
                $$"""
                    {"campaign_id":{{id}},"campaign_name":"Campaign {{id}}","start_date":"2020-01-01","end_date":"","assignment_id":{{assignment}}}
                    """
            );
        _listing = Encoding.UTF8.GetBytes($"[{string.Join(',', campaigns)}]");
    }

    /// <summary>Serves until standard input ends: the server does not outlive its parent.</summary>
    public static async Task<int> RunAsync(Tenant tenant)
    {
        var server = new PageServer(tenant);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using var web = builder.Build();
        web.Run(server.AnswerAsync);
        await web.StartAsync();
        server._address = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await Console.Out.WriteLineAsync(server._address);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        switch (path)
        {
            case StatsPath:
                await JsonSerializer.SerializeAsync(context.Response.Body, _counters.Read(), CompareJson.Default.ServerStats);
                return;
            case ResetPath:
                _version = int.Parse(context.Request.Query["version"].ToString(), CultureInfo.InvariantCulture);
                _counters = new Counters();
                return;
        }

        var counters = _counters;
        counters.Request();
        if (path.EndsWith("/campaigns", StringComparison.Ordinal))
        {
            await SendAsync(context, _listing);
            return;
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 5 || !_templates.TryGetValue(parts[4], out var template))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
        else if (parts.Length == 6)
        {
            await SendAsync(context, template.One(int.Parse(parts[5], CultureInfo.InvariantCulture)));
            counters.Write(HttpMethods.IsGet(context.Request.Method) ? 0 : 1);
        }
        else
        {
            await PageAsync(context, counters, template, parts[3]);
        }
    }

    private async Task PageAsync(HttpContext context, Counters counters, PageTemplate template, string scope)
    {
        counters.PageAsked();
        if (_tenant.DelayMs > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_tenant.DelayMs), TimeProvider.System);
        }

        var query = context.Request.Query;
        var number = int.TryParse(query["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var page) ? page : 1;
        if (number > _tenant.Pages)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var from = query["from_date"].ToString();
        var day = from.Length == 8 ? $"{from[..4]}-{from[4..6]}-{from[6..]}" : "2026-01-01";
        var asksGzip = context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        var buffer = new ArrayBufferWriter<byte>(1);
        var (plain, wire) = (0, 0);
        context.Response.ContentType = "application/json";
        if (_tenant.Gzip && asksGzip)
        {
            plain = Write(buffer);
            var packed = _packed.GetOrAdd($"{context.Request.Path}{context.Request.QueryString}{_version}", _ => Pack(buffer.WrittenSpan));
            context.Response.Headers.ContentEncoding = "gzip";
            wire = packed.Length;
            await SendAsync(context, packed);
        }
        else
        {
            // The length is not known before the page is written, and headers go first: the page is written aside, once.
            using var rented = new PageBuffer(_tenant.PageBytes * 2);
            wire = plain = Write(rented);
            await SendAsync(context, rented.Written);
        }

        counters.Page(plain, wire, asksGzip);

        int Write(IBufferWriter<byte> target) =>
            template.Write(
                target,
                (long)_tenant.Pages * _tenant.RecordsPerPage,
                number == _tenant.Pages ? null : Next(context.Request, number + 1),
                FirstNumber(scope, number),
                day,
                record => _version > 0 && _tenant.IsChanged(number, record)
            );
    }

    private int FirstNumber(string scope, int page)
    {
        var index = int.Parse(scope, CultureInfo.InvariantCulture) - Tenant.FirstCampaign;
        return Tenant.FirstNumber + (((Math.Max(0, index) * _tenant.Pages) + page - 1) * _tenant.RecordsPerPage);
    }

    private string Next(HttpRequest request, int page)
    {
        var query = string.Concat(request.Query.Where(part => part.Key != "page").Select(part => $"{part.Key}={part.Value}&"));
        return string.Create(CultureInfo.InvariantCulture, $"{_address}{request.Path}?{query}page={page}");
    }

    private static byte[] Pack(ReadOnlySpan<byte> page)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(page);
        }

        return packed.ToArray();
    }

    private static Task SendAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private sealed class Counters
    {
        private long _requests;
        private long _pages;
        private long _bytes;
        private long _wire;
        private long _gzip;
        private long _writes;
        private long _firstAt;
        private long _firstPageAt;
        private long _lastAt;

        public void Request()
        {
            Interlocked.Increment(ref _requests);
            Interlocked.CompareExchange(ref _firstAt, Stopwatch.GetTimestamp(), 0);
        }

        public void PageAsked() => Interlocked.CompareExchange(ref _firstPageAt, Stopwatch.GetTimestamp(), 0);

        public void Page(int plain, int wire, bool asksGzip)
        {
            Interlocked.Increment(ref _pages);
            Interlocked.Add(ref _bytes, plain);
            Interlocked.Add(ref _wire, wire);
            Interlocked.Add(ref _gzip, asksGzip ? 1 : 0);
            Volatile.Write(ref _lastAt, Stopwatch.GetTimestamp());
        }

        public void Write(int writes) => Interlocked.Add(ref _writes, writes);

        public ServerStats Read() =>
            new(
                Interlocked.Read(ref _requests),
                Interlocked.Read(ref _pages),
                Interlocked.Read(ref _bytes),
                Interlocked.Read(ref _wire),
                Interlocked.Read(ref _gzip),
                Interlocked.Read(ref _writes),
                Interlocked.Read(ref _firstAt),
                Interlocked.Read(ref _firstPageAt),
                Interlocked.Read(ref _lastAt)
            );
    }
}
