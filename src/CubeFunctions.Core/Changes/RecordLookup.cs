using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>Gives each item its view of a feed's records, and of those in stored pages.</summary>
public sealed class RecordLookup(RawStore raw, RecordReaders readers)
{
    /// <summary>The records of one feed.</summary>
    internal FeedRecords RecordsOf(Feed feed) => new(feed, readers);

    /// <summary>Records in stored pages.</summary>
    internal EarlierRecords EarlierOf(FeedRecords records) => new(raw, records);
}
