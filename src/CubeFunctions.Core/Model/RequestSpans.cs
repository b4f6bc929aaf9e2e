using System.Diagnostics;
using System.Net;

namespace CubeFunctions.Core.Model;

/// <summary>
/// Spans of requests to Cube and to the CRM, by OpenTelemetry's conventions for HTTP clients, with the route in the place of the address:
/// an address may hold a
/// customer's id or a secret. That is why the HTTP stack makes none itself.
/// </summary>
internal static class RequestSpans
{
    /// <summary>Starts the span of one request.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="origin">Where it goes; only host and port are noted.</param>
    /// <param name="route">The path with placeholders; null where even that says too much.</param>
    /// <param name="parent">What it is part of; the default stands for the span at hand.</param>
    /// <param name="links">Spans of other traces that it stems from.</param>
    public static Activity? Start(
        HttpMethod method,
        Uri origin,
        string? route,
        ActivityContext parent = default,
        IEnumerable<ActivityContext>? links = null
    )
    {
        var span = CubeTraces.Source.StartActivity(
            ActivityKind.Client,
            parent,
            links: links is null ? null : CubeTraces.LinksTo(links, parent == default ? Activity.Current?.TraceId : parent.TraceId),
            name: route is null ? method.Method : $"{method.Method} {route}"
        );
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("http.request.method", method.Method)
                .SetTag("server.address", origin.Host)
                .SetTag("server.port", origin.Port)
                .SetTag("url.template", route);
        }

        return span;
    }

    /// <summary>Sends a request within its span.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        this HttpClient http,
        HttpRequestMessage request,
        Activity? span,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            span?.SetTag("http.response.status_code", (int)response.StatusCode);
            if (response.StatusCode >= HttpStatusCode.BadRequest)
            {
                span.Fail($"{(int)response.StatusCode}");
            }

            return response;
        }
        catch (Exception exception)
        {
            span.Fail(
                exception is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown and var error }
                    ? $"{error}"
                    : exception.GetType().Name
            );
            throw;
        }
    }
}
