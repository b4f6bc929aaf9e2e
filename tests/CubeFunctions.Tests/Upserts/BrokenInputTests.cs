using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cube.Simulator;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>Bodies that once broke the lane, from the door to Cube.</summary>
public sealed class BrokenInputTests(AzuriteFixture azurite)
{
    private const string StandardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 20,
        AnonymisedPerThousand = 0,
    };

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_number_that_no_reader_takes_is_refused_by_the_name_of_its_field(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        await lane.SnapshotAsync();
        var (status, answer) = await lane.Http.PostAsync(
            $"assignments/{lane.Place}/customers",
            $$"""{"customer_id":"410000065","assignment_id":"{{lane.Place}}","Antall år":1e400}"""
        );
        Assert.Equal(400, status);
        Assert.Contains("'Antall år'", answer.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(lane.Cube.Data.Writes);
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task An_older_Standard_Webhooks_message_that_is_sent_again_does_not_win_over_a_newer_one(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
        await using var lane = await Lane.StartAsync(
            azurite,
            Options.EarlyIn(api),
            clock,
            ("Upserts__Senders__std__Kind", "standard-webhooks"),
            ("Upserts__Senders__std__Secret", StandardSecret),
            ("Upserts__Senders__std__Items", "/data"),
            ("Upserts__Senders__std__FieldMap", """{"customer_id":"id","city":"city"}""")
        );
        await lane.SnapshotAsync();
        var id = lane.ImportedIds()[0];
        string Body(string time, string city) =>
            $$"""{"type":"customer.updated","timestamp":"{{time}}","data":{"id":"{{id}}","city":"{{city}}"} }""";
        await lane.DeliverAsync(await PostAsync(lane, clock, "msg_1", Body("2026-11-20T10:00:00Z", "Moss")));
        await lane.DeliverAsync(await PostAsync(lane, clock, "msg_2", Body("2026-11-20T11:00:00Z", "Bodø")));
        var again = await PostAsync(lane, clock, "msg_3", Body("2026-11-20T10:00:00Z", "Moss"));
        await lane.DeliverAsync(again);
        Assert.Equal("superseded", (await lane.StatesAsync(again))[0].State);
        Assert.Equal("Bodø", $"{lane.Record(id)["city"]}");
    }

    private static async Task<List<string>> PostAsync(Lane lane, TimeProvider clock, string id, string body)
    {
        var seconds = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(
            HMACSHA256.HashData(Convert.FromBase64String(StandardSecret[6..]), Encoding.UTF8.GetBytes($"{id}.{seconds}.{body}"))
        );
        var (status, answer) = await lane.Http.PostAsync(
            "webhooks/std",
            body,
            ("webhook-id", id),
            ("webhook-timestamp", seconds),
            ("webhook-signature", $"v1,{signature}")
        );
        Assert.True(status == 202, $"{status}: {answer}");
        return [.. answer.GetProperty("upserts").EnumerateArray().Select(upsert => upsert.GetProperty("id").GetString()!)];
    }
}
