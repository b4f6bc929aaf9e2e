using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary>What a run may cost: memory, storage transactions.</summary>
public sealed class LimitTests(AzuriteFixture azurite)
{
    private const long Megabyte = 1024 * 1024;
    private static readonly DateOnly Monday = new(2026, 11, 2);

    /// <summary>Pages of about 350 KB over 20 work items: the peak does not follow the number of pages.</summary>
    [Theory]
    [OverGenerations]
    public async Task Memory_stays_below_250_MB_however_many_pages_there_are(TenantApi api)
    {
        foreach (var pages in TestScale.Of<int[]>([200], [200, 2000]))
        {
            await using var cube = await CubeSimulator.StartAsync(
                new SimulatorOptions
                {
                    Campaigns = 20,
                    ResponsesPerCampaignPerDay = pages / 20 * 490,
                    PageSize = 500,
                    AnonymisedPerThousand = 0,
                }.EarlyIn(api),
                null,
                TestContext.Current.CancellationToken
            );
            var day = Monday.Iso();
            var (code, report, peak) = await CubeProcess.SyncAsync(
                $"--feed {api.Calls().Name} --from {day} --to {day}",
                CommandTests.Of(cube, await azurite.NewAccountAsync())
            );
            Assert.Equal(0, code);
            Assert.InRange(report.GetProperty("pages").GetInt64(), pages * 9 / 10, pages * 3 / 2);
            TestContext.Current.TestOutputHelper!.WriteLine(
                $"{pages} pages, {report.GetProperty("bytes").GetInt64() / report.GetProperty("pages").GetInt64() / 1000} KB each: peak {peak / Megabyte} MB"
            );
            Assert.InRange(peak, 1, 250 * Megabyte);
        }
    }

    /// <summary>Nine times an item is promised: one of a single window takes eight beside its pages.</summary>
    [Theory]
    [OverGenerations(40, 25, 1)]
    [OverGenerations(1, 1000, 2)]
    public async Task Storage_is_asked_at_most_once_a_page_twice_a_window_six_times_an_item_and_once_in_two_seconds(
        TenantApi api,
        int campaigns,
        int pages,
        int windows
    )
    {
        var folder = Directory.CreateTempSubdirectory("cube-transactions-");
        var (storage, log) = await AzuriteFixture.StartLoggedAsync(folder.FullName);
        try
        {
            var options = new SimulatorOptions
            {
                Campaigns = campaigns,
                ResponsesPerCampaignPerDay = pages * 10,
                AnonymisedPerThousand = 0,
            };
            (DateOnly From, DateOnly To) days = default;
            await using (var sample = await CubeSimulator.StartAsync(options.EarlyIn(api), null, TestContext.Current.CancellationToken))
            {
                days = (sample.Data.Today.AddDays(-3), sample.Data.Today.AddDays(windows - 2));
                options = options with
                {
                    PageSize =
                        (sample.Data.CampaignIds().Sum(id => sample.Data.Responses(id, days.From, days.To).Count()) / (campaigns * pages))
                        + 1,
                };
            }

            await using var cube = await CubeSimulator.StartAsync(options.EarlyIn(api), null, TestContext.Current.CancellationToken);

            // Containers and tables are there, as after a deployment; on an account that has none a run creates four things first.
            var settings = CommandTests.Of(
                cube,
                storage.ConnectionString(),
                ("Sync__Feeds", api.Calls().Name),
                ("Sync__StartDate", days.From.Iso())
            );
            Assert.Equal(0, (await CubeProcess.RunAsync("status --json", null, settings)).Code);
            var before = AzuriteLog.Requests(log).Count;
            var (code, report, _) = await CubeProcess.SyncAsync(
                windows == 1 ? $"--from {days.From.Iso()} --to {days.To.Iso()}" : "",
                settings
            );
            Assert.Equal(0, code);
            var read = report.GetProperty("pages").GetInt64();
            Assert.InRange(read, campaigns * pages * 9 / 10, campaigns * pages * 11 / 10);
            var transactions = AzuriteLog.Requests(log).Count - before;
            // Once a run: a tenant's first one looks for the generation of Cube's API and keeps it, and the rows of the items are read
            // when the run is closed. By time: whether the run was cancelled (every three seconds), the pause (every ten) and the lease.
            const int OnceARun = 4;

            // The message sent and deleted, the lease taken and released, what is known; and a share of what items do together.
            const int AnItem = 6;

            // Manifest and change file.
            const int AWindow = 2;
            var allowed =
                read
                + OnceARun
                + ((AnItem + (windows * AWindow)) * report.GetProperty("items").GetProperty("total").GetInt32())
                + (report.GetProperty("durationMs").GetInt64() / 2000.0);
            TestContext.Current.TestOutputHelper!.WriteLine($"{transactions} transactions, {allowed:0.0} allowed");
            var others = string.Join(
                '\n',
                AzuriteLog.Requests(log).Skip(before).Where(line => !line.Contains("page-", StringComparison.Ordinal))
            );
            Assert.True(transactions <= allowed, $"{transactions} transactions, {allowed:0.0} allowed; besides pages:\n{others}");
        }
        finally
        {
            await storage.StopAsync();
            folder.Delete(recursive: true);
        }
    }
}
