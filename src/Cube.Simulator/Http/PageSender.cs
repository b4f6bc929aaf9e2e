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
    public static Answer? Refuse(PageAnswer answer, IReadOnlyList<PickedFault> faults) =>
        answer.Page > new PageCut(answer, faults, drift: 0).Pages && !faults.Any(picked => picked.Fault.Kind == FaultKind.NextEndless)
            ? InvalidPage
            : null;

    public async Task SendAsync(
        HttpContext context,
        PageAnswer answer,
        string feed,
        IReadOnlyList<PickedFault> faults,
        CancellationToken cancellationToken
    )
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
        foreach (var _ in Steps(json, request, answer, feed, faults)) { }

        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private IEnumerable<int> Steps(
        Utf8JsonWriter json,
        HttpRequest request,
        PageAnswer answer,
        string feed,
        IReadOnlyList<PickedFault> faults
    )
    {
        var cut = new PageCut(answer, faults, plan.DriftOf(feed));
        new PageEnvelope(request, answer.Page, cut.Pages, cut.Count, faults).WriteStart(json);
        for (var place = cut.First; place < cut.End; place++)
        {
            json.WriteStartObject();
            answer.Rows.Write(json, cut.RowAt(place));
            if (options.FillerBytesPerRecord > 0)
                json.WriteString("filler"u8, filler);
            json.WriteEndObject();
            yield return place;
        }

        PageEnvelope.WriteEnd(json);
    }
}
