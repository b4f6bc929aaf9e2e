using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>What a probe knows so far.</summary>
internal sealed class ProbeState
{
    /// <summary>The campaigns listing; null where none could be read.</summary>
    public ProbeListing? Listing { get; set; }

    /// <summary>The generation that the listing speaks; null where it does not say.</summary>
    public ApiCatalogue? Catalogue { get; set; }

    /// <summary>The generation that this deployment reads; null before its first run.</summary>
    public ApiCatalogue? InUse { get; set; }

    /// <summary>Whether the listing is one of external users.</summary>
    public bool? External { get; set; }

    /// <summary>The campaigns that are read.</summary>
    public IReadOnlyList<Scope> Campaigns { get; set; } = [];

    /// <summary>What their customers belong to.</summary>
    public IReadOnlyList<Scope> Places { get; set; } = [];

    /// <summary>The feeds that were asked for, once for each scope.</summary>
    public List<ProbeFeed> Feeds { get; } = [];

    /// <summary>One customer who was listed.</summary>
    public ProbeCustomer? Customer { get; set; }

    /// <summary>Which id the address of one customer takes; null where it is not known.</summary>
    public string? IdInUrl { get; set; }

    /// <summary>Where one customer was found; null where none was.</summary>
    public ProbePlace? CustomerPlace { get; set; }

    /// <summary><c>on</c>, <c>off</c> or <c>unknown</c>.</summary>
    public string Writes { get; set; } = "unknown";

    /// <summary>What there is to say.</summary>
    public List<ProbeFinding> Findings { get; } = [];

    /// <summary>The scopes of a kind.</summary>
    public IReadOnlyList<Scope> ScopesOf(Feed feed) => feed.Scope == ScopeKind.Campaign ? Campaigns : Places;

    /// <summary>Notes something to say.</summary>
    public void Add(string severity, string code, string text) => Findings.Add(new ProbeFinding(severity, code, text));
}
