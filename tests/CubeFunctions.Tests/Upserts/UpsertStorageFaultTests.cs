using Azure;
using Azure.Data.Tables;
using Cube.Simulator;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>Each storage request of the lane fails once, in every way, while the process lives on.</summary>
public sealed class UpsertStorageFaultTests(AzuriteFixture azurite)
{
    private const string Secret = "test-secret";
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 60,
        AnonymisedPerThousand = 0,
    };

    private static readonly (string, string)[] Sender =
    [
        ("Upserts__Senders__crm__Kind", "json"),
        ("Upserts__Senders__crm__Secret", Secret),
        ("Upserts__Senders__crm__EventId", "/event"),
    ];

    [Theory]
    [OverGenerations(true, First = true)]
    [OverGenerations(false, First = true)]
    public async Task An_answer_that_is_lost_after_any_write_delays_by_seconds_and_does_nothing_twice(TenantApi api, bool isKnown)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), null, withLine: true, Sender);
        await lane.SnapshotAsync();
        var known = lane.ImportedIds();
        var position = 0;
        for (var wasLost = true; wasLost; position++)
        {
            var customer = isKnown ? known[position] : $"ny-{position}";
            lane.Line!.LoseAnswerOf = lane.Line.Writes + position;
            var started = TimeProvider.System.GetTimestamp();
            var ids = await lane.HookAsync($$"""{"customer_id":"{{customer}}","event":"e{{position}}","city":"By {{position}}"}""");
            await lane.DeliverAsync(ids, sweep: false);
            wasLost = lane.Line.Writes > lane.Line.LoseAnswerOf;

            Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(30));
            Assert.Equal("delivered", (await lane.StatesAsync(ids))[0].State);
            Assert.Equal($"By {position}", $"{Assert.Single(lane.Cube.Data.Writes, write => write.ImportedId == customer).Body["city"]}");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{position - 1} writes from webhook to Cube");
        Assert.InRange(position - 1, 6, 12);
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_request_that_fails_as_nobody_foresaw_costs_its_customer_a_moment_at_every_position(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock, withLine: true, Sender);
        await lane.SnapshotAsync();
        var known = lane.ImportedIds();
        var position = 0;
        for (var wasHit = true; wasHit; position++)
        {
            var (left, hit) = (position, false);
            lane.Line!.Refuse = (_, method, address) =>
            {
                if (!IsOfLane(method, address) || Interlocked.Decrement(ref left) != -1)
                {
                    return false;
                }

                return hit = true;
            };
            var json = $$"""{"customer_id":"{{known[position]}}","event":"e{{position}}","city":"By {{position}}"}""";
            var (status, answer) = await lane.Http.PostAsync("webhooks/crm", json, ("x-webhook-secret", Secret));
            if (status == 503)
            {
                (status, answer) = await lane.Http.PostAsync("webhooks/crm", json, ("x-webhook-secret", Secret));
            }

            Assert.Equal(202, status);
            List<string> ids = [answer.GetProperty("upserts")[0].GetProperty("id").GetString()!];
            await lane.DeliverAsync(ids, sweep: false);
            Assert.Equal("delivered", (await lane.StatesAsync(ids))[0].State);
            Assert.Equal($"By {position}", $"{lane.Record(known[position])["city"]}");
            wasHit = hit;
        }

        Assert.InRange(position, 8, 40);
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task What_is_thrown_inside_a_request_to_Cube_costs_its_customer_a_moment_and_keeps_nobody_else_waiting(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        var thrower = new Thrower();
        await using var lane = await Lane.StartAsync(
            azurite,
            Options.EarlyIn(api),
            clock,
            withLine: false,
            builder => thrower.StandInHandlerOf(builder, typeof(CubeClient)),
            Sender
        );
        await lane.SnapshotAsync();
        var known = lane.ImportedIds();
        var position = 0;
        for (var wasHit = true; wasHit; position++)
        {
            // Known customers and new ones in turn: they are looked for, written and created.
            var customer = position % 2 == 0 ? known[position] : $"ny-{position}";
            thrower.ThrowAt(position / 2);
            var ids = await lane.HookAsync($$"""{"customer_id":"{{customer}}","event":"e{{position}}","city":"By {{position}}"}""");
            await lane.DeliverAsync(ids);
            Assert.Equal("delivered", (await lane.StatesAsync(ids))[0].State);
            Assert.Equal($"By {position}", $"{Assert.Single(lane.Cube.Data.Writes, write => write.ImportedId == customer).Body["city"]}");
            wasHit = thrower.Thrown.Length > 0 || position % 2 == 0;
        }

        Assert.InRange(position, 4, 20);
        var broken = lane.Cube.Data.IdInUrlOf(lane.Assignment, lane.Cube.Data.FindCustomer(lane.Assignment, known[40])!.Value);
        thrower.Always = place => place.Contains($"/{broken}", StringComparison.Ordinal);
        var waiting = await lane.HookAsync($$"""{"customer_id":"{{known[40]}}","event":"a","city":"Bodø"}""");
        var delivered = await lane.HookAsync($$"""{"customer_id":"{{known[41]}}","event":"b","city":"Bodø"}""");
        await WaitFor.TrueAsync(
            async () =>
            {
                await lane.PumpAsync(TimeSpan.FromSeconds(1));
                return (await lane.StatesAsync(delivered))[0].State == "delivered"
                    && (await lane.StatesAsync(waiting))[0].Reason is not null;
            },
            TimeSpan.FromSeconds(60)
        );
        var (state, reason) = (await lane.StatesAsync(waiting))[0];
        Assert.Equal("waiting", state);
        Assert.EndsWith("failed: UnforeseenException", reason, StringComparison.Ordinal);
    }

    /// <summary>What the host does with the queue, and what the test itself reads, is not the lane's.</summary>
    private static bool IsOfLane(string method, string address) =>
        !(
            method == "GET"
            && (
                address.Contains("CubeUpserts(PartitionKey", StringComparison.Ordinal)
                || address.Contains("/cube-upserts", StringComparison.Ordinal)
            )
        ) && !address.Contains("popreceipt", StringComparison.Ordinal);

    /// <summary>What it remembers is forgotten, column by column; a POST may have been among it.</summary>
    [Theory]
    [OverGenerations(First = true)]
    public async Task A_mailbox_with_any_garbled_column_holds_up_neither_its_customer_nor_others(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 50);
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock, Sender);
        await lane.SnapshotAsync();
        (string Column, object Value)[] garbled =
        [
            ("Content0", "{"),
            ("Content0", 7),
            ("LeaseHolder", 7),
            ("LeaseUntil", "soon"),
            ("Uncompared", "yes"),
            ("AssignmentId", 7),
            ("CustomerId", 7),
        ];
        List<string> customers = [.. lane.ImportedIds().Take(garbled.Length - 1), "ny-1"];
        await lane.DeliverAsync(await PostAsync("a", "Hamar"));
        var number = 0;
        await foreach (
            var row in lane.App.Storage.Customers.QueryAsync<TableEntity>(cancellationToken: TestContext.Current.CancellationToken)
        )
        {
            row[garbled[number].Column] = garbled[number++].Value;
            await lane.App.Storage.Customers.UpdateEntityAsync(
                row,
                ETag.All,
                TableUpdateMode.Replace,
                TestContext.Current.CancellationToken
            );
        }

        Assert.Equal(garbled.Length, number);
        var ids = await PostAsync("b", "Bodø");
        await lane.DeliverAsync(ids);
        AtLeastOne.All(await lane.StatesAsync(ids), state => Assert.Equal(("delivered", null), state));
        AtLeastOne.All(customers, customer => Assert.Equal("Bodø", $"{lane.Record(customer)["city"]}"));
        Assert.Single(lane.Cube.Data.Writes, write => write.Method == "POST");

        async Task<List<string>> PostAsync(string round, string city)
        {
            var ids = new List<string>();
            foreach (var customer in customers)
            {
                ids.AddRange(
                    await lane.HookAsync($$"""{"customer_id":"{{customer}}","event":"{{round}}-{{customer}}","city":"{{city}}"}""")
                );
            }

            return ids;
        }
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_row_that_cannot_be_read_is_dead_and_its_customers_other_events_arrive(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock, Sender);
        await lane.SnapshotAsync();
        var customer = lane.ImportedIds()[0];
        var broken = (await lane.HookAsync($$"""{"customer_id":"{{customer}}","event":"e1","city":"Bodø"}"""))[0];
        var garbled = new TableEntity(broken[..32], broken[32..]) { ["EventTime"] = "no time" };
        await lane.App.Storage.Upserts.UpdateEntityAsync(garbled, ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        var whole = await lane.HookAsync($$"""{"customer_id":"{{customer}}","event":"e2","phone_1":"+4791111111"}""");
        await lane.DeliverAsync(whole, sweep: false);
        Assert.Equal("delivered", (await lane.StatesAsync(whole))[0].State);
        var row = (
            await lane.App.Storage.Upserts.GetEntityAsync<TableEntity>(
                broken[..32],
                broken[32..],
                cancellationToken: TestContext.Current.CancellationToken
            )
        ).Value;
        Assert.Equal(("Dead", "its row cannot be read"), (row.GetString("State"), row.GetString("Reason")));
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_garbled_row_stops_neither_the_janitor_nor_a_list(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock, Sender);
        await lane.SnapshotAsync();
        var customers = lane.ImportedIds();
        var broken = (await lane.HookAsync($$"""{"customer_id":"{{customers[0]}}","event":"e1","city":"Bodø"}"""))[0];
        var garbled = new TableEntity(broken[..32], broken[32..]) { ["AcceptedAt"] = "long ago", ["EventTime"] = 7 };
        await lane.App.Storage.Upserts.UpdateEntityAsync(garbled, ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        var whole = await lane.HookAsync($$"""{"customer_id":"{{customers[1]}}","event":"e2","city":"Bodø"}""");
        Assert.Equal(
            2,
            (await lane.App.Get<UpsertReader>().InStateAsync(UpsertState.Waiting, 10, TestContext.Current.CancellationToken)).Count
        );
        clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(1, await lane.App.Get<UpsertJanitor>().RunOnceAsync(force: false, TestContext.Current.CancellationToken));
        await lane.DeliverAsync(whole, sweep: false);
        var dead = Assert.Single(
            await lane.App.Get<UpsertReader>().InStateAsync(UpsertState.Dead, 10, TestContext.Current.CancellationToken)
        );
        Assert.Equal((broken, "its row cannot be read"), (dead.PartitionKey + dead.RowKey, dead.Reason));
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task Tables_that_are_away_for_minutes_make_no_event_dead(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 30);
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock, withLine: true, Sender);
        await lane.SnapshotAsync();
        var customer = lane.ImportedIds()[0];
        var ids = await lane.HookAsync($$"""{"customer_id":"{{customer}}","event":"e1","city":"Bodø"}""");
        lane.Line!.TablesAway = true;
        await lane.PumpAsync(TimeSpan.FromSeconds(8));
        Assert.Empty(
            (await lane.App.Storage.Queue("cube-upserts-poison").PeekMessagesAsync(1, TestContext.Current.CancellationToken)).Value
        );
        lane.Line.TablesAway = false;
        await lane.DeliverAsync(ids);
        Assert.Equal("delivered", (await lane.StatesAsync(ids))[0].State);
    }
}
