using System.Text.Json;
using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>
/// A person who can be told from everybody else by each of the things that are known of him, in an account that knows him everywhere.
/// </summary>
internal static class Victim
{
    public const string Name = "Åse Ærlig-Østbø Målernes";
    public const string Phone = "004799887766";

    /// <summary>With a leading zero: as a number it would be another.</summary>
    public const string Imported = "05029249278";
    public const long Internal = 10_000_003;

    public static readonly string[] Traces = [Name, Phone, Imported, $"{Internal}"];

    public static readonly SimulatorOptions Options = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 120,
        PageSize = 50,
        ResponsesPerCampaignPerDay = 6,
        SmsPerCampaignPerDay = 4,
        CallflowCustomersPerCampaign = 120,
        AnonymisedPerThousand = 0,
    };

    public static readonly (string, string)[] Settings =
    [
        ("Changes__JoinCustomer", "true"),
        ("Sync__Feeds", string.Join(',', FeedCatalogue.All.Select(feed => feed.Setting))),
        ("Upserts__Senders__crm__Kind", "json"),
        ("Upserts__Senders__crm__Secret", "test-secret"),
        ("Cube__Writes", "true"),
    ];

    public static RunRequest All => new(RunKind.Scheduled, FeedCatalogue.All);

    /// <summary>Gives him his name, responses and SMS in the tenant.</summary>
    /// <param name="cube">The tenant.</param>
    /// <param name="comment">What agents note: Cube does not look for names in it when it anonymises.</param>
    public static void Live(CubeSimulator cube, string comment = $"Ringte {Name}")
    {
        var assignment = cube.Data.AssignmentIds[0];
        Assert.Equal(Internal, cube.Data.FindCustomer(assignment, Imported));
        cube.Data.EditCustomer(assignment, Internal, "name", Name);
        cube.Data.EditCustomer(assignment, Internal, "phone_1", Phone);
        foreach (var campaign in cube.Data.CampaignIds().Where(campaign => cube.Data.AssignmentOf(campaign) == assignment))
        {
            for (var day = 0; day < 3; day++)
            {
                var when = cube.Data.Today.AddDays(-day).ToDateTime(new TimeOnly(0, 1));
                cube.Data.AddResponse(campaign, Internal, when, comment: comment);
                cube.Data.AddSms(campaign, Internal, when, $"Hei {Name}");
            }
        }
    }

    /// <summary>
    /// Syncs twice, with a change of his in between, and brings upserts of his in: one delivered, others that wait, together with other
    /// customers.
    /// </summary>
    /// <returns>Ids of the upserts of others that wait.</returns>
    public static async Task<List<string>> SeedAsync(Lane lane, string comment = $"Ringte {Name}")
    {
        Live(lane.Cube, comment);
        await lane.App.RunAsync(All);
        lane.Cube.Data.EditCustomer(lane.Assignment, Internal, "phone_3", "004790000000");
        foreach (var campaign in lane.Cube.Data.CampaignIds().Where(campaign => lane.Cube.Data.AssignmentOf(campaign) == lane.Assignment))
        {
            // News of each feed: the first reading is in change files by a pointer only.
            lane.Cube.Data.SetCallState(campaign, Internal, "Lead");
            lane.Cube.Data.AddResponse(campaign, Internal, lane.Cube.Data.Today.ToDateTime(new TimeOnly(0, 2)), comment: comment);
            lane.Cube.Data.AddSms(campaign, Internal, lane.Cube.Data.Today.ToDateTime(new TimeOnly(0, 2)), $"Hei {Name}");
        }

        await lane.App.RunAsync(All);
        await lane.DeliverAsync(await lane.PostAsync(Post(Imported, "need_to_know", $"Spør etter {Name}")));
        var large = new string('ø', 20_000);
        var mine = new JsonObject
        {
            ["customer_id"] = Imported,
            ["name"] = Name,
            ["email"] = large + Phone,
        };
        var others = Enumerable
            .Range(20, 3)
            .Select(i => new JsonObject
            {
                ["customer_id"] =
                    $"{lane.Cube.Data.Customer(lane.Assignment, lane.Cube.Data.CustomerIds(lane.Assignment).ElementAt(i))!["customer_id"]}",
                ["city"] = "Bodø",
                ["email"] = large,
            });
        var ids = await lane.PostAsync(new JsonArray([mine, .. others]).ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        await lane.HookAsync(Post(Imported, "phone_2", Phone));
        await lane.HookAsync(Post("355126", "phone_2", "004711111111"));
        return ids[1..];
    }

    public static Task<ErasureReport> EraseAsync(Lane lane, string? imported = null, TestApp? app = null) =>
        (app ?? lane.App).Get<PersonEraser>().EraseAsync(lane.Place, imported ?? Imported, TestContext.Current.CancellationToken);

    /// <summary>A customer with one field, as a sender may write it.</summary>
    public static string Post(string imported, string field, string value) =>
        new JsonObject { ["customer_id"] = imported, [field] = value }.ToJsonString();
}
