using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>Nothing is lost while events are merged.</summary>
public sealed class MergingTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 20,
        AnonymisedPerThousand = 0,
    };

    private static readonly (string, string)[] Sender =
    [
        ("Upserts__Senders__crm__Kind", "json"),
        ("Upserts__Senders__crm__Secret", "test-secret"),
        ("Upserts__Senders__crm__EventTime", "/at"),
        ("Upserts__Senders__crm__EventId", "/event"),
        (
            "Upserts__Senders__crm__FieldMap",
            """{"gender":{"from":"gender","values":{"1":"Female","2":"Male"}},"city":"city","phone_1":"phone"}"""
        ),
    ];

    [Theory]
    [OverGenerations(First = true)]
    public async Task When_Cube_refuses_the_newest_value_the_next_older_good_one_arrives(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), null, Sender);
        await lane.SnapshotAsync();
        var id = lane.ImportedIds()[0];
        var older = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e1","at":"2026-11-01T10:00:01Z","city":"Hamar"}""");
        var newest = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e2","at":"2026-11-01T10:00:02Z","city":"Bodø"}""");
        lane.Cube.Faults.Add("bad-request=1,times=1,method=PUT");
        await lane.DeliverAsync([.. older, .. newest]);
        var states = await lane.StatesAsync([.. older, .. newest]);
        Assert.Equal(["delivered", "dead"], states.Select(state => state.State));
        Assert.StartsWith("Cube answered 400 to PUT", states[1].Reason, StringComparison.Ordinal);
        Assert.Equal("Hamar", $"{lane.Record(id)["city"]}");

        Assert.Equal(1, (await lane.App.Get<UpsertReader>().ReplayAsync([], TestContext.Current.CancellationToken)).Count);
        await lane.DeliverAsync(newest);
        Assert.Equal("Bodø", $"{lane.Record(id)["city"]}");
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task Each_event_says_what_Cube_has_against_its_own_field(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), null, Sender);
        await lane.SnapshotAsync();
        lane.Cube.Data.ValueError = (field, value) => value == "?" ? $"No such {field}." : null;
        var id = lane.ImportedIds()[0];
        var city = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e1","at":"2026-11-01T10:00:01Z","city":"?"}""");
        var phone = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e2","at":"2026-11-01T10:00:02Z","phone":"?"}""");
        await lane.DeliverAsync([.. city, .. phone]);
        var place = api == TenantApi.DataOwners ? "data_owners/{owner}/{type}" : "assignments/{id}";
        var answer = $"Cube answered 400 to PUT /api/v1/{place}/customers/{{customer}}";
        Assert.Equal(
            [("dead", $"{answer}: city: No such city."), ("dead", $"{answer}: phone_1: No such phone_1.")],
            (await lane.StatesAsync([.. city, .. phone])).Select(state => (state.State, state.Reason))
        );
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_value_that_no_field_takes_is_left_out_by_name_and_the_others_arrive(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), null, Sender);
        await lane.SnapshotAsync();
        var id = lane.ImportedIds()[0];
        var large = await lane.HookAsync(
            $$"""{"customer_id":"{{id}}","event":"e1","at":"2026-11-01T10:00:01Z","city":"{{new string('x', UpsertLimits.ValueCharacters)}}","phone":"+4791111111"}"""
        );
        var option = await lane.HookAsync(
            $$"""{"customer_id":"{{id}}","event":"e2","at":"2026-11-01T10:00:02Z","gender":"7","phone":"+4791111112"}"""
        );
        await lane.DeliverAsync([.. large, .. option]);
        var states = await lane.StatesAsync([.. large, .. option]);
        Assert.Equal(["superseded", "delivered"], states.Select(state => state.State));
        Assert.Equal($"field 'city': source 'city' is longer than {UpsertLimits.ValueCharacters} characters; left out", states[0].Reason);
        Assert.Equal("field 'gender': the value of source 'gender' is not in the field's table of values; left out", states[1].Reason);
        Assert.Equal("+4791111112", $"{lane.Record(id)["phone_1"]}");

        var (status, answer) = await lane.Http.PostAsync(
            $"assignments/{lane.Place}/customers",
            new JsonObject { ["customer_id"] = id, ["city"] = new string('x', UpsertLimits.ValueCharacters) }.ToJsonString()
        );
        Assert.Equal(400, status);
        Assert.Contains("'city'", answer.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task Long_values_that_were_sent_leave_room_for_the_next_ones(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        await lane.SnapshotAsync();
        var id = lane.ImportedIds()[0];
        for (var round = 0; round < 3; round++)
        {
            var fields = new JsonObject { ["customer_id"] = id };
            for (var field = 0; field < 36; field++)
            {
                fields[$"notat {field}"] = new string((char)('a' + round), 20_000);
            }

            var ids = await lane.PostAsync(fields.ToJsonString());
            await lane.DeliverAsync(ids);
            Assert.Equal("delivered", (await lane.StatesAsync(ids))[0].State);
        }

        Assert.Equal(new string('c', 20_000), $"{lane.Record(id)["notat 35"]}");
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task An_event_that_died_by_its_map_is_parsed_again_by_the_mended_one(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), null, Sender);
        await lane.SnapshotAsync();
        var id = lane.ImportedIds()[0];
        var ids = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e1","at":"2026-11-01T10:00:01Z","gender":"7"}""");
        Assert.Equal("dead", (await lane.StatesAsync(ids))[0].State);
        var replayed = await lane.App.Get<UpsertReader>().ReplayAsync([], TestContext.Current.CancellationToken);
        Assert.Equal((0, 1), (replayed.Count, replayed.StillDead));

        (string, string)[] mended =
        [
            .. Sender.SkipLast(1),
            (
                "Upserts__Senders__crm__FieldMap",
                """{"gender":{"from":"gender","values":{"1":"Female","2":"Male","7":"Unknown"}},"city":"city"}"""
            ),
            ("Upserts__Senders__crm__AssignmentId", lane.Place),
            ("Cube__Writes", "true"),
        ];
        await using var next = await TestApp.StartAsync(lane.Storage, lane.Cube, null, mended);
        Assert.Equal(1, (await next.Get<UpsertReader>().ReplayAsync([], TestContext.Current.CancellationToken)).Count);
        await lane.DeliverAsync(ids);
        Assert.Equal("delivered", (await lane.StatesAsync(ids))[0].State);
        Assert.Equal("Unknown", $"{lane.Record(id)["gender"]}");
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task Forty_eight_hours_count_for_each_event(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 30);
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock, Sender);
        await lane.SnapshotAsync();
        var id = lane.ImportedIds()[0];
        lane.Cube.Faults.Add("503=1,path=/customers/");
        var old = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e1","at":"2026-11-01T10:00:01Z","city":"Hamar"}""");
        await lane.PumpUntilRefusedAsync(old[0]);
        clock.Advance(TimeSpan.FromHours(49));
        var young = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e2","at":"2026-11-01T10:00:02Z","phone":"+4791111111"}""");
        await lane.SweepAsync();
        await lane.PumpUntilAsync(async () => (await lane.StatesAsync(old))[0].State == "dead");
        var states = await lane.StatesAsync([.. old, .. young]);
        Assert.Equal(["dead", "waiting"], states.Select(state => state.State));
        Assert.Contains("48 hours", states[0].Reason, StringComparison.Ordinal);
        lane.Cube.Faults.Clear();
        clock.Advance(TimeSpan.FromMinutes(20));
        await lane.DeliverAsync(young);
        Assert.Equal("+4791111111", $"{lane.Record(id)["phone_1"]}");
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task One_write_that_is_not_available_by_mistake_makes_its_customer_wait_and_nobody_else(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 10);
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock);
        await lane.SnapshotAsync();
        var customers = lane.ImportedIds();
        foreach (
            var (fault, at) in new[] { ("404=1,times=1,method=PUT", 1), ("405=1,times=1,method=PUT", 4), ("501=1,times=1,method=PUT", 7) }
        )
        {
            await lane.DeliverAsync(await lane.PostAsync($$"""{"customer_id":"{{customers[at]}}","city":"Hamar"}"""));
            lane.Cube.Faults.Add(fault);
            var unlucky = await lane.PostAsync($$"""{"customer_id":"{{customers[at + 1]}}","city":"Bodø"}""");
            await lane.PumpUntilRefusedAsync(unlucky[0]);
            var lucky = await lane.PostAsync($$"""{"customer_id":"{{customers[at + 2]}}","city":"Bodø"}""");
            await lane.DeliverAsync(lucky, sweep: false);
            await lane.DeliverAsync(unlucky, sweep: false);
            Assert.Equal(["delivered", "delivered"], (await lane.StatesAsync([.. unlucky, .. lucky])).Select(state => state.State));
        }
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_tenant_without_writes_is_probed_and_all_wait_with_the_reason(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock);
        await lane.SnapshotAsync();
        var customers = lane.ImportedIds();
        lane.Cube.Faults.Add("405=1,method=PUT");
        var ids = await lane.PostAsync($$"""{"customer_id":"{{customers[0]}}","city":"Hamar"}""");
        await lane.PumpUntilRefusedAsync(ids[0]);
        ids.AddRange(await lane.PostAsync($$"""{"customer_id":"{{customers[1]}}","city":"Hamar"}"""));
        await lane.PumpUntilRefusedAsync(ids[1]);
        var states = await lane.StatesAsync(ids);
        Assert.Equal(["waiting", "waiting"], states.Select(state => state.State));
        Assert.Equal(2, states.Count(state => state.Reason!.StartsWith("writes are not enabled on this tenant", StringComparison.Ordinal)));
        Assert.Equal(
            "writes",
            Assert.Single(await lane.App.Get<Core.Storage.SharedFlags>().ListAsync(TestContext.Current.CancellationToken)).Name
        );

        // A person lifts the pause: what waited for writes goes with the janitor's next round, however lately it came.
        lane.Cube.Faults.Clear();
        await lane.App.Get<Core.Storage.SharedFlags>().LiftAsync("writes", TestContext.Current.CancellationToken);
        Assert.Equal(2, await lane.App.Get<UpsertJanitor>().RunOnceAsync(force: false, TestContext.Current.CancellationToken));
        await lane.DeliverAsync(ids, sweep: false);
        Assert.Empty(await lane.App.Get<Core.Storage.SharedFlags>().ListAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task What_waits_says_why_has_an_age_limit_and_can_be_dropped(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(
            azurite,
            Options.EarlyIn(api),
            clock,
            ("Upserts__Senders__crm__Kind", "json"),
            ("Upserts__Senders__crm__Secret", "test-secret"),
            ("Upserts__Senders__crm__AssignmentId", "99")
        );
        await lane.SnapshotAsync();
        Assert.Equal(404, (await lane.Http.PostAsync("assignments/99/customers", """{"customer_id":"1","name":"A"}""")).Status);
        var ids = await lane.HookAsync("""[{"customer_id":"1","name":"A"},{"customer_id":"2","name":"B"}]""");
        await lane.PumpUntilAsync(async () => (await lane.StatesAsync(ids)).TrueForAll(state => state.Reason is { Length: > 0 }));
        Assert.Equal(
            2,
            (await lane.StatesAsync(ids)).Count(state =>
                state is ("waiting", { } reason)
                && reason.StartsWith("assignment 99 is not among those that Cube lists", StringComparison.Ordinal)
            )
        );
        Assert.Equal(1, (await lane.App.Get<UpsertReader>().DropAsync([ids[0]], TestContext.Current.CancellationToken)).Count);
        Assert.Equal("dropped", (await lane.StatesAsync(ids))[0].State);
        clock.Advance(TimeSpan.FromDays(31));
        await lane.SweepAsync();
        var (state, reason) = (await lane.StatesAsync(ids[1..]))[0];
        Assert.Equal("dead", state);
        Assert.EndsWith("for 30 days", reason, StringComparison.Ordinal);
    }
}
