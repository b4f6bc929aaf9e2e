using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Cube.Simulator;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Tests.Erasure;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary><c>--app</c>: commands say the same of a deployed app as of storage, and leave the same.</summary>
public sealed partial class AppCommandTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Tenant = Victim.Options with { ResponsesPerCampaignPerDay = 2, SmsPerCampaignPerDay = 1 };

    [Theory]
    [OverGenerations]
    public async Task Every_command_says_the_same_of_an_app_as_of_storage(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        Victim.Live(cube);
        var place = cube.Data.PlaceOf(cube.Data.AssignmentIds[0]).Id;
        (string, string)[] more =
        [
            .. Victim.Settings,
            ("Upserts__Senders__crm__AssignmentId", place),
            ("Sync__LeaseSeconds", "30"),
            .. Never,
        ];
        var settings = CommandTests.Of(cube, await azurite.NewAccountAsync(), more);
        var ofApp = CommandTests.Of(cube, await azurite.NewAccountAsync(), more);
        await using var dev = await DevHost.StartAsync(ofApp);

        // Of two accounts that hold the same: storage has the one, the app the other.
        await SameAsync(settings, dev, "backfill", 0, "Succeeded; ");
        await SameAsync(settings, dev, "runs start --kind Snapshot", 0, ", Snapshot: Succeeded; ");
        await Task.WhenAll(AddDeadUpsertAsync(settings[0].Value), AddDeadUpsertAsync(ofApp[0].Value));

        // Of one account, asked both ways: status of storage first, which counts what is dead.
        var run = RunIds().Match((await SameAsync(ofApp, dev, "runs", 0, "Snapshot")).Output).Value;
        await SameAsync(ofApp, dev, $"runs {run} --all --json", 0, "\"items\": [");
        foreach (var look in (string[])["status", "status --json"])
        {
            var storage = await CubeProcess.RunAsync(look, null, ofApp);
            Assert.Contains("Cube refused it", storage.Output, StringComparison.Ordinal);
            AssertSame(storage, await CubeProcess.RunAsync($"{look} {dev.Option}", null));
        }

        await SameAsync(settings, dev, "replay upserts --id nothing", 2, "--id: 'nothing' names nothing that is dead; nothing was changed");
        await SameAsync(settings, dev, "replay upserts", 0, "1 upserts sent again");
        await SameAsync(settings, dev, "backfill --campaign 999", 2, "--campaign: Cube lists no campaign '999'; it lists ");
        await SameAsync(settings, dev, $"erase --assignment {place} --customer {Victim.Imported}", 0, $"Erased from assignment {place}:");
        foreach (var account in (string[])[settings[0].Value, ofApp[0].Value])
        {
            await using var app = await TestApp.StartAsync(account, cube);
            Assert.Empty((await AccountDump.OfAsync(app)).Find(Victim.Traces));
        }

        Assert.DoesNotContain(Victim.Imported, dev.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [OverGenerations]
    public async Task Ctrl_C_says_what_goes_on_and_how_to_end_it(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            (Tenant with { Latency = TimeSpan.FromMilliseconds(400), PageSize = 5 }).EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        var ofApp = CommandTests.Of(cube, await azurite.NewAccountAsync(), Never);
        await using var dev = await DevHost.StartAsync(ofApp);
        using var backfill = CubeProcess.Start($"backfill --feed customers --json {dev.Option}", null);
        await WaitFor.TrueAsync(
            () => Task.FromResult(backfill.Errors.Contains("is started in the app", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(60)
        );
        backfill.Interrupt();
        Assert.Equal(130, await backfill.ExitAsync());
        var run = RunIds().Match(backfill.Errors).Value;
        Assert.Contains(
            $"Stopped looking; run {run} goes on; 'cube runs cancel {run}' ends it.",
            backfill.Errors,
            StringComparison.Ordinal
        );
        Assert.Contains("\"status\": \"Cancelled\"", backfill.Output, StringComparison.Ordinal);

        Assert.Equal(0, (await CubeProcess.RunAsync($"runs cancel {run} {dev.Option}", null)).Code);
        await WaitFor.TrueAsync(
            async () =>
                (await CubeProcess.RunAsync($"runs {run} {dev.Option}", null)).Output.Contains("Cancelled", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60)
        );
        var (code, _, again) = await CubeProcess.RunAsync($"runs cancel {run} {dev.Option}", null);
        Assert.Equal((1, "The run has ended: Cancelled.\n"), (code, again));
    }

    /// <summary>No timer ticks while a test runs.</summary>
    private static (string, string)[] Never => [("Sync__Schedule", "0 0 0 1 1 *"), ("Sync__SnapshotSchedule", "0 0 0 1 1 *")];

    /// <summary>Runs a command on storage and on the app; fails unless both end alike and say what is expected.</summary>
    private static async Task<(int Code, string Output, string Errors)> SameAsync(
        (string, string)[] settings,
        DevHost app,
        string command,
        int code,
        string expected
    )
    {
        var both = await Task.WhenAll(CubeProcess.RunAsync(command, null, settings), CubeProcess.RunAsync($"{command} {app.Option}", null));
        Assert.True(both[0].Code == code, $"{command}: {both[0].Code}: {both[0].Errors}");
        Assert.Contains(expected, code == 0 ? both[0].Output : both[0].Errors, StringComparison.Ordinal);
        AssertSame(both[0], both[1]);
        return both[1];
    }

    private static void AssertSame((int Code, string Output, string Errors) storage, (int Code, string Output, string Errors) app)
    {
        Assert.Equal(storage.Code, app.Code);
        Assert.Equal(Steady(storage.Output), Steady(app.Output));
        if (storage.Code != 0)
        {
            Assert.Equal(storage.Errors, app.Errors);
        }

        // Without what differs from account to account and from second to second.
        static string Steady(string output) => Changing().Replace(output, "…");
    }

    private static async Task AddDeadUpsertAsync(string account) =>
        await new TableClient(account, "CubeUpserts").AddEntityAsync(
            new TableEntity(new string('1', 32), new string('2', 32))
            {
                ["SchemaVersion"] = 1,
                ["Sender"] = "crm",
                ["CustomerId"] = "41",
                ["AssignmentId"] = "17",
                ["Values"] = "{}",
                ["State"] = "Dead",
                ["Reason"] = "Cube refused it",
                ["AcceptedAt"] = TimeProvider.System.GetUtcNow().AddDays(-1),
            },
            TestContext.Current.CancellationToken
        );

    [GeneratedRegex(@"\d{8}T\d{9}Z-[0-9a-f]{6}")]
    private static partial Regex RunIds();

    [GeneratedRegex(@"\d{8}T\d{9}Z-[0-9a-f]{6}|""countedAt"": ""[^""]*""")]
    private static partial Regex Changing();

    /// <summary><c>cube dev</c> on a free port.</summary>
    private sealed class DevHost : IAsyncDisposable
    {
        private readonly CubeProcess _process;

        private DevHost(CubeProcess process, int port) => (_process, Option) = (process, $"--app http://127.0.0.1:{port}");

        public string Option { get; }

        public string Errors => _process.Errors;

        public static async Task<DevHost> StartAsync((string, string)[] settings)
        {
            var port = AzuriteProcess.FreePorts(1)[0];
            var dev = new DevHost(CubeProcess.Start($"dev --port {port}", null, settings), port);
            await WaitFor.TrueAsync(
                () => Task.FromResult(dev._process.HasExited || dev.Errors.Contains("Running at", StringComparison.Ordinal)),
                TimeSpan.FromSeconds(60)
            );
            Assert.False(dev._process.HasExited, dev.Errors);
            return dev;
        }

        public async ValueTask DisposeAsync()
        {
            if (_process.TryInterrupt())
            {
                await _process.ExitAsync();
            }

            _process.Dispose();
        }
    }
}
