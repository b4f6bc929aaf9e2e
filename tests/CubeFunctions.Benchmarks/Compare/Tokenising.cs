using System.Buffers;
using System.Diagnostics;
using System.Text.Json;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>The measure for parsing: one pass of the framework's tokeniser over a page.</summary>
internal static class Tokenising
{
    private const int Passes = 400;

    public static double MillisecondsAPage(Tenant tenant)
    {
        var page = new ArrayBufferWriter<byte>();
        new PageTemplate(tenant.Feeds[0], tenant.RecordsPerPage, tenant.PageBytes).Write(
            page,
            tenant.Records,
            null,
            Tenant.FirstNumber,
            "2026-01-01",
            static _ => false
        );
        var tokens = 0L;
        var batches = new double[11];
        for (var batch = 0; batch < batches.Length; batch++)
        {
            var started = Stopwatch.GetTimestamp();
            for (var pass = 0; pass < Passes / batches.Length; pass++)
            {
                var reader = new Utf8JsonReader(page.WrittenSpan);
                while (reader.Read())
                {
                    tokens++;
                }
            }

            batches[batch] = Stopwatch.GetElapsedTime(started).TotalMilliseconds / (Passes / batches.Length);
        }

        // Other work on the machine only adds: the quickest batch is the nearest to the truth.
        return tokens > 0 ? batches.Min() : throw new InvalidOperationException("the page has no tokens");
    }
}
