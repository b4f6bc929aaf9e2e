using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary>How the tenant turns its JSON into bytes.</summary>
internal static class BodyCoding
{
    private const string Json = "application/json";

    /// <summary>Whether bodies are UTF-8 as they are, so that pages can be written while they are sent.</summary>
    public static bool IsPlain(TenantShape shape, HttpRequest request) =>
        !shape.Has(Variant.ByteOrderMark)
        && !shape.Has(Variant.Latin1)
        && !shape.Has(Variant.Latin1Undeclared)
        && !Compresses(shape, request);

    public static BodyAnswer ToCharset(TenantShape shape, BodyAnswer answer)
    {
        if (answer.ContentType != Json || answer.Body.Length == 0)
            return answer;
        if (shape.Has(Variant.ByteOrderMark) && answer.Status == 200)
            return answer with { Body = [.. Encoding.UTF8.Preamble, .. answer.Body] };
        if (shape.Has(Variant.Latin1))
            return answer with { Body = ToLatin1(answer.Body), ContentType = Json + "; charset=iso-8859-1" };
        return shape.Has(Variant.Latin1Undeclared) ? answer with { Body = ToLatin1(answer.Body) } : answer;
    }

    public static BodyAnswer Compress(TenantShape shape, HttpRequest request, BodyAnswer answer)
    {
        if (!Compresses(shape, request) || answer.Body.Length == 0)
            return answer;
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(answer.Body);
        return answer with { Body = compressed.ToArray(), Encoding = "gzip" };
    }

    private static bool Compresses(TenantShape shape, HttpRequest request) =>
        shape.Has(Variant.Gzip) && request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);

    // JSON has letters beyond ASCII within text only, where what ISO-8859-1 lacks can be escaped.
    private static byte[] ToLatin1(byte[] utf8)
    {
        var text = new StringBuilder(utf8.Length);
        foreach (var letter in Encoding.UTF8.GetString(utf8))
        {
            if (letter <= 0xFF)
                text.Append(letter);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }
}
