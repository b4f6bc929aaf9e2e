using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>Ids coincide: between assignments, and between the two kinds. Only the one who is meant goes.</summary>
public sealed class WrongPersonTests(AzuriteFixture azurite)
{
    [Theory]
    [OverGenerations]
    public async Task The_same_imported_id_in_another_assignment_is_another_person(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Victim.Options.EarlyIn(api) with
            {
                CampaignsPerAssignment = 1,
            },
            null,
            Victim.Settings
        );
        Assert.Equal([17, 18], lane.Cube.Data.AssignmentIds);
        Victim.Live(lane.Cube);
        await lane.App.RunAsync(Victim.All);
        await lane.PostAsync(Victim.Post(Victim.Imported, "city", "Bodø"));
        await lane.Http.PostAsync($"assignments/{lane.Cube.Data.PlaceOf(18).Id}/customers", Victim.Post(Victim.Imported, "city", "Hamar"));
        var before = await AccountDump.OfAsync(lane.App);
        var other = lane.Cube.Data.CampaignIds().Single(campaign => lane.Cube.Data.AssignmentOf(campaign) == 18);
        Assert.Contains(
            before.Find([Victim.Imported]),
            place => place.StartsWith($"cube-raw/callflow_customers/campaign={other}/", StringComparison.Ordinal)
        );

        var report = await Victim.EraseAsync(lane);

        Assert.Equal((1, 1), (report.Events, report.Bodies));
        var after = await AccountDump.OfAsync(lane.App);
        Assert.Empty(after.Find([Victim.Name, Victim.Phone, $"{Victim.Internal}"]));
        var kept = before
            .Blobs.Where(blob =>
                blob.Key.Contains($"campaign={other}/", StringComparison.Ordinal)
                || blob.Key.Contains($"{lane.Cube.Data.PlaceOf(18)}", StringComparison.Ordinal)
            )
            .ToList();
        Assert.True(kept.Count > 8);
        AtLeastOne.All(kept, blob => Assert.Equal(blob.Value, after.Blobs[blob.Key]));
        Assert.Single(after.Blobs.Keys, name => name.StartsWith("cube-inbox/", StringComparison.Ordinal));
        Assert.Single(
            after.Lines,
            line => line.StartsWith("CubeUpserts ", StringComparison.Ordinal) && line.Contains(Victim.Imported, StringComparison.Ordinal)
        );

        // And he of the other assignment is told of as ever.
        lane.Cube.Data.EditCustomer(18, 20_000_003, "city", "Gjøvik");
        var lines = await Changes.ChangeLedger.ReadAsync(lane.App, (await lane.App.RunAsync(Victim.All)).RunId);
        Assert.Contains(lines, line => $"{line["key"]}" == "20000003");
    }

    [Theory]
    [OverGenerations(6, 7)]
    [OverGenerations(7, 6)]
    [OverGenerations(10, 11)]
    [OverGenerations(11, 10)]
    public async Task An_id_that_equals_somebody_elses_other_one_or_all_but_a_zero_takes_nobody_else_along(
        TenantApi api,
        int index,
        int other
    )
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options.EarlyIn(api), null, Victim.Settings);
        var people = lane.Cube.Data.Customers(lane.Assignment).ToList();
        var (imported, alike) = ($"{people[index]["customer_id"]}", $"{people[other]["customer_id"]}");
        Assert.True(
            imported.EndsWith(alike, StringComparison.Ordinal)
                || alike.EndsWith(imported, StringComparison.Ordinal)
                || imported == $"{people[other]["id"]}"
                || alike == $"{people[index]["id"]}"
        );
        await lane.App.RunAsync(Victim.All);
        await lane.PostAsync($"[{Victim.Post(imported, "city", "Bodø")},{Victim.Post(alike, "city", "Hamar")}]");
        var before = Owners(await AccountDump.OfAsync(lane.App));

        await Victim.EraseAsync(lane, imported);

        var after = Owners(await AccountDump.OfAsync(lane.App));
        Assert.True(before[people[index]["id"]!.GetValue<long>()] >= 4);
        before.Remove(people[index]["id"]!.GetValue<long>());
        Assert.Equal(before, after);
        Assert.Single((await AccountDump.OfAsync(lane.App)).Lines, line => line.StartsWith("CubeUpserts ", StringComparison.Ordinal));
        lane.Cube.Data.EditCustomer(lane.Assignment, people[other]["id"]!.GetValue<long>(), "city", "Gjøvik");
        lane.Cube.Data.EditCustomer(lane.Assignment, people[index]["id"]!.GetValue<long>(), "city", "Molde");
        var lines = await Changes.ChangeLedger.ReadAsync(lane.App, (await lane.App.RunAsync(Victim.All)).RunId);
        Assert.Equal([$"{people[other]["id"]}"], lines.Where(line => $"{line["feed"]}" == "customers").Select(line => $"{line["key"]}"));
    }

    [Theory]
    [OverGenerations(6, 7)]
    [OverGenerations(7, 6)]
    public async Task Lines_that_only_say_that_somebody_is_gone_go_with_the_one_whose_key_they_name(TenantApi api, int index, int other)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(azurite, Victim.Options.EarlyIn(api), clock, Victim.Settings);
        var people = lane.Cube.Data.Customers(lane.Assignment).ToList();
        foreach (var person in new[] { index, other })
        {
            lane.Cube.Data.AddResponse(lane.Cube.Data.CampaignIds()[0], people[person]["id"]!.GetValue<long>(), comment: $"nr. {person}");
        }

        await lane.App.RunAsync(Victim.All);
        foreach (var person in new[] { index, other })
        {
            lane.Cube.Data.DeleteCustomer(lane.Assignment, people[person]["id"]!.GetValue<long>());
            lane.Cube.Data.RemoveResponse(lane.Cube.Data.CampaignIds()[0], lane.Cube.Data.Today, 0);
        }

        await lane.App.RunAsync(Victim.All);
        clock.Advance(TimeSpan.FromHours(5));
        await lane.App.RunAsync(Victim.All);
        var gone = (await Changes.ChangeLedger.ReadAsync(lane.App))
            .Where(line => line["record"] is null)
            .Select(line => $"{line["feed"]} {line["key"]}")
            .ToList();
        var (imported, own) = ($"{people[index]["customer_id"]}", $"{people[index]["id"]}");
        bool Matches(string line) =>
            line.StartsWith($"customers {own}", StringComparison.Ordinal)
            || line.StartsWith($"callflow_customers {own}|", StringComparison.Ordinal)
            || (line.Split(' ')[0] is "responses" or "call_outcomes" or "product_registrations" && line.Split('|')[1] == imported);
        Assert.True(gone.Count(Matches) >= 4, string.Join('\n', gone));
        await Victim.EraseAsync(lane, imported);
        Assert.Equal(
            gone.Where(line => !Matches(line)),
            (await Changes.ChangeLedger.ReadAsync(lane.App))
                .Where(line => line["record"] is null)
                .Select(line => $"{line["feed"]} {line["key"]}")
        );
    }

    [Theory]
    [OverGenerations]
    public async Task Records_of_his_id_in_Cube_that_have_another_imported_one_are_left_alone_and_told_of(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options.EarlyIn(api), null, Victim.Settings);
        await lane.App.RunAsync(Victim.All);
        lane.Cube.Data.EditCustomer(lane.Assignment, Victim.Internal, "customer_id", "handed-on");
        await lane.App.RunAsync(Victim.All);
        var report = await Victim.EraseAsync(lane);
        Assert.True(report.Found);
        Assert.True(report.Feeds.Single(feed => feed.Feed == "customers").LeftAlone > 0);
        var left = await AccountDump.OfAsync(lane.App);
        Assert.Empty(left.Find([Victim.Imported]));
        Assert.NotEmpty(left.Find(["handed-on"]));
        await Victim.EraseAsync(lane, "handed-on");
        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find([.. Victim.Traces, "handed-on"]));
        await RawLedger.CheckAllAsync(lane.App.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task A_campaign_that_left_the_list_is_searched_and_one_whose_assignment_nothing_tells_by_Cubes_own_id_alone(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Victim.Options.EarlyIn(api) with
            {
                Campaigns = 3,
                CampaignsPerAssignment = 3,
            },
            null,
            Victim.Settings
        );
        Victim.Live(lane.Cube);
        await lane.App.RunAsync(Victim.All);
        var campaigns = lane.Cube.Data.CampaignIds().ToList();
        lane.Cube.Data.EndCampaign(campaigns[0]);
        lane.Cube.Data.RemoveCampaign(campaigns[1]);
        await lane.App.RunAsync(Victim.All);

        // Only the newest listing is left, and no row of an item: one campaign can be asked for at Cube, the other cannot.
        var cancellationToken = TestContext.Current.CancellationToken;
        var names = (await AccountDump.OfAsync(lane.App))
            .Blobs.Keys.Where(name => name.StartsWith("cube-raw/campaigns/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToList();
        foreach (var name in names.Where(name => name.Split('/')[2] == names[0].Split('/')[2]))
        {
            await lane.App.Storage.Raw.GetBlobClient(name["cube-raw/".Length..]).DeleteAsync(cancellationToken: cancellationToken);
        }

        await foreach (
            var row in lane.App.Storage.Runs.QueryAsync<ItemRow>(
                row => row.PartitionKey != "run" && row.AssignmentId != "",
                cancellationToken: cancellationToken
            )
        )
        {
            await lane.App.Storage.Runs.DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: cancellationToken);
        }

        var report = await Victim.EraseAsync(lane);
        Assert.Equal(1, report.CampaignsOfUnknownAssignment);
        var left = (await AccountDump.OfAsync(lane.App)).Find(Victim.Traces);
        Assert.NotEmpty(left);
        AtLeastOne.All(left, place => Assert.Matches($"/(responses|call_outcomes|product_registrations)/campaign={campaigns[1]}/", place));
        await RawLedger.CheckAllAsync(lane.App.Storage.Raw);
    }

    /// <summary>How many records and lines there are of each customer, by Cube's own id; responses count by the imported one.</summary>
    private static SortedDictionary<long, int> Owners(AccountDump dump)
    {
        var owners = new SortedDictionary<long, int>();
        var internals = new Dictionary<string, long>();
        foreach (var record in Records(dump, "customers/"))
        {
            internals[record.GetProperty("customer_id").ToString()] = record.GetProperty("id").GetInt64();
        }

        foreach (var record in Records(dump, ""))
        {
            var id =
                record.TryGetProperty("id", out var own)
                || record.TryGetProperty("sms_crm_customer_id", out own)
                || record.TryGetProperty("callflow__crm_customer_id", out own)
                    ? long.Parse(own.ToString())
                    : internals.GetValueOrDefault(record.GetProperty("crm__customer_id").ToString());
            owners[id] = owners.GetValueOrDefault(id) + 1;
        }

        return owners;
    }

    private static IEnumerable<JsonElement> Records(AccountDump dump, string feed)
    {
        foreach (var (name, bytes) in dump.Blobs)
        {
            if (
                name.StartsWith("cube-raw/" + feed, StringComparison.Ordinal)
                && name.Contains("/page-", StringComparison.Ordinal)
                && !name.Contains("/campaigns/", StringComparison.Ordinal)
                && !name.Contains("/crm_custom_fields/", StringComparison.Ordinal)
            )
            {
                foreach (var record in JsonDocument.Parse(bytes).RootElement.GetProperty("results").EnumerateArray())
                {
                    yield return record;
                }
            }

            if (name.StartsWith("cube-changes/" + feed, StringComparison.Ordinal))
            {
                foreach (var line in System.Text.Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    // A baseline names the pages, and a deletion nobody's fields.
                    if (
                        JsonDocument.Parse(line).RootElement.TryGetProperty("record", out var record)
                        && record.ValueKind == JsonValueKind.Object
                    )
                    {
                        yield return record;
                    }
                }
            }
        }
    }
}
