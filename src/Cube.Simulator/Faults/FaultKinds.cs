namespace Cube.Simulator;

/// <summary>The kinds of faults with their command-line names, for <c>cube simulate --help</c>.</summary>
public static class FaultKinds
{
    private static readonly (string Name, FaultKind Kind, string Description)[] Table =
    [
        ("429", FaultKind.TooManyRequestsSeconds, "429 with Retry-After in seconds"),
        ("429-date", FaultKind.TooManyRequestsDate, "429 with Retry-After as an HTTP date"),
        ("503", FaultKind.ServiceUnavailable503, "503 with Retry-After in seconds"),
        ("408", FaultKind.RequestTimeout408, "408"),
        ("500", FaultKind.InternalError500, "500 with a JSON detail"),
        ("502", FaultKind.BadGateway502, "502 without a body"),
        ("reset-before-body", FaultKind.ResetBeforeBody, "the connection is reset before any answer"),
        ("reset-in-body", FaultKind.ResetInBody, "the connection is reset half way through the body"),
        ("truncated", FaultKind.Truncated, "the connection ends before Content-Length is reached"),
        ("truncated-json", FaultKind.TruncatedJson, "a complete HTTP answer whose JSON stops half way"),
        ("broken-json", FaultKind.BrokenJson, "JSON with a fault in the middle"),
        ("html-200", FaultKind.Html200, "a login page with status 200"),
        ("html-502", FaultKind.Html502, "a proxy's error page with status 502"),
        ("slow-body", FaultKind.SlowBody, "the body trickles for 'seconds' (default 2)"),
        ("hang", FaultKind.Hang, "no answer until the client goes away"),
        ("401", FaultKind.Unauthorized401, "401 with a JSON detail"),
        ("403", FaultKind.Forbidden403, "403 with a JSON detail"),
        ("404", FaultKind.NotFound404, "404 with a JSON detail"),
        ("405", FaultKind.MethodNotAllowed405, "405 with a JSON detail; with method=PUT,times=1 one write refused by mistake"),
        ("501", FaultKind.NotImplemented501, "501 with a JSON detail"),
        ("202", FaultKind.Accepted202, "the answer comes with status 202"),
        ("206", FaultKind.PartialContent206, "half of a page comes with status 206"),
        ("error-page", FaultKind.ErrorAsPage, "a page with count 0, no rows and a member 'error'"),
        ("too-large", FaultKind.TooLarge, "the body is padded to more than 'bytes' (default 64 MiB)"),
        (
            "work-then-fail",
            FaultKind.WorkThenFail,
            "a write is done, then answered with 503, a reset or not at all ('as': 503, reset, hang; default: in turn)"
        ),
        ("bad-request", FaultKind.BadRequest400, "a write is refused with errors per field"),
        ("next-http", FaultKind.NextHttp, "'next' is http:// without the port"),
        ("next-other-host", FaultKind.NextOtherHost, "'next' is on another host ('host')"),
        ("next-malformed", FaultKind.NextMalformed, "'next' has a second ? and a stray slash"),
        ("next-self", FaultKind.NextSelf, "'next' is the URL without any page"),
        ("next-repeats", FaultKind.NextRepeats, "'next' of the second page and those behind it is the page before"),
        ("next-own-page", FaultKind.NextOwnPage, "'next' is the page itself, by its number"),
        ("next-endless", FaultKind.NextEndless, "there is always a next page, with the rows of earlier ones"),
        ("count-wrong", FaultKind.CountWrong, "'count' is 7 too high"),
        ("count-changes", FaultKind.CountChanges, "'count' is one too high every other time"),
        (
            "rows-shift",
            FaultKind.RowsShift,
            "rows move from the front to the end or back between pages, until it settles ('times' per feed, default 3)"
        ),
        ("drift-forever", FaultKind.DriftForever, "rows move between pages and never settle"),
        ("count-high", FaultKind.CountHigh, "'count' is 'rows' (default 1) too high, for the same addresses each time"),
        (
            "short",
            FaultKind.ShortListing,
            "'rows' (default 2) at the end of the listing, or of its 'day', are counted and not given, for the same addresses each time"
        ),
        ("empty-page", FaultKind.EmptyPage, "a page without rows, its count and 'next' right; with from-page and to-page in the middle"),
        (
            "page-size",
            FaultKind.PageSizeChanges,
            "pages of 'rows' records (default half of the size); with from-page in the middle of a crawl"
        ),
        ("delay", FaultKind.Delay, "a page comes 'seconds' (default 2) or 'ms' later, in real time"),
        ("next-bare", FaultKind.NextBare, "'next' has no question mark"),
        ("next-other-feed", FaultKind.NextOtherFeed, "'next' has another feed's path"),
        ("numbers-as-text", FaultKind.NumbersAsText, "'count' is text"),
        ("empty-strings", FaultKind.EmptyStrings, "'next' and 'previous' are \"\" instead of null"),
    ];

    /// <summary>The kinds by command-line name.</summary>
    public static IReadOnlyDictionary<string, FaultKind> ByName { get; } =
        Table.ToDictionary(row => row.Name, row => row.Kind, StringComparer.OrdinalIgnoreCase);

    /// <summary>A description of one line for each command-line name, in the order to show them.</summary>
    public static IReadOnlyDictionary<string, string> Descriptions { get; } =
        new OrderedDictionary<string, string>(
            Table.Select(row => KeyValuePair.Create(row.Name, row.Description)),
            StringComparer.OrdinalIgnoreCase
        );

    /// <summary>Kinds that change a page of a feed, rather than the answer that carries it.</summary>
    internal static bool IsOfPage(FaultKind kind) => kind >= FaultKind.NextHttp;

    /// <summary>Kinds that happen to paged feeds alone.</summary>
    internal static bool NeedsPage(FaultKind kind) => IsOfPage(kind) || kind is FaultKind.ErrorAsPage or FaultKind.PartialContent206;

    /// <summary>Kinds whose share is one of the addresses, not of the requests: asking again changes nothing.</summary>
    internal static bool IsStable(FaultKind kind) => kind is FaultKind.CountHigh or FaultKind.ShortListing;

    internal static bool IsOfWrite(FaultKind kind) => kind is FaultKind.WorkThenFail or FaultKind.BadRequest400;
}
