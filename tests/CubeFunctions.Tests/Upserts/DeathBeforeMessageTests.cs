using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Cube.Simulator;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Tests.Local;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>The moment that a random kill seldom hits: the row of an event is stored, its message is not sent.</summary>
public sealed partial class DeathBeforeMessageTests(AzuriteFixture azurite)
{
    private static readonly (string, string)[] Sender =
    [
        ("Upserts__Senders__crm__Kind", "json"),
        ("Upserts__Senders__crm__Secret", "test-secret"),
        ("Upserts__Senders__crm__EventId", "/event"),
    ];

    [Theory]
    [OverGenerations(First = true)]
    public async Task The_sweeper_makes_up_for_a_message_that_was_never_sent(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(
            azurite,
            new SimulatorOptions
            {
                Campaigns = 1,
                CustomersPerAssignment = 5,
                AnonymisedPerThousand = 0,
            }.EarlyIn(api),
            clock,
            Sender
        );
        await lane.SnapshotAsync();
        var customer = $"{lane.Cube.Data.Customers(lane.Assignment).First()["customer_id"]}";
        await KillBeforeMessageAsync(lane, $$"""{"customer_id":"{{customer}}","event":"e1","city":"Hamar"}""");
        var queue = lane.App.Storage.Queue(StorageNames.UpsertsQueue);
        Assert.Empty((await queue.PeekMessagesAsync(32, TestContext.Current.CancellationToken)).Value);
        var waiting = Assert.Single(
            await lane.App.Get<UpsertReader>().InStateAsync(UpsertState.Waiting, 10, TestContext.Current.CancellationToken)
        );

        // What came just now is on its way, as a rule.
        var sweeper = lane.App.Get<UpsertJanitor>();
        Assert.Equal(0, await sweeper.RunOnceAsync(force: false, TestContext.Current.CancellationToken));
        clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(1, await sweeper.RunOnceAsync(force: false, TestContext.Current.CancellationToken));
        await lane.DeliverAsync([waiting.Id], sweep: false);
        Assert.Equal("delivered", (await lane.StatesAsync([waiting.Id]))[0].State);
        Assert.Equal(
            "Hamar",
            $"{lane.Cube.Data.Customer(lane.Assignment, lane.Cube.Data.FindCustomer(lane.Assignment, customer)!.Value)!["city"]}"
        );
    }

    /// <summary>Posts to a process whose queue takes connections and never answers, and kills it once the row is there.</summary>
    private static async Task KillBeforeMessageAsync(Lane lane, string json)
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        var storage = QueuePort().Replace(lane.Storage, $"${{1}}{((IPEndPoint)deaf.LocalEndpoint).Port}");
        var port = AzuriteProcess.FreePorts(1)[0];
        using var victim = CubeProcess.Start(
            $"dev --port {port}",
            null,
            CommandTests.Of(
                lane.Cube,
                storage,
                [
                    .. Sender,
                    ("Upserts__Senders__crm__AssignmentId", lane.Place),
                    ("Sync__Schedule", "0 0 0 1 1 *"),
                    ("Sync__SnapshotSchedule", "0 0 0 1 1 *"),
                ]
            )
        );
        using var client = new HttpClient();
        using var answered = new CancellationTokenSource();
        var posting = PostAsync(client, new Uri($"http://127.0.0.1:{port}/api/webhooks/crm"), json, answered.Token);
        await WaitFor.TrueAsync(
            async () =>
                (await lane.App.Get<UpsertReader>().InStateAsync(UpsertState.Waiting, 1, TestContext.Current.CancellationToken)).Count == 1,
            TimeSpan.FromMinutes(2)
        );
        await victim.KillAsync();
        await answered.CancelAsync();
        Assert.False(await posting);
    }

    /// <returns>Whether it was answered, before the sender gave up.</returns>
    private static async Task<bool> PostAsync(HttpClient client, Uri address, string json, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, address)
                {
                    Content = new StringContent(json, Encoding.UTF8, "application/json"),
                };
                request.Headers.Add("x-webhook-secret", "test-secret");
                using var response = await client.SendAsync(request, cancellationToken);
                return true;
            }
            catch (HttpRequestException)
            {
                // Not up yet, or dead by now.
            }
            catch (OperationCanceledException)
            {
                break;
            }

            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken));
        }

        return false;
    }

    [GeneratedRegex("(QueueEndpoint=http://127\\.0\\.0\\.1:)\\d+")]
    private static partial Regex QueuePort();
}
