using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Tests.Support;

/// <summary>What a test that runs over both generations calls by name.</summary>
internal static class Generation
{
    /// <summary>What agents note after their calls, as each generation calls it: a run reads the one that the tenant has.</summary>
    public static IReadOnlyList<Feed> EitherCalls { get; } = [.. Enum.GetValues<TenantApi>().Select(Calls)];

    /// <summary>A run of these feeds and of the calls.</summary>
    public static RunRequest WithCalls(RunKind kind, params Feed[] feeds) => new(kind, [.. EitherCalls, .. feeds]);

    /// <summary>
    /// A tenant of a generation whose customers have the members of the early shape (<c>id</c>, <c>customer_id</c>, plain names), for tests
    /// that read records by them.
    /// </summary>
    public static SimulatorOptions EarlyIn(this SimulatorOptions options, TenantApi api) =>
        options with
        {
            Api = api,
            Variants = api == TenantApi.DataOwners ? [Variant.CustomersEarly] : [],
        };

    /// <summary>What agents note after their calls.</summary>
    public static Feed Calls(this TenantApi api) =>
        FeedCatalogue.Find(api == TenantApi.DataOwners ? "call_outcomes" : "responses", ScopeKind.Campaign)!;

    /// <summary>How the members begin that a call itself has, not its customer.</summary>
    public static string CallPrefix(this TenantApi api) => api == TenantApi.DataOwners ? "call_outcome__" : "response_";

    /// <summary>What customers belong to.</summary>
    public static ScopeKind PlacesOf(this TenantApi api) => FeedCatalogue.Generations[(int)api].CustomersScope;

    /// <summary>The feeds that are read unless settings say otherwise.</summary>
    public static IEnumerable<Feed> ReadByDefault(TenantApi api) =>
        FeedCatalogue.Generations[(int)api].Feeds.Where(static feed => !feed.Setting.Contains('@', StringComparison.Ordinal));

    /// <summary>The records of a feed in all scopes that are listed, byte for byte.</summary>
    public static IEnumerable<string> RecordsOf(this CubeData data, Feed feed, DateOnly from, DateOnly to) =>
        (
            feed.Scope == ScopeKind.Tenant
                ? data.Campaigns()
                : data.Feeds()
                    .Where(there => there.Feed == feed.Name && there.Scope == Scope.NameOf(feed.Scope))
                    .SelectMany(there => data.Records(there.Scope, there.ScopeId, there.Feed, from, to))
        ).Select(static record => record.ToJsonString());

    /// <summary>What the customers of an assignment belong to, as the tenant names it.</summary>
    public static Scope PlaceOf(this CubeData data, int assignment) =>
        data.Api == TenantApi.DataOwners
            ? new Scope(ScopeKind.Crm, data.CrmOf(assignment))
            : new Scope(ScopeKind.Assignment, $"{assignment}");

    /// <summary>The imported id of a customer.</summary>
    public static string ImportedIdOf(this CubeData data, int assignment, long internalId) =>
        $"{data.Customer(assignment, internalId)!["customer_id"]}";

    /// <summary>The id of a customer in the address of one.</summary>
    public static string IdInUrlOf(this CubeData data, int assignment, long internalId) =>
        data.Api == TenantApi.DataOwners ? data.ImportedIdOf(assignment, internalId) : $"{internalId}";

    /// <summary>The key of a customer's change lines: Cube's own id where the tenant shows it, else the imported one.</summary>
    public static string KeyOf(this CubeData data, int assignment, long internalId) =>
        data.Api == TenantApi.DataOwners && !data.Variants.Contains(Variant.CustomersEarly)
            ? data.ImportedIdOf(assignment, internalId)
            : $"{internalId}";
}
