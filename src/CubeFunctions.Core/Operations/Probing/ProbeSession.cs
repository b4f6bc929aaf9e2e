using System.Net.Security;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>One probe from the first request to its report. What it finds decides what it asks next.</summary>
internal sealed class ProbeSession
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(50);

    private readonly CubeSettings _settings;
    private readonly TenantGeneration _generation;
    private readonly ObservedConnection _connection;
    private readonly TimeProvider _time;
    private readonly ProbeState _state = new();
    private readonly ProbeQuestions _questions;
    private readonly ProbePlan _plan;
    private readonly ProbeListingReader _listing;
    private readonly ProbeFeedReader _feeds;
    private readonly ProbeCustomerReader _customer;
    private readonly ProbeConclusions _conclusions;
    private readonly string? _proxy;
    private readonly long _started;

    /// <summary>A probe over a connection, which stays the caller's.</summary>
    public ProbeSession(
        CubeSettings settings,
        SyncSettings sync,
        TenantGeneration generation,
        ObservedConnection connection,
        TimeProvider time
    )
    {
        (_settings, _generation, _connection, _time) = (settings, generation, connection, time);
        (_proxy, _started) = (FindProxy(settings.BaseUrl), time.GetTimestamp());
        _questions = new ProbeQuestions(connection, new ProbeFaults(settings.BaseUrl.Authority, _proxy), _state, time);
        _plan = new ProbePlan(settings, sync, _state, time);
        _listing = new ProbeListingReader(settings, sync, _questions, _state);
        _feeds = new ProbeFeedReader(_plan, _questions, _state);
        _customer = new ProbeCustomerReader(connection, _questions, _state);
        _conclusions = new ProbeConclusions(settings, _plan, connection, _state, time);
    }

    /// <summary>Asks, and says what it found.</summary>
    public async Task<ProbeReport> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Longest, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await ReadGenerationAsync(either.Token);
            await _listing.ReadAsync(either.Token);
            await _feeds.ReadFirstAsync(either.Token);
            await _customer.FindIdInUrlAsync(either.Token);
            await _customer.FindWritesAsync(either.Token);
            await _feeds.ReadOthersAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            _state.Add(
                ProbeFinding.Warning,
                "slow",
                $"Cube is slow: the probe was stopped after {Longest.TotalSeconds:0} seconds and {_connection.Requests} requests; what is missing was not asked for."
            );
        }

        _conclusions.Add();
        return Report();
    }

    private ProbeReport Report() =>
        new()
        {
            BaseUrl = _settings.BaseUrl.GetLeftPart(UriPartial.Authority),
            Credential = _settings.Credential.ToString(),
            User = _state.External switch
            {
                true => "external",
                false => "internal",
                _ => null,
            },
            Api = _state.Catalogue?.Api.ToString(),
            ApiInUse = _state.InUse?.Api.ToString(),
            Listing = _state.Listing,
            Feeds = _state.Feeds,
            Writes = _state.Writes,
            CustomerIdInUrl = _state.IdInUrl,
            ClockAheadSeconds = _connection.ClockAhead is { } ahead ? (int)Math.Round(ahead.TotalSeconds) : null,
            Certificate = _connection.Certificate is { } seen
                ? new ProbeCertificate(seen.Subject, seen.Issuer, seen.ValidUntil, seen.Errors == SslPolicyErrors.None)
                : null,
            Proxy = _proxy,
            Requests = _connection.Requests,
            Milliseconds = (int)_time.GetElapsedTime(_started).TotalMilliseconds,
            MedianMilliseconds = _questions.Median,
            FirstSync = _questions.Stopped ? null : _plan.EstimateFirstSync(_questions.Median),
            Settings = _plan.SettingsToCopy(),
            Findings =
            [
                .. _state.Findings.OrderBy(
                    static finding => finding.Severity,
                    Comparer<string>.Create(static (one, other) => Rank(one).CompareTo(Rank(other)))
                ),
            ],
        };

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
            _state.InUse = await _generation.FindAsync(cancellationToken);
        }
        catch (Exception exception) when (StorageErrors.IsTrouble(exception, cancellationToken))
        {
            _state.Add(
                ProbeFinding.Warning,
                "storage",
                "Storage cannot be reached: which generation this deployment reads, and whether Cube asked for a pause, is not known."
            );
        }
    }
}
