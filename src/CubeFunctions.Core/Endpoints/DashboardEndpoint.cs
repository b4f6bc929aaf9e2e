using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Endpoints;

/// <summary>
/// The dashboard: one page without data in it. What it shows it asks <c>/api/status</c> for, with the key that a person gives it.
/// </summary>
public static class DashboardEndpoint
{
    /// <summary>In the order in which they follow each other on the page.</summary>
    private static readonly string[] Scripts = ["text.js", "app.js", "attention.js", "scopes.js", "runs.js", "page.js"];
    private static readonly Page Built = Build();

    /// <summary><c>GET /api/dashboard</c>: nothing but its own script and style runs in it, and nothing but this app is asked.</summary>
    public static IResult Get(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var headers = request.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = Built.Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-cache";
        headers.ETag = Built.Tag;
        return request.Headers.IfNoneMatch.ToString() == Built.Tag
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Bytes(Built.Html, "text/html; charset=utf-8");
    }

    private static Page Build()
    {
        // In a scope of its own: nothing of it is within reach of the console of somebody who borrows the tab.
        var script = $"\n'use strict';\n(() => {{\n{string.Concat(Scripts.Select(Read))}}})();\n";
        var style = $"\n{Read("page.css")}";
        var html = Encoding.UTF8.GetBytes(
            Read("page.html").Replace("{{style}}", style, StringComparison.Ordinal).Replace("{{script}}", script, StringComparison.Ordinal)
        );
        string[] policy =
        [
            "default-src 'none'",
            $"script-src '{HashOf(script)}'",
            $"style-src '{HashOf(style)}'",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ];
        return new Page(html, string.Join("; ", policy), $"\"{Convert.ToHexStringLower(SHA256.HashData(html).AsSpan(0, 16))}\"");
    }

    private static string HashOf(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";

    /// <summary>With line ends as browsers have them when they hash.</summary>
    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(DashboardEndpoint).Assembly.GetManifestResourceStream($"dashboard/{name}")!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private sealed record Page(byte[] Html, string Policy, string Tag);
}
