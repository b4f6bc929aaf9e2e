using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>
/// What a probe of Cube found: <c>GET /api/probe</c> and <c>cube probe --json</c>. It names no person and holds no credential.
/// </summary>
internal sealed record ProbeReport
{
    /// <summary>Whether Cube can be read with these settings: there is no finding of severity <c>error</c>.</summary>
    public bool Ok => Findings.All(static finding => finding.Severity != ProbeFinding.Error);

    /// <summary>The tenant's origin.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>The kind of credential: <c>Token</c> or <c>Basic</c>.</summary>
    public required string Credential { get; init; }

    /// <summary><c>internal</c> or <c>external</c>, by the path that lists campaigns; null where neither does.</summary>
    public string? User { get; init; }

    /// <summary>The generation of the API that the listing speaks; null where it does not say.</summary>
    public string? Api { get; init; }

    /// <summary>The generation that this deployment reads; null before its first run.</summary>
    public string? ApiInUse { get; init; }

    /// <summary>The campaigns listing; null where there is none.</summary>
    public ProbeListing? Listing { get; init; }

    /// <summary>The feeds, each asked for in one scope.</summary>
    public required IReadOnlyList<ProbeFeed> Feeds { get; init; }

    /// <summary>Whether customers can be written: <c>on</c>, <c>off</c> or <c>unknown</c>.</summary>
    public required string Writes { get; init; }

    /// <summary>
    /// Which id the address of one customer takes: <c>internal</c>, <c>imported</c>, or null where no customer could be asked for.
    /// </summary>
    public string? CustomerIdInUrl { get; init; }

    /// <summary>How far Cube's clock is ahead of this machine's, in seconds; negative where it is behind.</summary>
    public int? ClockAheadSeconds { get; init; }

    /// <summary>The certificate; null over plain HTTP.</summary>
    public ProbeCertificate? Certificate { get; init; }

    /// <summary>The proxy that requests to Cube go through; null where they go straight.</summary>
    public string? Proxy { get; init; }

    /// <summary>Requests that the probe made.</summary>
    public required int Requests { get; init; }

    /// <summary>How long it took.</summary>
    public required int Milliseconds { get; init; }

    /// <summary>Median time of an answer; null where there was none.</summary>
    public int? MedianMilliseconds { get; init; }

    /// <summary>What a first run will take, from what was asked for; null where nothing can be read.</summary>
    public ProbeEstimate? FirstSync { get; init; }

    /// <summary>The settings that fit this tenant, without the credential.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>What to know and to do, the worst first.</summary>
    public required IReadOnlyList<ProbeFinding> Findings { get; init; }
}

/// <summary>The campaigns listing.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Campaigns">Campaigns in it that are read.</param>
/// <param name="Archived">Campaigns that are not read, since they were archived.</param>
/// <param name="ScopeKind">What customers belong to: <c>assignment</c> or <c>crm</c>.</param>
/// <param name="Scopes">How many of those the campaigns name.</param>
/// <param name="Members">The members by which it was read: they tell the variant.</param>
/// <param name="Milliseconds">How long it took.</param>
internal sealed record ProbeListing(
    string Path,
    int Campaigns,
    int Archived,
    string ScopeKind,
    int Scopes,
    IReadOnlyList<string> Members,
    int Milliseconds
);

/// <summary>A feed, as one scope answers it.</summary>
/// <param name="Feed">The feed, as in <c>Sync__Feeds</c>.</param>
/// <param name="Scope">Kind of the scope.</param>
/// <param name="ScopeId">The scope that was asked.</param>
/// <param name="Path">The form of the path that answered, or the documented one.</param>
/// <param name="Answer"><c>ok</c>, <c>notFound</c>, <c>forbidden</c>, <c>failed</c> or <c>notAsked</c>.</param>
internal sealed record ProbeFeed(string Feed, string Scope, string? ScopeId, string Path, string Answer)
{
    /// <summary>Records that the scope has: since the start date for dated feeds.</summary>
    public long? Count { get; init; }

    /// <summary>Records of the first page.</summary>
    public int? FirstPage { get; init; }

    /// <summary>Records of a full page; null where the scope has less than one.</summary>
    public int? PageSize { get; init; }

    /// <summary>The members that identify its records: they tell the variant. Empty where there was no record.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <summary>How long the page took.</summary>
    public int? Milliseconds { get; init; }

    /// <summary>
    /// True where <c>next</c> names no further page although the count says that there is one: pages are asked for by number.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool PagedByNumber { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Reason { get; init; }
}

/// <summary>The certificate of the tenant.</summary>
/// <param name="Subject">Whom it is for.</param>
/// <param name="Issuer">Who issued it.</param>
/// <param name="ValidUntil">Its end.</param>
/// <param name="Trusted">Whether this machine takes it.</param>
internal sealed record ProbeCertificate(string Subject, string Issuer, DateTimeOffset ValidUntil, bool Trusted);

/// <summary>What a first run will take, about.</summary>
/// <param name="Requests">Requests to Cube.</param>
/// <param name="Records">Records.</param>
/// <param name="Seconds">Time, with the requests at once that the settings allow in one process.</param>
/// <param name="From">First day of dated feeds.</param>
internal sealed record ProbeEstimate(long Requests, long Records, long Seconds, string From);

/// <summary>Something to know, or to do.</summary>
/// <param name="Severity"><c>error</c>, <c>warning</c> or <c>note</c>.</param>
/// <param name="Code">What it is, for programs.</param>
/// <param name="Text">A sentence for people.</param>
internal sealed record ProbeFinding(string Severity, string Code, string Text)
{
    public const string Error = "error";
    public const string Warning = "warning";
    public const string Note = "note";
}
