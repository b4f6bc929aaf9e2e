using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>Takes what OTLP exporters send over HTTP: traces, metrics and logs.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<byte[]> _bodies = new();
    private readonly WebApplication _web;

    private OtlpReceiver(WebApplication web) => _web = web;

    public ConcurrentQueue<OtlpSpan> Spans { get; } = new();

    public ConcurrentQueue<OtlpLog> Logs { get; } = new();

    public ConcurrentQueue<OtlpPoint> Points { get; } = new();

    /// <summary>Settings of an app that exports to it.</summary>
    public (string Name, string Value)[] Settings =>
        [
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()
            ),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "200"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "200"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
        ];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var receiver = new OtlpReceiver(web);
        web.Run(receiver.TakeAsync);
        await web.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>Whether a text is anywhere in what arrived. Texts are stored as they are in protobuf.</summary>
    public bool Holds(string text)
    {
        var wanted = Encoding.UTF8.GetBytes(text);
        return _bodies.Any(body => body.AsSpan().IndexOf(wanted) >= 0);
    }

    public async ValueTask DisposeAsync() => await _web.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        _bodies.Enqueue(body.ToArray());

        // Each request holds resources (1), those hold scopes (2), those hold the records (2).
        foreach (var scope in ProtoMessage.Read(body.ToArray()).All(1).SelectMany(resource => resource.All(2)))
        {
            var source = scope.One(1)?.Text(1) ?? "";
            foreach (var record in scope.All(2))
            {
                Take(context.Request.Path.Value!, source, record);
            }
        }
    }

    private void Take(string path, string source, ProtoMessage record)
    {
        switch (path)
        {
            case "/v1/traces":
                Spans.Enqueue(
                    new OtlpSpan(
                        source,
                        record.Hex(1),
                        record.Hex(2),
                        record.Hex(4),
                        record.Text(5),
                        (int)record.Number(6),
                        Tags(record.All(9)),
                        [.. record.All(13).Select(link => link.Hex(1))],
                        record.Number(7)
                    )
                );
                break;
            case "/v1/logs":
                Logs.Enqueue(new OtlpLog((int)record.Number(2), record.One(5)?.Text(1) ?? "", record.Hex(9), source));
                break;
            case "/v1/metrics":
                foreach (var point in record.All(5).Concat(record.All(7)).SelectMany(data => data.All(1)))
                {
                    Points.Enqueue(
                        new OtlpPoint(record.Text(1), point.Has(6) ? unchecked((long)point.Number(6)) : point.Double(4), Tags(point.All(7)))
                    );
                }

                foreach (var point in record.All(9).SelectMany(data => data.All(1)))
                {
                    Points.Enqueue(new OtlpPoint(record.Text(1), point.Number(4), Tags(point.All(9))));
                }

                break;
        }
    }

    private static Dictionary<string, string> Tags(IEnumerable<ProtoMessage> attributes) =>
        attributes.ToDictionary(attribute => attribute.Text(1), attribute => attribute.One(2) is { } value ? ValueOf(value) : "");

    private static string ValueOf(ProtoMessage value) =>
        value.Has(1) ? value.Text(1)
        : value.Has(4) ? value.Double(4).ToString(CultureInfo.InvariantCulture)
        : ((long)value.Number(value.Has(2) ? 2 : 3)).ToString(CultureInfo.InvariantCulture);
}
