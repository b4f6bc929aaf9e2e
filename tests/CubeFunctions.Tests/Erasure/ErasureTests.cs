using System.Text;
using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>A person who is erased is nowhere any more, and everybody else is where he was.</summary>
public sealed class ErasureTests(AzuriteFixture azurite)
{
    [Theory]
    [OverGenerations]
    public async Task An_erased_person_is_nowhere_in_the_account_and_everybody_else_is_byte_for_byte_as_before(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options with { Api = api }, null, Victim.Settings);
        var waiting = await Victim.SeedAsync(lane);
        var before = await AccountDump.OfAsync(lane.App);
        string[] kinds =
        [
            "customers/",
            "callflow_customers/campaign",
            $"callflow_customers/{Scope.NameOf(api.PlacesOf())}",
            $"{api.Calls().Name}/",
            "sms/campaign",
            $"sms/{Scope.NameOf(api.PlacesOf())}",
        ];
        AtLeastOne.All(
            kinds,
            kind => Assert.Contains(before.Find([Victim.Name]), place => place.StartsWith($"cube-raw/{kind}", StringComparison.Ordinal))
        );
        AtLeastOne.All(
            kinds,
            kind => Assert.Contains(before.Find([Victim.Name]), place => place.StartsWith($"cube-changes/{kind}", StringComparison.Ordinal))
        );

        var report = await Victim.EraseAsync(lane);

        var after = await AccountDump.OfAsync(lane.App);
        Assert.Empty(after.Find(Victim.Traces));
        Assert.DoesNotContain(lane.App.Logs.Lines, line => Victim.Traces.Any(trace => line.Text.Contains(trace, StringComparison.Ordinal)));
        await RawLedger.CheckAllAsync(lane.App.Storage.Raw);
        AssertOthersAreKept(before, after);
        Assert.Equal(
            (1, 4, 3, 1, 3, 1, 1),
            (
                report.InternalIds,
                report.Events + report.Mailboxes,
                report.Bodies,
                report.Mailboxes,
                report.Events,
                report.SharedBodies,
                report.Values
            )
        );
        Assert.Equal(
            0,
            (await lane.App.Get<CustomerIndex>().FindAsync(lane.Place, Victim.Imported, TestContext.Current.CancellationToken)).Matches
        );

        // What waits of the others in the body that is gone still goes to Cube.
        await lane.DeliverAsync(waiting);
        AtLeastOne.All(await lane.StatesAsync(waiting), state => Assert.Equal("delivered", state.State));
        Assert.Equal(
            3,
            lane.Cube.Data.CustomerIds(lane.Assignment)
                .Select(id => lane.Cube.Data.Customer(lane.Assignment, id)!)
                .Count(customer => $"{customer["city"]}" == "Bodø" && $"{customer["email"]}".Length == 20_000)
        );

        var again = await Victim.EraseAsync(lane);
        Assert.False(again.Found);
        Assert.NotNull(again.ErasedBefore);
    }

    [Theory]
    [OverGenerations]
    public async Task While_Cube_still_has_him_and_after_it_has_anonymised_or_deleted_him_no_change_is_told(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options with { Api = api }, null, Victim.Settings);
        await Victim.SeedAsync(lane, "Ring igjen");
        await Victim.EraseAsync(lane);
        await using var other = await TestApp.StartAsync(
            lane.Storage,
            lane.Cube,
            null,
            [.. Victim.Settings, ("Upserts__Senders__crm__AssignmentId", lane.Place)]
        );
        await AssertSilentAsync(lane, lane.App, data => data.EditCustomer(lane.Assignment, Victim.Internal, "phone_3", "004790000002"));
        await AssertSilentAsync(lane, other, data => data.AddResponse(data.CampaignIds()[0], Victim.Internal, comment: "Ringte"));
        await AssertSilentAsync(lane, other, data => data.AddSms(data.CampaignIds()[1], Victim.Internal, message: $"Hei {Victim.Name}"));
        await AssertSilentAsync(lane, other, data => data.SetCallState(data.CampaignIds()[0], Victim.Internal, "Booked"));
        // Cube still lists him, and his page has been read anew: the index has the others of it alone.
        Assert.Equal(
            0,
            (await lane.App.Get<CustomerIndex>().FindAsync(lane.Place, Victim.Imported, TestContext.Current.CancellationToken)).Matches
        );
        await AssertSilentAsync(lane, lane.App, data => data.AnonymiseCustomer(lane.Assignment, Victim.Internal));
        await AssertSilentAsync(lane, lane.App, data => data.DeleteCustomer(lane.Assignment, Victim.Internal));

        // Everybody else is told of as ever.
        lane.Cube.Data.EditCustomer(lane.Assignment, Victim.Internal + 1, "phone_3", "004790000003");
        Assert.Contains(
            await ChangeLedger.ReadAsync(lane.App, (await lane.App.RunAsync(Victim.All)).RunId),
            line => $"{line["key"]}" == lane.Cube.Data.KeyOf(lane.Assignment, Victim.Internal + 1)
        );
    }

    [Theory]
    [OverGenerations]
    public async Task Nothing_is_kept_of_a_stranger_and_nothing_is_changed_for_him(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options with { Api = api }, null, Victim.Settings);
        await lane.App.RunAsync(Victim.All);
        var before = await AccountDump.OfAsync(lane.App);
        var report = await Victim.EraseAsync(lane, "nobody");
        Assert.False(report.Found);
        Assert.Null(report.ErasedBefore);
        var after = await AccountDump.OfAsync(lane.App);
        Assert.Equal(
            before.Blobs.Keys.Append("cube-state/salt").Order(StringComparer.Ordinal),
            after.Blobs.Keys.Append("cube-state/salt").Distinct().Order(StringComparer.Ordinal)
        );
        AtLeastOne.All(before.Blobs, blob => Assert.Equal(blob.Value, after.Blobs[blob.Key]));
    }

    private static async Task AssertSilentAsync(Lane lane, TestApp app, Action<CubeData> change)
    {
        change(lane.Cube.Data);
        var run = await app.RunAsync(Victim.All);
        Assert.DoesNotContain(
            await ChangeLedger.ReadAsync(app, run.RunId),
            line => Victim.Traces.Any(trace => line.ToJsonString(Readable).Contains(trace, StringComparison.Ordinal))
        );
        Assert.DoesNotContain(
            (await AccountDump.OfAsync(app)).Find(Victim.Traces),
            place => place.StartsWith("cube-changes/", StringComparison.Ordinal)
        );
    }

    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Records, lines, bodies and values of all others, in their order and byte for byte.</summary>
    private static void AssertOthersAreKept(AccountDump before, AccountDump after)
    {
        Assert.Equal(Records(before), Records(after));
        Assert.Equal(Lines(before), Lines(after));
        Assert.Equal(
            before.Blobs.Keys.Count(name => name.EndsWith(".values", StringComparison.Ordinal)) - 1,
            after.Blobs.Keys.Count(name => name.EndsWith(".values", StringComparison.Ordinal))
        );
        foreach (
            var (name, bytes) in before.Blobs.Where(blob =>
                blob.Key.StartsWith("cube-inbox/", StringComparison.Ordinal) && after.Blobs.ContainsKey(blob.Key)
            )
        )
        {
            Assert.Equal(bytes, after.Blobs[name]);
        }

        Assert.Equal(
            before
                .Lines.Where(line =>
                    (
                        line.StartsWith("CubeUpserts ", StringComparison.Ordinal)
                        || line.StartsWith("CubeCustomers ", StringComparison.Ordinal)
                    ) && !Matches(line)
                )
                .Order(StringComparer.Ordinal),
            after
                .Lines.Where(line =>
                    line.StartsWith("CubeUpserts ", StringComparison.Ordinal) || line.StartsWith("CubeCustomers ", StringComparison.Ordinal)
                )
                .Order(StringComparer.Ordinal)
        );
    }

    private static List<string> Records(AccountDump dump) =>
        [
            .. from blob in dump.Blobs
            where blob.Key.StartsWith("cube-raw/", StringComparison.Ordinal) && blob.Key.Contains("/page-", StringComparison.Ordinal)
            let page = JsonDocument.Parse(blob.Value).RootElement
            let records = page.ValueKind == JsonValueKind.Array ? page : page.GetProperty("results")
            let place = System.Text.RegularExpressions.Regex.Replace(blob.Key, "/attempt=[0-9]+/", "/")
            orderby place
            from record in records.EnumerateArray()
            let text = record.GetRawText()
            where !Matches(text)
            select $"{place} {text}",
        ];

    private static List<string> Lines(AccountDump dump) =>
        [
            .. from blob in dump.Blobs
            where blob.Key.StartsWith("cube-changes/", StringComparison.Ordinal)
            orderby blob.Key
            from line in Encoding.UTF8.GetString(blob.Value).Split('\n')
            where line.Length > 0 && !Matches(line)
            select $"{blob.Key} {line}",
        ];

    private static bool Matches(string text) =>
        text.Contains(Victim.Imported, StringComparison.Ordinal) || text.Contains($"{Victim.Internal}", StringComparison.Ordinal);
}
