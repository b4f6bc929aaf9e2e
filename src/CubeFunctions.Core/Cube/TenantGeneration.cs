using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// Which generation of Cube's API the tenant speaks: by <c>Cube__Api</c>, or recognised by the first listing of campaigns, kept in storage
/// and held to. A tenant that
/// speaks another one later is a failure by name: two readings of the same people under other ids would look like deletions and creations.
/// </summary>
public sealed partial class TenantGeneration
{
    /// <summary>How long a process believes that nothing has been recognised yet.</summary>
    private static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(10);

    private readonly OptimisticTable _table;
    private readonly CubeSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<TenantGeneration> _logger;
    private readonly CachedValue<GenerationRow?> _stored;
    private readonly ConcurrentDictionary<Feed, bool> _otherPaths = new();
    private readonly ConcurrentDictionary<Feed, bool> _customersAtOtherPath = new();
    private volatile ApiCatalogue? _known;

    /// <summary>Keeps the generation in <c>CubeCheckpoints</c>.</summary>
    public TenantGeneration(StorageClients storage, CubeSettings settings, TimeProvider time, ILogger<TenantGeneration> logger)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(settings);
        (_table, _settings, _time, _logger) = (new OptimisticTable(storage.Checkpoints), settings, time, logger);
        _known = FeedCatalogue.Of(settings.Api);
        _stored = new((_, token) => FindRowAsync(token), UnknownFor, time);
    }

    /// <summary>The generation; null as long as no listing was read and the settings do not say.</summary>
    public async ValueTask<ApiCatalogue?> FindAsync(CancellationToken cancellationToken) =>
        _known ??= (await _stored.GetAsync(cancellationToken)).Value is { } row ? FeedCatalogue.Of(row.Api) : null;

    /// <summary>The generation, or generation 1 as long as it is not known.</summary>
    public async ValueTask<ApiCatalogue> GetAsync(CancellationToken cancellationToken) =>
        await FindAsync(cancellationToken) ?? FeedCatalogue.Assignments;

    /// <summary>
    /// Whether the address of one customer takes the imported id: by <c>Cube__CustomerIdInUrl</c>, else by the generation.
    /// </summary>
    internal async ValueTask<bool> TakesImportedIdAsync(CancellationToken cancellationToken) =>
        _settings.IsCustomerIdInUrlSet
            ? _settings.CustomerIdInUrl == CustomerIdInUrl.Imported
            : (await GetAsync(cancellationToken)).ImportedIdInUrl;

    /// <summary>Why no upsert is delivered: by <c>Cube__Writes</c>, else by the generation; null where they are.</summary>
    internal async ValueTask<string?> FindWritesOffAsync(CancellationToken cancellationToken) =>
        _settings.Writes is { } chosen ? (chosen ? null : "writes are switched off by the setting Cube__Writes")
        : (await GetAsync(cancellationToken)) is { Writes: false } catalogue
            ? $"no write request is documented for {catalogue.Api}: kept until Cube__Writes=true has those of generation 1 tried"
        : null;

    /// <summary>
    /// When this deployment moved over from the other generation: what was read before then of a feed that both have is not to be compared
    /// with what is read since.
    /// Null where it never did; <see cref="DateTimeOffset.MaxValue"/> where the settings name another generation, and no listing of it was
    /// read yet.
    /// </summary>
    internal async ValueTask<DateTimeOffset?> FindSwitchAsync(CancellationToken cancellationToken)
    {
        var row = (_stored.Last ?? await _stored.GetAsync(cancellationToken)).Value;
        return row is null ? null
            : _known is { } known && known.Api != row.Api ? DateTimeOffset.MaxValue
            : row.Before is null ? null
            : row.Since;
    }

    /// <summary>Whether the tenant has a feed at the other form of its path; null as long as neither has answered.</summary>
    internal bool? HasOtherPath(Feed feed) => _otherPaths.TryGetValue(feed, out var other) ? other : null;

    /// <summary>Whether the tenant creates customers at <see cref="ApiCatalogue.CreatePath"/>.</summary>
    internal bool CreatesInBody { get; set; }

    /// <summary>Notes which form of a feed's path answered.</summary>
    internal void Remember(Feed feed, bool other)
    {
        if (feed.OtherPath is not null)
        {
            _otherPaths[feed] = other;
        }
    }

    /// <summary>
    /// Whether one customer is at the other form of the list's path: the two need not agree. Null as long as nobody was found at either.
    /// </summary>
    internal bool? HasCustomerAtOtherPath(Feed feed) => _customersAtOtherPath.TryGetValue(feed, out var other) ? other : null;

    /// <summary>Notes at which form of the list's path a customer was found.</summary>
    internal void RememberCustomer(Feed feed, bool other)
    {
        if (feed.OtherPath is not null)
        {
            _customersAtOtherPath[feed] = other;
        }
    }

    /// <summary>Holds a listing against the generation that is known; the first one decides where the settings do not.</summary>
    /// <exception cref="CubeException"><see cref="CubeFailureKind.GenerationChanged"/>: it is a listing of another generation.</exception>
    internal async Task<ApiCatalogue> RecogniseAsync(ReadOnlyMemory<byte> listing, CancellationToken cancellationToken)
    {
        var spoken = CampaignEntry.Recognise(listing);
        var held = await FindAsync(cancellationToken);
        if (held is not null && spoken.Count > 0 && !spoken.Contains(held))
        {
            throw new CubeException(
                CubeFailureKind.GenerationChanged,
                $"the campaigns listing is one of {spoken[0].Api}, but this deployment reads {held.Api}: nothing is read until somebody decides; Cube__Api={spoken[0].Api} moves to it"
            );
        }

        var catalogue = held ?? (spoken.Count > 0 ? spoken[0] : null);
        if (catalogue is not null && spoken.Count > 0)
        {
            await KeepAsync(catalogue, cancellationToken);
        }

        return catalogue ?? FeedCatalogue.Assignments;
    }

    private async Task KeepAsync(ApiCatalogue catalogue, CancellationToken cancellationToken)
    {
        if (_stored.Last?.Value?.Api == catalogue.Api)
        {
            _known = catalogue;
            return;
        }

        // Where it was just looked for and is not there, the write says if that has changed.
        var row = _stored.Last is { Value: null } ? null : await FindRowAsync(cancellationToken);
        if (row?.Api != catalogue.Api)
        {
            var before = row?.Api;
            row ??= new GenerationRow();
            (row.Api, row.Since, row.Before) = (catalogue.Api, _time.GetUtcNow(), before?.ToString());
            if (
                await _table.SaveAsync(row, cancellationToken) != StorageOutcome.Saved
                && await FindRowAsync(cancellationToken) is { } other
                && other.Api != catalogue.Api
            )
            {
                throw new CubeException(
                    CubeFailureKind.GenerationChanged,
                    $"another process reads {other.Api} where this one reads {catalogue.Api}: give both the same Cube__Api"
                );
            }

            LogGeneration(
                _logger,
                catalogue.Api,
                before?.ToString() ?? "none",
                _settings.Api == CubeApi.Auto ? "recognised by the listing" : "set by Cube__Api"
            );
        }

        _known = catalogue;
        _stored.Set(row);
    }

    private Task<GenerationRow?> FindRowAsync(CancellationToken cancellationToken) =>
        _table.FindOrRepairAsync<GenerationRow>(
            GenerationRow.Partition,
            GenerationRow.Key,
            static (_, _) =>
                throw new CubeException(
                    CubeFailureKind.GenerationChanged,
                    "the row that keeps the generation of Cube's API cannot be read: set Cube__Api, and delete row 'generation' of partition 'cube' in CubeCheckpoints"
                ),
            cancellationToken
        );

    [LoggerMessage(410, LogLevel.Information, "Cube's API is read as {Api} (before: {Before}): {Why}")]
    private static partial void LogGeneration(ILogger logger, CubeApi api, string before, string why);
}
