using System.Globalization;
using System.Text.RegularExpressions;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// What of <c>next</c> we use: its query, repaired. Scheme, host and path of it are never followed, so a credential cannot travel
/// to another host or over plain HTTP.
/// </summary>
public static partial class NextLink
{
    /// <summary>
    /// The query of the page behind a <c>next</c> link: our own filters as they are, and of the link only what it adds to them.
    /// </summary>
    /// <param name="next">The link as Cube wrote it.</param>
    /// <param name="filters">The query of the first page. A link that loses or changes a filter would lead elsewhere, to "today" for
    /// instance.</param>
    /// <remarks>
    /// The vendor's samples have links with a second question mark and a stray slash
    /// (<c>...?from_date=20170101&amp;to_date=20180401/?page=2</c>): every question mark after the first parts two parameters, and a slash
    /// before it or at the end is dropped.
    /// </remarks>
    public static string QueryOf(string next, string filters)
    {
        var start = next.IndexOf('?', StringComparison.Ordinal);
        var query = start < 0 ? "" : next[(start + 1)..];
        var fragment = query.IndexOf('#', StringComparison.Ordinal);
        query = fragment < 0 ? query : query[..fragment];

        var own = filters.Split('&', StringSplitOptions.RemoveEmptyEntries);
        var added = query
            .Split(['?', '&'], StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.TrimEnd('/'))
            .Where(part => part.Length > 0 && !own.Any(filter => NameOf(filter) == NameOf(part)));
        return string.Join('&', [.. own, .. added]);
    }

    /// <summary>The page number in a query, or null where it pages by something else.</summary>
    public static int? PageOf(string query) =>
        PageParameter().Match(query) is { Success: true } match
        && int.TryParse(match.Groups["page"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var page)
            ? page
            : null;

    /// <summary>The same query with another page number.</summary>
    public static string WithPage(string query, int page) =>
        PageParameter().Replace(query, $"page={page.ToString(CultureInfo.InvariantCulture)}", 1);

    /// <summary>A query without a page number with one.</summary>
    public static string AddPage(string query, int page) =>
        string.Create(CultureInfo.InvariantCulture, $"{query}{(query.Length == 0 ? "" : "&")}page={page}");

    private static string NameOf(string parameter) => parameter.Split('=', 2)[0];

    [GeneratedRegex("(?<=^|&)page=(?<page>[0-9]+)(?=$|&)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PageParameter();
}
