using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cube.Simulator;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>Erasures beside posts of many events, merges and deletions for privacy.</summary>
public sealed class PostErasureTests(AzuriteFixture azurite)
{
    private const string Secret = "test-secret";
    private const string PublicUrl = "https://hooks.example.test";
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly (string, string)[] Hub =
    [
        ("Upserts__Senders__hub__Kind", "hubspot"),
        ("Upserts__Senders__hub__Secret", Secret),
        ("Upserts__Senders__hub__PublicUrl", PublicUrl),
        ("Upserts__Senders__hub__FieldMap", """{"email":"email","city":"city"}"""),
        ("Cube__Writes", "true"),
    ];

    [Theory]
    [OverGenerations]
    public async Task A_post_whose_sender_is_not_configured_is_kept_shown_and_split_where_it_is(TenantApi api)
    {
        await using var lane = await StartAsync(api);
        var others = lane.ImportedIds().Skip(5).Take(16).ToList();
        var ids = await UnsplitAsync(
            lane,
            [.. others.Select(id => Victim.Post(id, "city", "Hamar")), Victim.Post(Victim.Imported, "name", Victim.Name)]
        );

        // A desk without the settings of any sender.
        await using var desk = await TestApp.StartAsync(lane.Storage, lane.Cube);
        var post = await PostAsync(desk);
        var busy = await Assert.ThrowsAsync<ErasureBusyException>(() => Victim.EraseAsync(lane, app: desk));
        Assert.Contains("waits for settings of sender 'crm'", busy.Message, StringComparison.Ordinal);
        Assert.IsType<PostOutcome.Waiting>(await desk.Get<PostSplitter>().SplitAsync(post.PartitionKey + post.RowKey, Token));
        Assert.Equal("waits for settings of sender 'crm', which this program has not", (await PostAsync(desk)).Reason);

        await lane.SweepAsync();
        await lane.DeliverAsync(ids);
        AtLeastOne.All((await lane.StatesAsync(ids)).SkipLast(1), state => Assert.Equal("delivered", state.State));
        AtLeastOne.All(others, id => Assert.Equal("Hamar", $"{lane.Record(id)["city"]}"));
        Assert.True((await Victim.EraseAsync(lane, app: desk)).Found);

        // One that nobody will ever split is given up by a person.
        await UnsplitAsync(lane, [.. others.Select(id => Victim.Post(id, "city", "Moss")), Victim.Post("1", "city", "Moss")]);
        var given = await PostAsync(desk);
        Assert.Equal(1, (await desk.Get<UpsertReader>().DropAsync([given.PartitionKey + given.RowKey], Token)).Count);
        Assert.IsType<PostOutcome.Gone>(await lane.App.Get<PostSplitter>().SplitAsync(given.PartitionKey + given.RowKey, Token));
    }

    [Theory]
    [OverGenerations]
    public async Task An_erasure_waits_for_the_worker_that_has_parsed_the_post_and_leaves_nothing(TenantApi api)
    {
        await using var lane = await StartAsync(api);
        var others = lane.ImportedIds().Skip(5).Take(16).ToList();
        var ids = await UnsplitAsync(
            lane,
            [.. others.Select(id => Victim.Post(id, "city", "Hamar")), Victim.Post(Victim.Imported, "name", Victim.Name)]
        );
        var post = await PostAsync(lane.App);

        // Whoever was answered with the ids may ask for them.
        Assert.Equal(("waiting", "accepted; the post that it came in waits to be split"), await lane.Http.UpsertAsync(ids[^1]));

        // The worker has parsed the body and is about to write its first row.
        using var go = new ManualResetEventSlim();
        var (parsed, waits, looks) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        lane.Line!.Refuse = (_, method, address) =>
        {
            if (method == "POST" && address.Contains("/CubeUpserts", StringComparison.Ordinal) && parsed.TrySetResult())
            {
                go.Wait(TimeSpan.FromSeconds(30), Token);
            }

            if (
                parsed.Task.IsCompleted
                && address.Contains("post", StringComparison.Ordinal)
                && method == "GET"
                && Interlocked.Increment(ref looks) == 2
            )
            {
                waits.TrySetResult();
            }

            return false;
        };
        var splitting = lane.App.Get<PostSplitter>().SplitAsync(post.PartitionKey + post.RowKey, Token);
        await parsed.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        var erasing = Victim.EraseAsync(lane);
        await Task.WhenAny(waits.Task, erasing).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.False(erasing.IsCompleted);
        go.Set();
        Assert.IsType<PostOutcome.Split>(await splitting);
        await erasing;
        lane.Line.Refuse = null;

        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find([Victim.Name, Victim.Imported]));
        await lane.DeliverAsync(ids[..16]);
        AtLeastOne.All(others, id => Assert.Equal("Hamar", $"{lane.Record(id)["city"]}"));
        Assert.DoesNotContain(lane.Cube.Data.Writes, write => write.ImportedId == Victim.Imported);
    }

    [Theory]
    [OverGenerations]
    public async Task Erasing_the_record_that_remains_finds_the_mailboxes_of_those_that_were_merged_into_it(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(azurite, Victim.Options with { Api = api, CustomersPerAssignment = 20 }, clock, Hub);
        await lane.SnapshotAsync();
        var ids = await HubAsync(
            lane,
            clock,
            """[{"eventId":1,"occurredAt":1764000000000,"subscriptionType":"contact.merge","primaryObjectId":900817101,"mergedObjectIds":[900817102],"newObjectId":900817103}]"""
        );
        await lane.PumpUntilAsync(async () => await MailboxesAsync() == 2);
        await HubAsync(
            lane,
            clock,
            """[{"eventId":2,"subscriptionType":"contact.propertyChange","objectId":900817102,"propertyName":"city","propertyValue":"Moss","occurredAt":1764000001000}]"""
        );

        // What the merged one's mailbox was sent is in Cube under the id that remains, and each of the three has a mailbox that says so.
        await lane.PumpUntilAsync(async () =>
            lane.Cube.Data.FindCustomer(lane.Assignment, "900817103") is { } record
            && $"{lane.Cube.Data.Customer(lane.Assignment, record)!["city"]}" == "Moss"
            && await MailboxesAsync() == 3
        );

        // The events are purged, and their bodies by the lifecycle rules; what the mailboxes say stays.
        clock.Advance(TimeSpan.FromDays(31));
        await lane.SweepAsync();
        await foreach (var body in lane.App.Storage.Inbox.GetBlobsAsync(cancellationToken: Token))
        {
            await lane.App.Storage.Inbox.DeleteBlobAsync(body.Name, cancellationToken: Token);
        }

        Assert.Null(await lane.App.Get<UpsertReader>().FindAsync(ids[0], Token));
        Assert.NotEmpty((await AccountDump.OfAsync(lane.App)).Find(["900817103"]));
        var report = await Victim.EraseAsync(lane, "900817103");
        Assert.Equal((true, 3), (report.Found, report.Mailboxes));
        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find(["900817103"]));
        async Task<int> MailboxesAsync() =>
            await lane.App.Storage.Customers.QueryAsync<Azure.Data.Tables.TableEntity>(cancellationToken: Token).CountAsync(Token);
    }

    [Theory]
    [OverGenerations]
    public async Task A_deletion_for_privacy_erases_the_customer_where_the_sender_is_set_so(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(
            azurite,
            Victim.Options with
            {
                Api = api,
                CustomersPerAssignment = 40,
            },
            clock,
            [.. Hub, ("Upserts__Senders__hub__PrivacyDeletion", "erase"), ("Sync__LeaseSeconds", "2")]
        );
        await lane.SnapshotAsync();
        var (person, other) = (lane.ImportedIds()[7], lane.ImportedIds()[8]);
        var before = await HubAsync(
            lane,
            clock,
            Events(clock, (1, person, "email", "hemmelig@example.no"), (2, other, "email", "en.annen@example.no"))
        );
        await lane.DeliverAsync(before);
        await HubAsync(
            lane,
            clock,
            $$"""[{"eventId":9,"occurredAt":{{clock.GetUtcNow().ToUnixTimeMilliseconds()}},"subscriptionType":"contact.privacyDeletion","objectId":{{person}}}]"""
        );

        // Its own row goes with the person: the order is what there is to wait for, and the worker has its mailbox until it has ended.
        await lane.PumpUntilAsync(async () =>
            await OrdersAsync(lane) is [var order]
            && (await lane.App.Get<ErasureOrders>().FindAsync(order, Token))!.State == ErasureState.Done
        );

        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find(["hemmelig@example.no", $"\"{person}\"", $":{person}}}"]));
        Assert.NotEmpty((await AccountDump.OfAsync(lane.App)).Find([$"\"{other}\""]));
        Assert.Empty(await lane.App.Get<UpsertReader>().InStateAsync(UpsertState.Dead, 10, Token));

        // A repeat of the event is an event of nobody, or erases once more; neither shows or writes anything.
        Assert.Equal("hemmelig@example.no", $"{lane.Record(person)["email"]}");
        Assert.DoesNotContain(lane.App.Logs.Lines, line => line.Text.Contains(person, StringComparison.Ordinal));
    }

    [Theory]
    [OverGenerations]
    public async Task A_deletion_for_privacy_that_was_held_erases_after_a_replay_by_other_settings(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(azurite, Victim.Options with { Api = api, CustomersPerAssignment = 20 }, clock, Hub);
        await lane.SnapshotAsync();
        var held = await HubAsync(
            lane,
            clock,
            """[{"eventId":9,"occurredAt":1764000000000,"subscriptionType":"contact.privacyDeletion","objectId":900817103}]"""
        );
        Assert.Equal("dead", (await lane.StatesAsync(held))[0].State);

        await using var next = await TestApp.StartAsync(
            lane.Storage,
            lane.Cube,
            clock,
            [.. Hub, ("Upserts__Senders__hub__AssignmentId", lane.Place), ("Upserts__Senders__hub__PrivacyDeletion", "erase")]
        );
        Assert.Equal(1, (await next.Get<UpsertReader>().ReplayAsync(held, Token)).Count);
        await lane.PumpUntilAsync(async () => (await OrdersAsync(lane)).Count > 0);
        Assert.Single(await OrdersAsync(lane));
    }

    /// <summary>The post that waits to be split, as people see it.</summary>
    private static async Task<UpsertRow> PostAsync(TestApp app) =>
        Assert.Single(await app.Get<UpsertReader>().InStateAsync(UpsertState.Waiting, 100, Token), row => row.CustomerId is null);

    private static async Task<List<string>> OrdersAsync(Lane lane) =>
        await lane
            .App.Storage.Runs.QueryAsync<Azure.Data.Tables.TableEntity>(
                $"PartitionKey eq '{ErasureRow.Partition}'",
                cancellationToken: Token
            )
            .Select(row => row.RowKey)
            .ToListAsync(Token);

    private static string Events(TimeProvider clock, params (int Event, string Customer, string Name, string Value)[] events) =>
        $"[{string.Join(',', events.Select(told => $$"""{"eventId":{{told.Event}},"subscriptionType":"contact.propertyChange","objectId":{{told.Customer}},"propertyName":"{{told.Name}}","propertyValue":"{{told.Value}}","occurredAt":{{clock.GetUtcNow().ToUnixTimeMilliseconds()}}}"""))}]";

    /// <summary>A lane behind a line, with a proven snapshot of 40 customers.</summary>
    private async Task<Lane> StartAsync(TenantApi api)
    {
        var lane = await Lane.StartAsync(
            azurite,
            Victim.Options with
            {
                Api = api,
                CustomersPerAssignment = 40,
            },
            null,
            withLine: true,
            Victim.Settings
        );
        await lane.SnapshotAsync();
        return lane;
    }

    /// <summary>Posts customers so that the post's row is written and no other: storage is slow after it.</summary>
    private static async Task<List<string>> UnsplitAsync(Lane lane, string[] customers)
    {
        var rows = 0;
        lane.Line!.Refuse = (_, method, address) =>
        {
            if (method == "POST" && address.Contains("/CubeUpserts", StringComparison.Ordinal) && Interlocked.Increment(ref rows) > 1)
            {
                lane.Line.TableDelay = TimeSpan.FromSeconds(2.5);
            }

            return false;
        };
        var ids = await lane.HookAsync($"[{string.Join(',', customers)}]");
        (lane.Line.Refuse, lane.Line.TableDelay) = (null, TimeSpan.Zero);
        await WaitFor.TrueAsync(
            async () =>
                await lane
                    .App.Storage.Upserts.QueryAsync<PostRow>(row => row.PartitionKey == PostRow.Partition, cancellationToken: Token)
                    .AllAsync(post => !(post.LeaseUntil > TimeProvider.System.GetUtcNow()), Token),
            TimeSpan.FromSeconds(30)
        );
        return ids;
    }

    private static async Task<List<string>> HubAsync(Lane lane, TimeProvider clock, string body)
    {
        var milliseconds = clock.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(
            HMACSHA256.HashData(
                Encoding.UTF8.GetBytes(Secret),
                Encoding.UTF8.GetBytes($"POST{PublicUrl}/api/webhooks/hub{body}{milliseconds}")
            )
        );
        var (status, answer) = await lane.Http.PostAsync(
            "webhooks/hub",
            body,
            ("X-HubSpot-Request-Timestamp", milliseconds),
            ("X-HubSpot-Signature-v3", signature)
        );
        Assert.True(status == 202, $"{status}: {answer}");
        return [.. answer.GetProperty("upserts").EnumerateArray().Select(upsert => upsert.GetProperty("id").GetString()!)];
    }
}
