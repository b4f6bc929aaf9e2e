using System.Text.Json;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Delivery;

/// <summary>A line of a change file on its way to the receiver.</summary>
/// <param name="Line">The line as it stands in the file.</param>
/// <param name="Start">Where it begins in the file; of a line that a baseline stands for, where that begins.</param>
/// <param name="Id">Id of the change.</param>
/// <param name="IsEcho">Whether it came from the CRM.</param>
/// <param name="CustomerId">The customer: changes of one stay in order.</param>
internal sealed record ChangeEntry(ReadOnlyMemory<byte> Line, long Start, string Id, bool IsEcho, string CustomerId)
{
    public static ChangeEntry Parse(ReadOnlyMemory<byte> line, long start)
    {
        using var document = JsonDocument.Parse(line);
        var change = document.RootElement;
        var feed = FeedCatalogue.All.First(feed => change.GetProperty("feed").ValueEquals(feed.Name));
        return new ChangeEntry(
            line,
            start,
            change.GetProperty("id").GetString()!,
            change.GetProperty("origin").ValueEquals(ChangeLineWriter.FromCrm),
            ChangeKeys.CustomerOf(change.GetProperty("key").GetString()!, feed)
        );
    }
}
