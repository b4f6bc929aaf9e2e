using System.Text;
using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Generations;

/// <summary>A small tenant of either generation in any variant, and what must have been stored of it.</summary>
internal static class GenerationTenant
{
    public static readonly SimulatorOptions Small = new()
    {
        Campaigns = 2,
        EndedCampaigns = 1,
        CustomersPerAssignment = 60,
        CallflowCustomersPerCampaign = 12,
        ResponsesPerCampaignPerDay = 4,
        SmsPerCampaignPerDay = 2,
        PageSize = 25,
    };

    /// <summary>Every feed of both generations; a run reads those that the tenant has.</summary>
    public static RunRequest Everything => new(RunKind.Scheduled, FeedCatalogue.All);

    /// <summary>Every variant, in both generations where both have it; CI takes those in one of them, in turn.</summary>
    public static TheoryData<TenantApi, Variant> EveryVariant()
    {
        var all = new TheoryData<TenantApi, Variant>();
        foreach (var variant in Enum.GetValues<Variant>())
        {
            TenantApi[] having = [.. Enum.GetValues<TenantApi>().Where(api => VariantKinds.IsOf(variant, api))];
            foreach (var api in TestScale.EveryGeneration ? having : [having[all.Count % having.Length]])
            {
                all.Add(api, variant);
            }
        }

        return all;
    }

    /// <summary>A variant, and the other one that the vendor's documents have it together with.</summary>
    public static Variant[] With(TenantApi api, Variant variant) =>
        (api, variant) == (TenantApi.Assignments, Variant.CustomersLater) ? [variant, Variant.CustomerByImportedId] : [variant];

    public static Task<CubeSimulator> StartAsync(TenantApi api, params Variant[] variants) =>
        CubeSimulator.StartAsync(Small with { Api = api, Variants = variants }, null, TestContext.Current.CancellationToken);

    public static (string Name, string Value)[] SettingsFor(params Variant[] variants) =>
        [
            ("Cube__ExternalUser", variants.Intersect([Variant.ExternalUser, Variant.ExternalUserUnderApi]).Any() ? "true" : "false"),
            (
                "Cube__CustomerIdInUrl",
                variants.Contains(Variant.CustomerByImportedId) || variants.Contains(Variant.CustomersLater) ? "imported" : ""
            ),
        ];

    /// <summary>The records of all windows of a run, by scope and feed, as they stand in the stored pages.</summary>
    public static async Task<Dictionary<string, List<string>>> StoredAsync(TestApp app, RunManifest run, Encoding encoding)
    {
        var stored = new Dictionary<string, List<string>>();
        foreach (var window in run.Windows)
        {
            var manifest = JsonNode.Parse(await DownloadAsync(app, window.Manifest))!;
            foreach (var page in manifest["pages"]!.AsArray())
            {
                var bytes = await DownloadAsync(app, window.Manifest[..(window.Manifest.LastIndexOf('/') + 1)] + page!["name"]);
                var text = encoding.GetString(bytes).TrimStart('\uFEFF');
                var records = JsonNode.Parse(text) is JsonObject paged ? paged["results"]!.AsArray() : JsonNode.Parse(text)!.AsArray();
                if (!stored.TryGetValue($"{window.Scope} {window.ScopeId} {window.Feed}", out var list))
                {
                    stored[$"{window.Scope} {window.ScopeId} {window.Feed}"] = list = [];
                }

                list.AddRange(records.Select(record => record?.ToJsonString() ?? "null"));
            }
        }

        return stored;
    }

    /// <summary>What the tenant has now in the feeds that are read, archived campaigns left out.</summary>
    public static Dictionary<string, List<string>> Expected(CubeSimulator cube, DateOnly from, DateOnly to)
    {
        var archived = cube
            .Data.Campaigns()
            .Where(campaign => $"{campaign["campaign__archived_date"]}".Length > 0)
            .Select(campaign => $"{campaign["campaign__id"]}")
            .ToHashSet();
        return cube
            .Data.Feeds()
            .Where(feed => feed.Scope != "tenant" && !(feed.Scope == "campaign" && archived.Contains(feed.ScopeId)))
            .ToDictionary(
                feed => $"{feed.Scope} {feed.ScopeId} {feed.Feed}",
                feed => cube.Data.Records(feed.Scope, feed.ScopeId, feed.Feed, from, to).Select(record => record.ToJsonString()).ToList()
            );
    }

    private static async Task<byte[]> DownloadAsync(TestApp app, string name) =>
        (await app.Storage.Raw.GetBlobClient(name).DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content.ToArray();
}
