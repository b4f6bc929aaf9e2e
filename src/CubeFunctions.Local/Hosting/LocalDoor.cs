using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Local.Hosting;

/// <summary>
/// The loopback address keeps other machines out, not the pages of other sites in a browser of this one: those reach it by a name of
/// their own that resolves to it (DNS rebinding), or post to it across origins.
/// </summary>
internal static class LocalDoor
{
    private static readonly string[] Names = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>Refuses requests for other names, and requests of pages of another origin.</summary>
    public static void UseLocalDoor(this IApplicationBuilder app) =>
        app.Use(
            (context, next) =>
                MayPass(context.Request)
                    ? next(context)
                    : Results
                        .Problem(
                            "Host must be localhost, 127.0.0.1 or [::1], and a browser's page must be one of this address.",
                            statusCode: StatusCodes.Status403Forbidden,
                            title: "Not for this machine"
                        )
                        .ExecuteAsync(context)
        );

    private static bool MayPass(HttpRequest request) =>
        Names.Contains(request.Host.Host, StringComparer.OrdinalIgnoreCase)
        && (
            request.Headers.Origin.Count == 0
            || string.Equals(request.Headers.Origin.ToString(), $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
        )
        && !IsOfAnotherPage(request);

    /// <summary>
    /// Whether a page of another site had the browser ask, with an image for instance, which has no Origin. A link to here may be followed.
    /// </summary>
    /// <seealso href="https://www.w3.org/TR/fetch-metadata/"/>
    private static bool IsOfAnotherPage(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && request.Headers["Sec-Fetch-Mode"] != "navigate";
}
