using System.Text.Json;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Operations;

/// <summary>
/// Counts what waits and what failed, and keeps the figures in one blob: <c>status</c> costs the same whatever history the tables hold.
/// </summary>
internal sealed class BacklogCounter(
    StorageClients storage,
    UpsertStore upserts,
    DeliveryStore deliveries,
    RunReader runs,
    Shortfalls shortfalls,
    CampaignNames names,
    TimeProvider time
) : IJanitorTask
{
    private const string Path = "status/figures";
    private const int MostShown = 50;
    private const int RecentDays = 7;
    private const int ShownDays = 14;

    /// <summary>Figures older than this are counted by the request that finds them: the janitor is not at work.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(10);
    private static readonly string[] Columns =
    [
        "PartitionKey",
        "RowKey",
        nameof(UpsertRow.Sender),
        nameof(UpsertRow.State),
        nameof(UpsertRow.AcceptedAt),
        nameof(UpsertRow.Reason),
    ];

    private readonly OptimisticBlobs _blobs = new(storage.State);

    /// <inheritdoc />
    public string Name => "backlog";

    /// <inheritdoc />
    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    /// <inheritdoc />
    public Task RunAsync(JanitorRound round, CancellationToken cancellationToken) => CountAsync(cancellationToken);

    /// <summary>The figures: one read, unless the last count is some minutes old.</summary>
    public async Task<Figures> ReadAsync(CancellationToken cancellationToken) =>
        Read(await _blobs.FindAsync(Path, cancellationToken)) is { } stored && time.GetUtcNow() - stored.Backlog.CountedAt < Stale
            ? stored
            : await CountAsync(cancellationToken);

    /// <summary>Counts now: after a person has changed something.</summary>
    public async Task<Figures> CountAsync(CancellationToken cancellationToken)
    {
        var before = await _blobs.FindAsync(Path, cancellationToken);
        var last = Read(before);
        var (recent, scopes) = (await runs.RecentAsync(RecentDays, cancellationToken), await runs.FreshnessAsync(cancellationToken));
        var (failed, unproven) = await shortfalls.FindAsync(recent, scopes, cancellationToken);
        var backlog = new Backlog(time.GetUtcNow(), await UpsertsAsync(cancellationToken), await ChangesAsync(cancellationToken), failed)
        {
            UnprovenItems = unproven,
        };
        var (namesOf, campaigns) = await names.ReadAsync(recent, scopes, last, cancellationToken);
        var figures = new Figures(backlog, campaigns, namesOf, DaysOf(recent, last?.Days ?? []));
        var body = BlobBody.Json(JsonSerializer.SerializeToUtf8Bytes(figures, OperationsJson.Default.Figures));

        // Another process that counted at the same time is as right.
        await _blobs.SaveAsync(Path, body, before?.ETag ?? default, cancellationToken);
        return figures;
    }

    /// <summary>The last count; null where there is none that can be read.</summary>
    private static Figures? Read(BlobContent? blob)
    {
        try
        {
            return blob?.Data is { } data ? JsonSerializer.Deserialize(data.ToMemory().Span, OperationsJson.Default.Figures) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task<BacklogOf> UpsertsAsync(CancellationToken cancellationToken)
    {
        var (dead, waiting) = (new Oldest(), new Oldest());
        await foreach (var row in upserts.AllAsync(UpsertState.Dead, Columns, cancellationToken))
        {
            dead.Add(EntryOf(row));
        }

        await foreach (var row in upserts.AllAsync(UpsertState.Waiting, Columns, cancellationToken))
        {
            waiting.Add(EntryOf(row));
        }

        await foreach (var post in upserts.PostsAsync(cancellationToken))
        {
            waiting.Add(EntryOf(post.ToUpsert()));
        }

        return Merge(dead, waiting);
    }

    private async Task<BacklogOf> ChangesAsync(CancellationToken cancellationToken)
    {
        var (dead, waiting) = (new Oldest(), new Oldest());
        foreach (var row in await deliveries.AllAsync(DeliveryState.Dead, cancellationToken))
        {
            dead.Add(EntryOf(row, row.IsOfStream ? "dead" : "held back"));
        }

        foreach (var row in await deliveries.AllAsync(DeliveryState.Waiting, cancellationToken))
        {
            waiting.Add(EntryOf(row, row.IsOfStream ? "waiting" : "released"));
        }

        return Merge(dead, waiting);
    }

    /// <summary>
    /// The most that a run of the day read: a later one may have left scopes to another. Older days are those of the last count.
    /// </summary>
    private static IReadOnlyList<FeedDay> DaysOf(IReadOnlyList<RunRow> recent, IReadOnlyList<FeedDay> before) =>
        [
            .. recent
                .Where(run => Days.TryParse(run.Today, out _))
                .SelectMany(
                    run => RunDays.Unpack(run.DayRecords),
                    (run, feed) => new FeedDay(feed.Feed, Days.TryParse(run.Today, out var day) ? day : default, feed.Records)
                )
                .Concat(before)
                .GroupBy(day => (day.Feed, day.Day))
                .Select(same => same.MaxBy(day => day.Records)!)
                .GroupBy(day => day.Feed)
                .OrderBy(feed => feed.Key, StringComparer.Ordinal)
                .SelectMany(feed => feed.OrderBy(day => day.Day).TakeLast(ShownDays)),
        ];

    private static BacklogEntry EntryOf(UpsertRow row) =>
        new(row.Id, row.Sender, $"{row.State}".ToLowerInvariant(), 1, row.AcceptedAt, string.IsNullOrEmpty(row.Reason) ? null : row.Reason);

    private static BacklogEntry EntryOf(DeliveryRow row, string state) =>
        new(
            row.Id,
            row.IsOfStream ? row.PartitionKey : row.RowKey,
            state,
            row.Changes - row.Done,
            row.CreatedAt,
            string.IsNullOrEmpty(row.Reason) ? null : row.Reason
        );

    private static BacklogOf Merge(Oldest dead, Oldest waiting) =>
        new(waiting.Count, waiting.First, dead.Count, [.. dead.Entries.Concat(waiting.Entries).Take(MostShown)]);

    /// <summary>Counts all and keeps the oldest, so that memory does not follow the backlog.</summary>
    private sealed class Oldest
    {
        private readonly PriorityQueue<BacklogEntry, long> _kept = new();

        public int Count { get; private set; }

        public DateTimeOffset? First => Entries.Count == 0 ? null : Entries[0].At;

        public IReadOnlyList<BacklogEntry> Entries =>
            [
                .. _kept
                    .UnorderedItems.Select(kept => kept.Element)
                    .OrderBy(entry => entry.At)
                    .ThenBy(entry => entry.Id, StringComparer.Ordinal),
            ];

        public void Add(BacklogEntry entry)
        {
            Count += entry.Count;

            // The newest of those kept stands in front.
            _kept.Enqueue(entry, -entry.At.UtcTicks);
            if (_kept.Count > MostShown)
            {
                _kept.Dequeue();
            }
        }
    }
}
