using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Endpoints;

/// <summary>The OpenAPI document of all routes, as <c>docs/openapi.json</c> has it.</summary>
public static class OpenApiEndpoint
{
    private static readonly Lazy<byte[]> Document = new(Read);

    /// <summary><c>GET /api/openapi.json</c>.</summary>
    public static IResult Get() => Results.Bytes(Document.Value, "application/json");

    private static byte[] Read()
    {
        using var copy = new MemoryStream();
        using var stored = typeof(OpenApiEndpoint).Assembly.GetManifestResourceStream("openapi.json")!;
        stored.CopyTo(copy);
        return copy.ToArray();
    }
}
