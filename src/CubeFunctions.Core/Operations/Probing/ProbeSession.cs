using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>One probe from the first request to its report. What it finds decides what it asks next.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The connection is the caller's.")]
internal sealed class ProbeSession(
    CubeSettings settings,
    SyncSettings sync,
    TenantGeneration generation,
    ObservedConnection connection,
    TimeProvider time
)
{
    private const int MostRequests = 29;

    /// <summary>What one question may take: redirects count.</summary>
    private const int MostOfOne = 4;

    /// <summary>Scopes of each feed that are asked at most.</summary>
    private const int MostSamples = 3;

    private static readonly bool[] ExternalFirst = [true, false];
    private static readonly bool[] InternalFirst = [false, true];
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ExpiresSoon = TimeSpan.FromDays(21);

    private readonly ProbeFaults _faults = new(settings.BaseUrl.Authority, FindProxy(settings.BaseUrl));
    private readonly List<ProbeFinding> _findings = [];
    private readonly List<ProbeFeed> _feeds = [];
    private readonly List<int> _times = [];
    private readonly long _started = time.GetTimestamp();
    private readonly DateOnly _today = settings.TimeZone.LocalDay(time.GetUtcNow());
    private ProbeListing? _listing;
    private ApiCatalogue? _catalogue;
    private ApiCatalogue? _inUse;
    private List<Scope> _campaigns = [];
    private List<Scope> _scopes = [];
    private ProbeCustomer? _customer;
    private CubeException? _failure;
    private bool? _external;
    private bool _stopped;
    private string _writes = "unknown";
    private string? _idInUrl;

    private DateOnly FirstDay => sync.StartDate ?? _today.AddDays(-30);

    /// <summary>Asks, and says what it found.</summary>
    public async Task<ProbeReport> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await ReadGenerationAsync(either.Token);
            await ReadListingAsync(either.Token);
            await ReadFeedsAsync(either.Token);
            await FindIdInUrlAsync(either.Token);
            await FindWritesAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Add(
                ProbeFinding.Warning,
                "slow",
                $"Cube is slow: the probe was stopped after {Longest.TotalSeconds:0} seconds and {connection.Requests} requests; what is missing was not asked for."
            );
        }

        AddFindings();
        var estimate = _stopped ? null : EstimateFirstSync();
        return new ProbeReport
        {
            BaseUrl = settings.BaseUrl.GetLeftPart(UriPartial.Authority),
            Credential = settings.Credential.ToString(),
            User = _external switch
            {
                true => "external",
                false => "internal",
                _ => null,
            },
            Api = _catalogue?.Api.ToString(),
            ApiInUse = _inUse?.Api.ToString(),
            Listing = _listing,
            Feeds = _feeds,
            Writes = _writes,
            CustomerIdInUrl = _idInUrl,
            ClockAheadSeconds = connection.ClockAhead is { } ahead ? (int)Math.Round(ahead.TotalSeconds) : null,
            Certificate = connection.Certificate is { } seen
                ? new ProbeCertificate(seen.Subject, seen.Issuer, seen.ValidUntil, seen.Errors == SslPolicyErrors.None)
                : null,
            Proxy = FindProxy(settings.BaseUrl),
            Requests = connection.Requests,
            Milliseconds = (int)time.GetElapsedTime(_started).TotalMilliseconds,
            MedianMilliseconds = Median(),
            FirstSync = estimate,
            Settings = SettingsToCopy(),
            Findings =
            [
                .. _findings.OrderBy(
                    static finding => finding.Severity,
                    Comparer<string>.Create(static (one, other) => Rank(one).CompareTo(Rank(other)))
                ),
            ],
        };
    }

    private static int Rank(string severity) =>
        severity switch
        {
            ProbeFinding.Error => 0,
            ProbeFinding.Warning => 1,
            _ => 2,
        };

    /// <summary>Host and port only: the address may hold a password.</summary>
    private static string? FindProxy(Uri address) =>
        HttpClient.DefaultProxy.IsBypassed(address) || HttpClient.DefaultProxy.GetProxy(address) is not { } proxy || proxy == address
            ? null
            : $"{proxy.Scheme}://{proxy.Host}:{proxy.Port}";

    private async Task ReadGenerationAsync(CancellationToken cancellationToken)
    {
        try
        {
            _inUse = await generation.FindAsync(cancellationToken);
        }
        catch (Exception exception) when (StorageErrors.IsTrouble(exception, cancellationToken))
        {
            Add(
                ProbeFinding.Warning,
                "storage",
                "Storage cannot be reached: which generation this deployment reads, and whether Cube asked for a pause, is not known."
            );
        }
    }

    private async Task ReadListingAsync(CancellationToken cancellationToken)
    {
        var known = _inUse ?? FeedCatalogue.Assignments;
        CubeException? worst = null;
        var telling = 0;
        var paths = known
            .ExternalListingPaths.Select(static path => (path, external: true))
            .Concat(known.ListingPaths.Select(static path => (path, external: false)));
        foreach (var (path, external) in paths.OrderBy(one => one.external != settings.ExternalUser))
        {
            // Of two listings the one with campaigns counts: the other kind of user may be shown an empty one.
            if (_listing is { Campaigns: > 0 })
            {
                break;
            }

            if (_listing is not null && _external == external)
            {
                continue;
            }

            var (page, milliseconds) = await TryReadAsync(FeedCatalogue.Campaigns, path, "", cancellationToken);
            using (page)
            {
                if (page is not null)
                {
                    TakeListing(page, path, external, milliseconds);
                }
                else if (_failure is { } failure && Telling(failure, external) > telling)
                {
                    (worst, telling) = (failure, Telling(failure, external));
                }
            }
        }

        if (_listing is null && !_stopped && worst is not null)
        {
            _stopped = true;
            _findings.Add(_faults.Describe(worst, connection.Certificate));
        }
    }

    /// <summary>
    /// How much a failure says of what is wrong: at the path of the other kind of user less than at the own one, unless that is not there
    /// at all.
    /// </summary>
    private int Telling(CubeException failure, bool external) =>
        failure.Kind switch
        {
            CubeFailureKind.NotFound => 1,
            _ when external != settings.ExternalUser => 2,
            CubeFailureKind.MalformedPage => 3,
            CubeFailureKind.NotJson => 4,
            CubeFailureKind.Forbidden => 5,
            _ => 6,
        };

    private void TakeListing(Page page, string path, bool external, int milliseconds)
    {
        var bytes = page.Body.Bytes;
        var spoken = CampaignEntry.Recognise(bytes);
        var catalogue =
            _inUse is not null && spoken.Contains(_inUse) ? _inUse
            : spoken.Count > 0 ? spoken[0]
            : null;
        var campaigns = Campaign.ReadAll(bytes, catalogue ?? _inUse ?? FeedCatalogue.Assignments, out var faults);
        if (_listing is not null && campaigns.Count == 0)
        {
            return;
        }

        (_external, _catalogue) = (external, catalogue);
        var read = campaigns
            .Where(campaign => sync.Campaigns.Count == 0 ? !campaign.IsArchived : sync.Campaigns.Contains(campaign.Id))
            .ToList();
        _campaigns = read.ConvertAll(static campaign => new Scope(ScopeKind.Campaign, campaign.Id));
        var kind = (catalogue ?? FeedCatalogue.Assignments).CustomersScope;
        _scopes = [.. read.Select(static campaign => campaign.AssignmentId).OfType<string>().Distinct().Select(id => new Scope(kind, id))];
        _listing = new ProbeListing(
            path,
            read.Count,
            campaigns.Count(static campaign => campaign.IsArchived),
            Scope.NameOf(kind),
            _scopes.Count,
            ProbeMembers.OfListing(bytes),
            milliseconds
        );
        foreach (var fault in faults.Take(3))
        {
            Add(ProbeFinding.Warning, "campaign", $"Broken campaign: {fault}.");
        }
    }

    private async Task ReadFeedsAsync(CancellationToken cancellationToken)
    {
        if (_catalogue is null)
        {
            return;
        }

        var feeds = _catalogue.Feeds.Where(static feed => feed.Scope != ScopeKind.Tenant).ToList();
        for (var sample = 0; sample < MostSamples; sample++)
        {
            foreach (var feed in feeds)
            {
                var scopes = feed.Scope == ScopeKind.Campaign ? _campaigns : _scopes;
                if (
                    scopes.Count > sample
                    && (sample == 0 || (IsRead(feed) && _feeds.Any(known => known.Feed == feed.Setting && known.Answer == "ok")))
                )
                {
                    await ReadFeedAsync(feed, scopes[Pick(sample, scopes.Count)], cancellationToken);
                }
            }
        }
    }

    /// <summary>The first, the last, and one in the middle.</summary>
    private static int Pick(int sample, int count) =>
        sample switch
        {
            0 => 0,
            1 => count - 1,
            _ => count / 2,
        };

    private async Task ReadFeedAsync(Feed feed, Scope scope, CancellationToken cancellationToken)
    {
        var query = feed.Dated ? new Window(FirstDay, _today).Query : "";
        var probed = new ProbeFeed(feed.Setting, scope.KindName, scope.Id, feed.Path, "notAsked");
        foreach (var (form, other) in feed.OtherPath is { } second ? [(feed.Path, false), (second, true)] : new[] { (feed.Path, false) })
        {
            var (page, milliseconds) = await TryReadAsync(feed, feed.PathOf(scope, other), query, cancellationToken);
            using (page)
            {
                if (page is not null)
                {
                    _feeds.Add(Describe(probed with { Path = form, Answer = "ok", Milliseconds = milliseconds }, feed, page, query));
                    _customer ??= feed.ListsCustomers ? ProbeCustomer.Find(page, feed.PathOf(scope, other), form) : null;
                    return;
                }
            }

            if (_failure is null)
            {
                break;
            }

            probed = probed with { Answer = Word(_failure), Reason = _failure.Kind == CubeFailureKind.NotFound ? null : _failure.Message };
            if (_failure.Kind != CubeFailureKind.NotFound)
            {
                break;
            }
        }

        _feeds.Add(probed);
    }

    private static string Word(CubeException failure) =>
        failure.Kind switch
        {
            CubeFailureKind.NotFound => "notFound",
            CubeFailureKind.Forbidden => "forbidden",
            _ => "failed",
        };

    private static ProbeFeed Describe(ProbeFeed probed, Feed feed, Page page, string query)
    {
        var summary = page.Summary;
        var isFull = feed.Shape == FeedShape.Paged && summary.Records > 0 && summary.Count > summary.Records;
        return probed with
        {
            Count = summary.Count,
            FirstPage = summary.Records,
            PageSize = isFull ? summary.Records : null,
            Members = ProbeMembers.OfPage(feed, page),
            PagedByNumber = isFull && (summary.Next is not { } next || NextLink.PageOf(NextLink.QueryOf(next, query)) is null),
        };
    }

    /// <summary>Asks for one customer by either id: only the record itself says which of them the address takes.</summary>
    private async Task FindIdInUrlAsync(CancellationToken cancellationToken)
    {
        if (_customer is not { } customer)
        {
            return;
        }

        foreach (
            var (id, word) in new[] { (customer.InternalId, "internal"), (customer.ImportedId, "imported") }.OrderBy(one =>
                (one.Item2 == "imported") != _catalogue!.ImportedIdInUrl
            )
        )
        {
            if (id is null || !CanAsk)
            {
                continue;
            }

            try
            {
                using var record = await connection.Client.AskAsync(
                    HttpMethod.Get,
                    customer.AddressBy(id),
                    customer.Route,
                    cancellationToken
                );
                if (CustomerIds.Find(PageReader.WithoutMark(record.Bytes.Span), CustomerIds.Imported) == customer.ImportedId)
                {
                    _idInUrl = word;
                    return;
                }
            }
            catch (CubeException exception)
            {
                Note(exception);
            }
        }
    }

    /// <summary>OPTIONS changes nothing; what it says in <c>Allow</c> is documented by HTTP itself.</summary>
    private async Task FindWritesAsync(CancellationToken cancellationToken)
    {
        if (_customer is not { } customer || !CanAsk)
        {
            return;
        }

        try
        {
            var id = _idInUrl == "internal" ? customer.InternalId! : customer.ImportedId;
            (await connection.Client.AskAsync(HttpMethod.Options, customer.AddressBy(id), customer.Route, cancellationToken)).Dispose();
        }
        catch (CubeException exception)
        {
            // The header counts, whatever the status and the body.
            Note(exception);
        }

        if (connection.Allowed is { Count: > 0 } allowed)
        {
            _writes = allowed.Contains("PUT", StringComparer.OrdinalIgnoreCase) ? "on" : "off";
        }
    }

    private bool CanAsk => !_stopped && connection.Requests + MostOfOne <= MostRequests;

    private async Task<(Page? Page, int Milliseconds)> TryReadAsync(
        Feed feed,
        string path,
        string query,
        CancellationToken cancellationToken
    )
    {
        _failure = null;
        if (!CanAsk)
        {
            return (null, 0);
        }

        var sent = time.GetTimestamp();
        try
        {
            var page = await connection.Client.GetPageAsync(feed, path, query, cancellationToken);
            var milliseconds = (int)time.GetElapsedTime(sent).TotalMilliseconds;
            _times.Add(milliseconds);
            return (page, milliseconds);
        }
        catch (CubeException exception)
        {
            _failure = exception;
            Note(exception);
            return (null, 0);
        }
    }

    /// <summary>Ends the probe where going on would be of no use, or would hurt.</summary>
    private void Note(CubeException failure)
    {
        var isFinal =
            failure.Kind == CubeFailureKind.Unauthorised
            || failure.RetryAfter is not null
            || failure.Status is System.Net.HttpStatusCode.TooManyRequests
            || (failure.Kind == CubeFailureKind.Transient && failure.Status is null && connection.Answers == 0);
        if (isFinal && !_stopped)
        {
            _stopped = true;
            _findings.Add(_faults.Describe(failure, connection.Certificate));
        }
    }

    private void AddFindings()
    {
        if (_listing is not null)
        {
            AddListingFindings();
        }

        foreach (var feed in FeedsWithoutAnswer())
        {
            Add(
                ProbeFinding.Warning,
                "feed",
                $"{feed.Feed} of {feed.Scope} {feed.ScopeId} cannot be read ({feed.Reason ?? "404"}): ask for the permission, or leave the feed out of Sync__Feeds."
            );
        }

        if (connection.ClockAhead is { } ahead && ahead.Duration() > ClockTolerance)
        {
            Add(
                ProbeFinding.Warning,
                "clock",
                $"Cube's clock is {ahead.Duration().TotalSeconds:0} seconds {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's: set this one by a time server."
            );
        }

        if (
            connection.Certificate is { Errors: SslPolicyErrors.None } certificate
            && certificate.ValidUntil - time.GetUtcNow() < ExpiresSoon
        )
        {
            Add(
                ProbeFinding.Warning,
                "certificateEnds",
                $"Cube's certificate ends on {certificate.ValidUntil:yyyy-MM-dd}: nothing is read after that until it is renewed."
            );
        }

        if (_writes == "on" && _catalogue is { Writes: false })
        {
            Add(
                ProbeFinding.Note,
                "writes",
                "This tenant allows PUT although none is documented for its generation: Cube__Writes=true has upserts delivered."
            );
        }
    }

    private void AddListingFindings()
    {
        if (_listing!.Campaigns == 0)
        {
            Add(
                ProbeFinding.Error,
                "noCampaigns",
                "The credential sees no campaign: ask whoever runs the tenant for access to its campaigns, or check Sync__Campaigns."
            );
        }
        else if (_catalogue is null)
        {
            Add(
                ProbeFinding.Error,
                "noGeneration",
                "No campaign says what its customers belong to, so the generation of the API is not known: set Cube__Api to Assignments or DataOwners."
            );
        }

        if (_catalogue is not null && _inUse is not null && _catalogue != _inUse)
        {
            Add(
                ProbeFinding.Error,
                "generationChanged",
                $"The tenant speaks {_catalogue.Api}, but this deployment reads {_inUse.Api}, so its runs fail: Cube__Api={_catalogue.Api} moves it over, after which everything is read once more."
            );
        }

        if (_external != settings.ExternalUser)
        {
            var user = _external == true ? "an external user, with access to one client's data" : "an internal user";
            Add(
                ProbeFinding.Error,
                "user",
                $"The credential belongs to {user}: set Cube__ExternalUser={(_external == true ? "true" : "false")}."
            );
        }

        if (_idInUrl is { } word && word == "imported" != TakesImportedId)
        {
            Add(
                ProbeFinding.Error,
                "customerIdInUrl",
                $"The address of one customer takes the {word} id: set Cube__CustomerIdInUrl={word}."
            );
        }
    }

    private bool TakesImportedId =>
        settings.IsCustomerIdInUrlSet ? settings.CustomerIdInUrl == CustomerIdInUrl.Imported : _catalogue?.ImportedIdInUrl == true;

    private bool IsRead(Feed feed) => sync.Feeds.Any(read => read.Setting == feed.Setting);

    private IEnumerable<ProbeFeed> FeedsWithoutAnswer() =>
        _feeds
            .Where(feed => feed.Answer is not ("ok" or "notAsked") && sync.Feeds.Any(read => read.Setting == feed.Feed))
            .DistinctBy(static feed => feed.Feed);

    private ProbeEstimate? EstimateFirstSync()
    {
        if (_listing is null || _catalogue is null || Median() is not { } median)
        {
            return null;
        }

        var windows = WindowPlan.Cut(FirstDay, _today, _today, sync.WindowDays).Count();
        var (requests, records) = (1.0, (double)_listing.Campaigns);
        foreach (var samples in _feeds.Where(static feed => feed.Answer == "ok").GroupBy(static feed => feed.Feed))
        {
            var feed = _catalogue.Find(samples.Key)!;
            if (IsRead(feed))
            {
                var scopes = feed.Scope == ScopeKind.Campaign ? _campaigns.Count : _scopes.Count;
                requests +=
                    scopes
                    * samples.Average(sample => PagesOf(sample) + (feed.Dated ? windows - 1 : 0))
                    * (!feed.Dated && sync.SnapshotProof == SnapshotProof.Sweeps ? 2 : 1);
                records += scopes * samples.Average(static sample => sample.Count ?? 0);
            }
        }

        var seconds = requests * median / 1000 / settings.MaxConcurrentRequests;
        return new ProbeEstimate((long)Math.Ceiling(requests), (long)Math.Ceiling(records), (long)Math.Ceiling(seconds), FirstDay.Iso());
    }

    private static double PagesOf(ProbeFeed sample) => sample.PageSize is { } size ? Math.Ceiling((double)sample.Count!.Value / size) : 1;

    private int? Median() => _times.Count == 0 ? null : _times.Order().ElementAt(_times.Count / 2);

    private Dictionary<string, string> SettingsToCopy()
    {
        var values = new Dictionary<string, string> { ["Cube__BaseUrl"] = settings.BaseUrl.GetLeftPart(UriPartial.Authority) };
        if (_catalogue is not null)
        {
            values["Cube__Api"] = $"{_catalogue.Api}";
        }

        if (_external is { } external)
        {
            values["Cube__ExternalUser"] = external ? "true" : "false";
        }

        if (_idInUrl is { } word)
        {
            values["Cube__CustomerIdInUrl"] = word;
        }

        if (_writes == "off")
        {
            values["Cube__Writes"] = "false";
        }

        if (_catalogue is not null && FeedsWithoutAnswer().Select(static feed => feed.Feed).ToHashSet() is { Count: > 0 } missing)
        {
            values["Sync__Feeds"] = string.Join(
                ',',
                _catalogue.Feeds.Where(feed => IsRead(feed) && !missing.Contains(feed.Setting)).Select(static feed => feed.Setting)
            );
        }

        values["Cube__TimeZone"] = settings.TimeZone.Id;
        return values;
    }

    private void Add(string severity, string code, string text) => _findings.Add(new ProbeFinding(severity, code, text));
}
