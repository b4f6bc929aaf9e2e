using Cube.Simulator;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Erasure;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Operations;

/// <summary>Persons erased over HTTP: counts come back, and the id is nowhere but in the body that was sent.</summary>
public sealed class ErasureOperationTests(AzuriteFixture azurite)
{
    private static string OrderOf(Lane lane) => $$"""{"assignment":"{{lane.Place}}","customer":"{{Victim.Imported}}"}""";

    [Theory]
    [OverGenerations]
    public async Task It_is_done_in_the_background_with_the_same_counts_as_the_command_and_leaves_the_id_nowhere(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options.EarlyIn(api), null, Victim.Settings);
        await Victim.SeedAsync(lane);
        var asked = await lane.Http.ActAsync("erasures", OrderOf(lane), "key-1");
        Assert.Equal((202, "waiting"), (asked.Status, asked["state"]));
        Assert.Equal($"/api/erasures/{asked["id"]}", asked.Location);
        Assert.Equal(asked["id"], (await lane.Http.ActAsync("erasures", OrderOf(lane), "key-1"))["id"]);

        var done = await DoneAsync(lane, asked["id"]);
        var report = done.Json.GetProperty("report");
        Assert.Equal(
            (true, 3, 1, 3),
            (
                report.GetProperty("found").GetBoolean(),
                report.GetProperty("events").GetInt32(),
                report.GetProperty("mailboxes").GetInt32(),
                report.GetProperty("bodies").GetInt32()
            )
        );
        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find(Victim.Traces));
        AtLeastOne.All(Victim.Traces, trace => Assert.DoesNotContain(trace, asked.Text + done.Text, StringComparison.Ordinal));
        Assert.DoesNotContain(lane.App.Logs.Lines, line => Victim.Traces.Any(trace => line.Text.Contains(trace, StringComparison.Ordinal)));
        Assert.False(
            (await DoneAsync(lane, (await lane.Http.ActAsync("erasures", OrderOf(lane)))["id"]))
                .Json.GetProperty("report")
                .GetProperty("found")
                .GetBoolean()
        );
    }

    [Theory]
    [OverGenerations]
    public async Task One_whose_process_died_is_taken_up_by_the_janitor(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            (Victim.Options with { CustomersPerAssignment = 30 }).EarlyIn(api),
            null,
            Victim.Settings
        );
        Victim.Live(lane.Cube);
        await lane.App.RunAsync(Victim.All);

        // What a process leaves that dies right after its answer.
        var id = "20260101T000000000Z-abcdef";
        await lane
            .App.Storage.Inbox.GetBlobClient($"erasures/{id}")
            .UploadAsync(new BinaryData(OrderOf(lane)), TestContext.Current.CancellationToken);
        await lane.App.Storage.Runs.AddEntityAsync(
            new ErasureRow
            {
                RowKey = id,
                CreatedAt = TimeProvider.System.GetUtcNow(),
                DueAt = TimeProvider.System.GetUtcNow(),
            },
            TestContext.Current.CancellationToken
        );
        Assert.Equal("waiting", (await lane.Http.GetAsync($"erasures/{id}"))["state"]);
        Assert.Empty(
            await ActivatorUtilities
                .CreateInstance<Janitor>(lane.App.Services)
                .RunAsync(force: false, TestContext.Current.CancellationToken)
        );
        Assert.True((await DoneAsync(lane, id)).Json.GetProperty("report").GetProperty("found").GetBoolean());
        Assert.Empty((await AccountDump.OfAsync(lane.App)).Find(Victim.Traces));
    }

    [Theory]
    [OverGenerations("""{"assignment":"17"}""", "customer: is missing")]
    [OverGenerations("""{"assignment":"..","customer":"secret-id"}""", "assignment: must be the id of an assignment")]
    [OverGenerations("""{"assignment":"17","customer":"secret-id","and":1}""", "JSON")]
    public async Task A_wrong_order_is_refused_without_showing_what_was_sent(TenantApi api, string order, string expected)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options.EarlyIn(api), null, Victim.Settings);
        var answer = await lane.Http.ActAsync("erasures", order);
        answer.AssertProblem(400);
        Assert.Contains(expected, answer["detail"], StringComparison.Ordinal);
        Assert.DoesNotContain("secret-id", answer.Text, StringComparison.Ordinal);
        (await lane.Http.GetAsync("erasures/20260101T000000000Z-abcdef")).AssertProblem(404);
    }

    private static async Task<Answer> DoneAsync(Lane lane, string id)
    {
        Answer? answer = null;
        await WaitFor.TrueAsync(
            async () => (answer = await lane.Http.GetAsync($"erasures/{id}"))["state"] == "done",
            TimeSpan.FromSeconds(90)
        );
        return answer!;
    }
}
