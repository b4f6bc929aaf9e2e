namespace CubeFunctions.Core.Model;

/// <summary>One generation of Cube's API, as data: what the code does is the same for both.</summary>
public sealed record ApiCatalogue
{
    /// <summary>The generation.</summary>
    public required CubeApi Api { get; init; }

    /// <summary>What customers belong to.</summary>
    public required ScopeKind CustomersScope { get; init; }

    /// <summary>
    /// Members of a listed campaign that name what its customers belong to: the parts of that scope's id, joined by a dash, each with its
    /// alternatives. A listing is
    /// recognised by them.
    /// </summary>
    public required IReadOnlyList<IReadOnlyList<string>> CustomersScopeMembers { get; init; }

    /// <summary>Where internal users find the campaigns, in the order to try.</summary>
    public required IReadOnlyList<string> ListingPaths { get; init; }

    /// <summary>Where external users find the campaigns, in the order to try.</summary>
    public required IReadOnlyList<string> ExternalListingPaths { get; init; }

    /// <summary>All feeds, those that must be asked for by name among them.</summary>
    public required IReadOnlyList<Feed> Feeds { get; init; }

    /// <summary>Whether the address of one customer takes the imported id, unless <c>Cube__CustomerIdInUrl</c> says otherwise.</summary>
    public required bool ImportedIdInUrl { get; init; }

    /// <summary>
    /// Where a customer is created whose ids are in the body alone, in tenants that answer 404 to the form with the id in the path; null
    /// where there is no such form.
    /// </summary>
    public string? CreatePath { get; init; }

    /// <summary>Whether upserts are delivered, unless <c>Cube__Writes</c> says otherwise.</summary>
    public required bool Writes { get; init; }

    /// <summary>The list of customers.</summary>
    public Feed Customers => Feeds.First(static feed => feed.ListsCustomers);

    /// <summary>The labels of tenant-defined fields.</summary>
    public Feed CustomFields => Feeds.First(static feed => feed.Name == FeedCatalogue.CustomFields.Name);

    /// <summary>The names of the feeds that are read unless asked otherwise, for messages.</summary>
    internal string NamesLine =>
        string.Join(", ", Feeds.Select(static feed => feed.Setting).Where(static name => !FeedCatalogue.RepeatsCampaigns(name)));

    /// <summary>
    /// Which of these names are feeds of another generation alone. Who names a feed that only this one has as well has named those of both:
    /// then feeds that are read by default do not count.
    /// </summary>
    internal IReadOnlyList<string> FindNotOffered(IReadOnlyList<string> names)
    {
        var isForBoth = names.Any(name =>
            Find(name) is not null && FeedCatalogue.Generations.Any(generation => generation.Find(name) is null)
        );
        var byDefault = FeedCatalogue.Default.Select(static feed => feed.Setting);
        return [.. names.Where(name => Find(name) is null).Except(isForBoth ? byDefault : [])];
    }

    /// <summary>The feed of that name as users type it, or null.</summary>
    public Feed? Find(string setting) => Feeds.FirstOrDefault(feed => feed.Setting == setting);
}
