using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Sync;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>A worker dies between a window's manifest and the row that says so.</summary>
public sealed class ResumedReadingTests(AzuriteFixture azurite)
{
    private static readonly RunRequest Calls = RunRequest.Scheduled(Generation.EitherCalls);

    /// <summary>
    /// Where the run went on without it, bytes of the reading before would be taken for compared, and what came between stay known.
    /// </summary>
    [Theory]
    [OverGenerations]
    public async Task A_reading_that_is_found_stored_is_the_one_that_the_next_is_compared_with(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 11, 21, 9, 0, 0, TimeSpan.Zero));
        var rows = Enumerable.Range(0, 30).ToHashSet();
        await using var cube = await ScriptedCube.OfDayAsync(api, new DateOnly(2026, 11, 20), rows);
        await using var proxy = await StorageProxy.StartAsync(await azurite.NewAccountAsync());
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, cube.BaseUrl, clock, ("Sync__StartDate", "2026-11-19"));
        await app.RunAsync(Calls);

        rows.Add(31);
        var run = await DiesAfterManifestAsync(app, api, proxy);
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(await app.Get<Core.Storage.Janitor>().RunAsync(force: true, TestContext.Current.CancellationToken));
        Assert.Equal(RunStatus.Succeeded, (await app.FinishAsync(run)).Status);
        Assert.Equal(["recorded"], await OpsAsync(app, run));

        // As it was before: the first look marks the record, the second, hours later, has it removed.
        rows.Remove(31);
        Assert.Empty(await OpsAsync(app, (await app.RunAsync(Calls)).RunId));
        clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal(["removed"], await OpsAsync(app, (await app.RunAsync(Calls)).RunId));
    }

    /// <summary>Works on a run until the manifest of a window is written; nothing that is asked of storage after it is done.</summary>
    private static async Task<string> DiesAfterManifestAsync(TestApp app, TenantApi api, StorageProxy proxy)
    {
        var (dead, isWritten) = (new TaskCompletionSource(), false);
        proxy.Refuse = (_, method, path) =>
        {
            if (isWritten)
            {
                dead.TrySetResult();
                return true;
            }

            isWritten =
                method == "PUT"
                && path.Contains($"/cube-raw/{api.Calls().Name}/", StringComparison.Ordinal)
                && path.Contains("20261120", StringComparison.Ordinal)
                && path.EndsWith("/_manifest.json", StringComparison.Ordinal);
            return false;
        };
        var start = await app.Get<RunPlanner>().StartAsync(Calls, TestContext.Current.CancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var work = app.WorkAsync(stop.Token);
        await dead.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await work;
        proxy.Refuse = null;
        return start.RunId;
    }

    private static async Task<List<string>> OpsAsync(TestApp app, string run) =>
        [.. (await ChangeLedger.NewsAsync(app, run)).Select(change => (string)change["op"]!)];
}
