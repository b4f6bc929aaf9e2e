using System.Globalization;
using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Generations;

public sealed class ListingTests
{
    [Theory]
    [InlineData("listing-later.json", CubeApi.Assignments, "12 17")]
    [InlineData("listing-generation2.json", CubeApi.DataOwners, "2 1-B2C|9 1-B2B archived")]
    public void A_listing_is_recognised_and_read_by_its_members(string input, CubeApi api, string campaigns)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Repository.Root, "tests/CubeFunctions.Tests/Generations/Inputs", input));
        foreach (var listing in new[] { bytes, [0xEF, 0xBB, 0xBF, .. bytes] })
        {
            Assert.Equal(api, Assert.Single(CampaignEntry.Recognise(listing)).Api);
            Assert.Equal(campaigns, Text(Campaign.ReadAll(listing)));
        }
    }

    [Theory]
    [InlineData("""[{"campaign_id":1,"assignment_id":"017"}]""", "1 017", "")]
    [InlineData("""[{"campaign_id":"1","assignment_id":null}]""", "1 -", "campaign 1 has no assignment_id: its customers are not read")]
    [InlineData(
        """[{"campaign__id":1,"data_owner__id":"4","crm_type__name":"Privat kunde/ø-1","crm_type__id":9}]""",
        "1 4-Privat kunde/ø-1",
        ""
    )]
    [InlineData("""[{"campaign__id":1,"data_owner__id":4,"campaign__crm_type":"","crm_type__name":"B2B"}]""", "1 4-B2B", "")]
    [InlineData(
        """[{"campaign__id":1,"data_owner__id":4,"campaign__crm_type":""}]""",
        "1 -",
        "campaign 1 has no campaign__crm_type: its customers are not read"
    )]
    [InlineData(
        """[{"campaign__id":1,"data_owner__id":4,"campaign__crm_type":".."}]""",
        "1 -",
        "campaign 1 has no campaign__crm_type: its customers are not read"
    )]
    [InlineData(
        """[{"campaign__id":1,"data_owner__id":"a-b","campaign__crm_type":"B2C"}]""",
        "1 -",
        "campaign 1 has no data_owner__id: its customers are not read"
    )]
    [InlineData(
        """[{"campaign__id":1,"campaign__crm_type":"B2C"}]""",
        "1 -",
        "campaign 1 has no data_owner__id: its customers are not read"
    )]
    public void An_entry_is_read_by_what_it_holds_and_what_it_lacks_is_named(string listing, string campaigns, string faults)
    {
        var bytes = Encoding.UTF8.GetBytes(listing);
        var found = Campaign.ReadAll(bytes, CampaignEntry.Recognise(bytes)[0], out var named);
        Assert.Equal((campaigns, faults), (Text(found), string.Join('|', named)));
    }

    [Theory]
    [InlineData("\"campaign_id\":{0},\"assignment_id\":17")]
    [InlineData("\"campaign__id\":\"{0}\",\"assignment__id\":\"17\"")]
    [InlineData("\"campaign__id\":{0},\"data_owner__id\":1,\"campaign__crm_type\":\"B2C\"")]
    public void Of_5000_entries_three_broken_ones_cost_themselves(string members)
    {
        var entries = Enumerable
            .Range(1, 4997)
            .Select(id => "{" + members.Replace("{0}", id.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) + "}")
            .ToList();
        entries.Insert(0, "null");
        entries.Insert(2500, """{"campaign_name":"Uten id","assignment_id":31}""");
        entries.Add("""{"campaign_id":{"id":903},"campaign__id":[1]}""");
        var bytes = Encoding.UTF8.GetBytes($"[{string.Join(',', entries)}]");
        var generation = CampaignEntry.Recognise(Encoding.UTF8.GetBytes($"[{entries[1]}]")) is [var found]
            ? found
            : throw new InvalidOperationException();
        var campaigns = Campaign.ReadAll(bytes, generation, out var faults);
        Assert.Equal(Enumerable.Range(1, 4997).Select(id => $"{id}"), campaigns.Select(campaign => campaign.Id));
        Assert.DoesNotContain(campaigns, campaign => campaign.AssignmentId is null);
        Assert.Equal([1, 2501, 5000], faults.Select(fault => int.Parse(fault.Split(' ')[1], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void A_feed_is_named_by_its_setting_and_the_kind_of_its_scope_and_a_crm_fills_its_path()
    {
        var names = FeedCatalogue.All.Select(feed => (feed.Setting, feed.Scope)).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        foreach (var feed in FeedCatalogue.All)
        {
            Assert.Same(feed, FeedCatalogue.Find(feed.Setting, feed.Scope));
        }

        var customers = FeedCatalogue.DataOwners.Customers;
        var scope = new Scope(ScopeKind.Crm, "4-Privat kunde/ø-1");
        Assert.Equal("/api/v1/data_owners/4/Privat%20kunde%2F%C3%B8-1/customers/", customers.PathOf(scope));
        Assert.Equal("/api/v1/data_owners/4/crm/Privat%20kunde%2F%C3%B8-1/customers/", customers.PathOf(scope, other: true));
        Assert.Equal(scope, Scope.Parse(scope.ToString()));
    }

    private static string Text(IEnumerable<Campaign> campaigns) =>
        string.Join(
            '|',
            campaigns.Select(campaign => $"{campaign.Id} {campaign.AssignmentId ?? "-"}{(campaign.IsArchived ? " archived" : "")}")
        );
}
