namespace CubeFunctions.Core.Model;

/// <summary>How a feed answers.</summary>
public enum FeedShape
{
    /// <summary>A bare JSON array, whole in one answer.</summary>
    Array,

    /// <summary>An object with <c>count</c>, <c>next</c>, <c>previous</c> and <c>results</c>.</summary>
    Paged,
}

/// <summary>One list that Cube offers.</summary>
/// <param name="Setting">Its name in settings and on the command line, such as <c>sms@assignment</c>.</param>
/// <param name="Name">Its name in paths and manifests, such as <c>sms</c>.</param>
/// <param name="Scope">What it belongs to.</param>
/// <param name="Path">
/// The request path: <c>{id}</c> stands for the scope's id, <c>{owner}</c> and <c>{type}</c> for the two halves of a CRM's. Empty where it
/// depends on the user (campaigns).
/// </param>
/// <param name="Dated">Whether it takes <c>from_date</c> and <c>to_date</c>.</param>
/// <param name="Shape">How it answers.</param>
/// <param name="Key">Which members identify a record.</param>
public sealed record Feed(string Setting, string Name, ScopeKind Scope, string Path, bool Dated, FeedShape Shape, RecordKey Key)
{
    /// <summary>
    /// Where the feed is the list of customers: the names of the imported id, best first, then those of Cube's own; else empty.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> CustomerIds { get; init; } = [];

    /// <summary>The path as other tenants have it, asked for once where the first one answers 404.</summary>
    public string? OtherPath { get; init; }

    /// <summary>Whether it is the list of a scope's customers.</summary>
    public bool ListsCustomers => CustomerIds.Count > 0;

    /// <summary>The path for one scope.</summary>
    /// <param name="scope">The scope.</param>
    /// <param name="other">Whether the other form is wanted.</param>
    public string PathOf(Scope scope, bool other = false)
    {
        var path = (other ? OtherPath : null) ?? Path;
        if (scope.Kind != ScopeKind.Crm)
        {
            return path.Replace("{id}", Uri.EscapeDataString(scope.Id), StringComparison.Ordinal);
        }

        var (owner, type) = scope.CrmParts;
        return path.Replace("{owner}", Uri.EscapeDataString(owner), StringComparison.Ordinal)
            .Replace("{type}", Uri.EscapeDataString(type), StringComparison.Ordinal);
    }

    /// <inheritdoc />
    public override string ToString() => Setting;
}
