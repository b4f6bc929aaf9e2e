using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Tests.Local;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>
/// Webhooks by the thousand, with repeats and in any order, a Cube that fails, and that never takes some of the values, and a process that
/// is killed again and again.
/// </summary>
public sealed class ChaosTests(AzuriteFixture azurite)
{
    private const string NotTaken = "x";
    private static readonly string[] Fields = ["phone_1", "email", "city"];

    [Theory]
    [OverGenerations(First = true)]
    public async Task At_the_end_every_field_has_its_newest_value_and_nothing_older_was_written_after_it(TenantApi api)
    {
        var random = new Random(TestScale.Seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        var events = TestScale.Of(300, 10_000);
        var kills = TestScale.Of(2, 20);
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions
            {
                Campaigns = 1,
                CustomersPerAssignment = 200,
                AnonymisedPerThousand = 0,
            }.EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        cube.Data.ValueError = (_, value) => value.StartsWith(NotTaken, StringComparison.Ordinal) ? "Enter a valid value." : null;
        var assignment = cube.Data.AssignmentIds[0];
        var account = await azurite.NewAccountAsync();
        var port = AzuriteProcess.FreePorts(1)[0];
        var settings = CommandTests.Of(
            cube,
            account,
            [
                ("Sync__LeaseSeconds", "2"),
                ("Sync__Schedule", "0 0 0 1 1 *"),
                ("Sync__SnapshotSchedule", "0 0 0 1 1 *"),
                ("Cube__MaxConcurrentRequests", "16"),
                ("Cube__Writes", "true"),
                .. SignedPosts.Settings(cube.Data.PlaceOf(assignment).Id),
            ]
        );
        Assert.Equal(0, (await CubeProcess.SyncAsync("--feed customers", settings)).Code);

        var customers = cube
            .Data.Customers(assignment)
            .Take(events / 8)
            .Select(customer => $"{customer["customer_id"]}")
            .Concat(Enumerable.Range(0, events / 16).Select(i => $"ny-{i}"))
            .ToArray();
        var start = new DateTimeOffset(2026, 11, 1, 8, 0, 0, TimeSpan.Zero);
        var all = Enumerable
            .Range(0, events)
            .Select(i => new Event(
                $"e{i}",
                customers[random.Next(customers.Length)],
                Fields[random.Next(Fields.Length)],
                string.Create(CultureInfo.InvariantCulture, $"{(random.NextDouble() < 0.1 ? NotTaken : "v")}{i:D6}"),
                start.AddSeconds(i)
            ))
            .ToArray();
        var posts = all.Concat(all.Where(_ => random.NextDouble() < 0.2)).ToArray();
        random.Shuffle(posts);

        // In full three of ten requests fail: refused, half of them with a pause for all; done, and answered with 503, a reset or not at
        // all; or never answered.
        var (rate, refused, more) = TestScale.Of(("0.05", "0.05", "0.02"), ("0.1", "0.13", "0.05"));
        foreach (
            var fault in new[]
            {
                $"429={more},seconds=1,path=/customers/",
                $"429={more},seconds=0,path=/customers/",
                $"503={refused},seconds=0,path=/customers/",
                $"work-then-fail={rate},seconds=0",
                $"hang={more},path=/customers/",
            }
        )
        {
            cube.Faults.Add(fault);
        }

        var started = TimeProvider.System.GetTimestamp();
        var moments = new Random(TestScale.Seed);
        var ids = new ConcurrentDictionary<string, string>();
        var dev = CubeProcess.Start($"dev --port {port}", null, settings);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var killing = Task.Run(
            async () =>
            {
                for (var kill = 0; kill < kills; kill++)
                {
                    var share = posts.Length * (kill + 1) / (kills + 1);
                    while (ids.Count < Math.Min(share, events) * 3 / 4 && !done.IsCancellationRequested)
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, done.Token);
                    }

                    await Task.Delay(TimeSpan.FromMilliseconds(moments.Next(200)), TimeProvider.System, done.Token);
                    await dev.KillAsync();
                    dev.Dispose();
                    dev = CubeProcess.Start($"dev --port {port}", null, settings);
                }
            },
            done.Token
        );
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/"), Timeout = TimeSpan.FromSeconds(20) };
        await Parallel.ForEachAsync(
            posts,
            new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = TestContext.Current.CancellationToken },
            async (post, token) =>
            {
                ids[post.Id] = await PostAsync(client, post, token);
            }
        );
        await killing;
        Say($"{posts.Length} posts of {events} events for {customers.Length} customers accepted, {kills} kills");

        // After the last fault all is in Cube within minutes: what a killed process held comes back after one, and no wait is longer than
        // what the faults have made it.
        var failed = Failures(cube);
        cube.Faults.Clear();
        await using var app = await TestApp.StartAsync(account, cube);
        var reader = app.Get<UpsertReader>();
        await WaitFor.TrueAsync(
            async () => (await reader.InStateAsync(UpsertState.Waiting, 1, TestContext.Current.CancellationToken)).Count == 0,
            TestScale.Of(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(8)),
            every: TestScale.Of(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10))
        );
        dev.Interrupt();
        Assert.Equal(0, await dev.ExitAsync());
        dev.Dispose();

        Say($"all ended: {cube.Data.Writes.Count} writes, {cube.Requests.Total} requests to Cube, of which {failed} failed");
        Assert.Equal(events, ids.Count);
        Event[] taken = [.. all.Where(upsert => upsert.IsTaken)];
        await AssertStatesAsync(reader, ids, all, taken);
        AssertNewest(cube, assignment, taken);
        AssertInOrder(cube, all);
        Assert.Equal(
            cube.Data.Customers(assignment).Count(),
            cube.Data.Customers(assignment).Select(customer => $"{customer["customer_id"]}").Distinct().Count()
        );
        void Say(string what) =>
            TestContext.Current.TestOutputHelper!.WriteLine($"{TimeProvider.System.GetElapsedTime(started):mm\\:ss} {what}");
    }

    /// <summary>
    /// Dead is what Cube does not take, by the field's name, unless something newer was in Cube before it was tried; nothing else is.
    /// </summary>
    private static async Task AssertStatesAsync(UpsertReader reader, ConcurrentDictionary<string, string> ids, Event[] all, Event[] taken)
    {
        var newest = taken
            .GroupBy(upsert => (upsert.Customer, upsert.Field))
            .ToDictionary(field => field.Key, field => field.Max(one => one.At));
        var dead = 0;
        foreach (var upsert in all)
        {
            var row = (await reader.FindAsync(ids[upsert.Id], TestContext.Current.CancellationToken))!;
            var mayBeOvertaken = newest.TryGetValue((upsert.Customer, upsert.Field), out var other) && other > upsert.At;
            if (upsert.IsTaken)
            {
                Assert.True(row.State is UpsertState.Delivered or UpsertState.Superseded, $"{row.State}: {row.Reason}");
            }
            else if (row.State != UpsertState.Superseded || !mayBeOvertaken)
            {
                Assert.Equal(UpsertState.Dead, row.State);
                Assert.EndsWith($": {upsert.Field}: Enter a valid value.", row.Reason, StringComparison.Ordinal);
                dead++;
            }
        }

        Assert.True(dead > 0, "nothing was refused");
    }

    private static int Failures(CubeSimulator cube) =>
        new[] { FaultKind.TooManyRequests, FaultKind.ServiceUnavailable503, FaultKind.WorkThenFail, FaultKind.Hang }.Sum(
            cube.Faults.Happened
        );

    private static void AssertNewest(CubeSimulator cube, int assignment, Event[] all)
    {
        foreach (var customer in all.GroupBy(upsert => upsert.Customer))
        {
            var record = cube.Data.Customer(assignment, cube.Data.FindCustomer(assignment, customer.Key)!.Value)!;
            AtLeastOne.All(
                customer.GroupBy(upsert => upsert.Field),
                field => Assert.Equal(field.MaxBy(upsert => upsert.At)!.Value, $"{record[field.Key]}")
            );
        }
    }

    private static void AssertInOrder(CubeSimulator cube, Event[] all)
    {
        var times = all.ToDictionary(upsert => upsert.Value, upsert => upsert.At);
        var last = new Dictionary<(string, string), DateTimeOffset>();
        foreach (var write in cube.Data.Writes)
        {
            foreach (var (field, value) in write.Body.Where(member => Fields.Contains(member.Key)))
            {
                var at = times[$"{value}"];
                Assert.True(
                    !last.TryGetValue((write.ImportedId, field), out var before) || before <= at,
                    $"{field} was written from {before:T} to {at:T}"
                );
                last[(write.ImportedId, field)] = at;
            }
        }
    }

    private static async Task<string> PostAsync(HttpClient client, Event upsert, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                using var request = SignedPosts.Create(upsert.Id, upsert.Customer, upsert.Field, upsert.Value, upsert.At);
                using var response = await client.SendAsync(request, cancellationToken);
                if (response.StatusCode == HttpStatusCode.Accepted)
                {
                    using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
                    return answer.RootElement.GetProperty("upserts")[0].GetProperty("id").GetString()!;
                }

                // It never says that nothing was accepted, which it cannot know, and names when to come again.
                Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
                Assert.NotNull(response.Headers.RetryAfter?.Delta);
                Assert.Contains(
                    "may not have been accepted",
                    await response.Content.ReadAsStringAsync(cancellationToken),
                    StringComparison.Ordinal
                );
            }
            catch (Exception exception)
                when (exception is HttpRequestException or IOException
                    || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                // Killed just now: a sender sends again.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken);
        }
    }

    private sealed record Event(string Id, string Customer, string Field, string Value, DateTimeOffset At)
    {
        public bool IsTaken => !Value.StartsWith(NotTaken, StringComparison.Ordinal);
    }
}
