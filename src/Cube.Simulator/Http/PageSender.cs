using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Cube.Simulator.Rows;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary>Writes the pages of feeds, straight into the answer: no page is held in memory, whatever the size of the feed.</summary>
internal sealed class PageSender(SimulatorOptions options, FaultPlan plan)
{
    private const int RowsPerFlush = 50;

    private readonly JsonEncodedText filler = JsonEncodedText.Encode(new string('x', options.FillerBytesPerRecord));

    public static Answer InvalidPage { get; } = new BodyAnswer(404, Json.Detail("Invalid page."));

    /// <summary>Null when the page exists; otherwise what to answer instead.</summary>
    public Answer? Refuse(PageAnswer answer, IReadOnlyList<PickedFault> faults) =>
        answer.Page > Pages(answer) && !faults.Any(picked => picked.Fault.Kind == FaultKind.NextEndless) ? InvalidPage : null;

    public async Task SendAsync(HttpContext context, PageAnswer answer, string feed, IReadOnlyList<PickedFault> faults, CancellationToken cancellationToken)
    {
        var writer = context.Response.BodyWriter;
        await using var json = new Utf8JsonWriter(writer, Json.Options);
        var rowsSinceFlush = 0;
        foreach (var _ in Steps(json, context.Request, answer, feed, faults))
        {
            if (++rowsSinceFlush < RowsPerFlush)
                continue;
            rowsSinceFlush = 0;
            json.Flush();
            FlushResult flushed = await writer.FlushAsync(cancellationToken);
            if (flushed.IsCompleted)
                return;
        }

        json.Flush();
        await writer.FlushAsync(cancellationToken);
    }

    /// <summary>The whole page in memory, for faults that need its length.</summary>
    public byte[] ToBytes(HttpRequest request, PageAnswer answer, string feed, IReadOnlyList<PickedFault> faults)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Json.Options);
        foreach (var _ in Steps(json, request, answer, feed, faults))
        {
        }

        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private IEnumerable<int> Steps(Utf8JsonWriter json, HttpRequest request, PageAnswer answer, string feed, IReadOnlyList<PickedFault> faults)
    {
        var rows = answer.Rows;
        var pages = Pages(answer);
        var drift = plan.DriftOf(feed);
        new PageEnvelope(request, answer.Page, pages, rows.Count, faults).WriteStart(json);
        // Beyond the last page (next-endless) the rows of the earlier ones come again.
        var first = (answer.Page - 1) % pages * options.PageSize;
        var end = Math.Min(first + options.PageSize, rows.Count);
        for (var position = first; position < end; position++)
        {
            json.WriteStartObject();
            rows.Write(json, (position + drift) % rows.Count);
            if (options.FillerBytesPerRecord > 0)
                json.WriteString("filler"u8, filler);
            json.WriteEndObject();
            yield return position;
        }

        PageEnvelope.WriteEnd(json);
    }

    private int Pages(PageAnswer answer) => Math.Max(1, (int)(((long)answer.Rows.Count + options.PageSize - 1) / options.PageSize));
}
