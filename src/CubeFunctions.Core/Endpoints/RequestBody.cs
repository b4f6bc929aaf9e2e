using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Endpoints;

/// <summary>Reads a request's body up to a limit.</summary>
internal static class RequestBody
{
    /// <summary>The bytes; null when they are more than <paramref name="limit"/>.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            return null;
        }

        using var body = new MemoryStream((int)(request.ContentLength ?? 0));
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + read > limit)
            {
                return null;
            }

            await body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
