using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>Storage does what it was asked for and its answer is lost, once, at each write of a run; the process lives on.</summary>
public sealed class LostAnswerTests(AzuriteFixture azurite)
{
    private static readonly RunRequest Request = Generation.WithCalls(RunKind.Scheduled, FeedCatalogue.CustomFields);

    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 50,
        ResponsesPerCampaignPerDay = 6,
        PageSize = 100,
        AnonymisedPerThousand = 0,
    };

    [Theory]
    [OverGenerations]
    public async Task A_run_ends_right_within_seconds_whichever_answer_is_lost_and_nothing_is_done_twice(TenantApi api)
    {
        var (writes, requests, log) = await RunAsync(api, -1);
        Assert.InRange(writes, 20, 40);
        var options = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(
            Enumerable.Range(0, writes),
            options,
            async (position, _) =>
            {
                var (done, asked, all) = await RunAsync(api, position);
                TestContext.Current.TestOutputHelper!.WriteLine(
                    $"{position}: {done - writes:+0;-0;0} writes, {all[..all.IndexOf('\n', StringComparison.Ordinal)]}"
                );
                Assert.True(asked == requests, $"position {position}: {asked} requests to Cube instead of {requests}");
                // At most: the repeat; of a message that was sent twice its removal, and one for the end of the lease that it found; two
                // items that end apart instead of in one batch, each of which closes the run (its manifest and its row, the same bytes).
                Assert.True(
                    done >= writes - 4 && done <= writes + 6,
                    $"position {position}: {done} writes instead of {writes}\n{all}\ninstead of\n{log}"
                );
            }
        );
    }

    private async Task<(int Writes, long Requests, string Log)> RunAsync(TenantApi api, int position)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var proxy = await StorageProxy.StartAsync(await azurite.NewAccountAsync());
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, cube);
        var before = proxy.Writes;
        proxy.LoseAnswerOf = position < 0 ? -1 : before + position;
        var started = TimeProvider.System.GetTimestamp();
        var run = await app.RunAsync(Request);
        var took = TimeProvider.System.GetElapsedTime(started);
        Assert.True(
            run.Status == RunStatus.Succeeded && run.Items.Unproven == 0,
            $"position {position}: {run.Status} {string.Join(' ', run.Failures)}"
        );
        Assert.True(took < TimeSpan.FromSeconds(30), $"position {position}: {took}");

        // That a message was deleted is the queue worker's to find out.
        Assert.Empty(
            app.Logs.Lines.Where(line => line.Level >= LogLevel.Warning && !line.Text.StartsWith("Queue ", StringComparison.Ordinal))
                .Select(line => $"position {position}: {line.Text}")
        );
        var today = cube.Data.Today;
        var records = cube.Data.RecordsOf(api.Calls(), today.AddDays(-30), today).ToList();
        await SyncRunTests.AssertSameAsync(app, run, api.Calls().Name, records);
        var lines = await ChangeLedger.ReadAsync(app, run.RunId);
        Assert.Equal(
            records.Order(StringComparer.Ordinal),
            lines
                .Where(line => (string)line["feed"]! == api.Calls().Name)
                .Select(line => line["record"]!.ToJsonString())
                .Order(StringComparer.Ordinal)
        );
        await RawLedger.CheckAllAsync(app.Storage.Raw);
        AtLeastOne.All(
            await app.Get<RunReader>().CheckpointsAsync(TestContext.Current.CancellationToken),
            row => Assert.Null(row.LeaseHolder)
        );
        // Renewals of messages and leases come by time: on a slow machine there are more of them.
        var writes = proxy
            .WriteLog.Skip(before)
            .Where(write =>
                !write.StartsWith("PATCH ", StringComparison.Ordinal)
                && !(write.StartsWith("PUT ", StringComparison.Ordinal) && write.Contains("/messages/", StringComparison.Ordinal))
            );
        return (writes.Count(), cube.Requests.Total, $"lost: {proxy.LostAnswerOf}\n{string.Join('\n', proxy.WriteLog.Skip(before))}");
    }
}
