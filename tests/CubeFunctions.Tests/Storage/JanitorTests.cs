using Azure;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CubeFunctions.Tests.Storage;

public sealed class JanitorTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly CollectingLogger _logs = new();
    private readonly ILoggerFactory _factory;
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    public JanitorTests() => _factory = LoggerFactory.Create(builder => builder.AddProvider(_logs));

    public void Dispose()
    {
        _factory.Dispose();
        _logs.Dispose();
    }

    [Fact]
    public async Task A_task_that_fails_stops_no_other_and_is_due_again_at_once()
    {
        var fails = true;
        var first = new TestTask(
            "first",
            TimeSpan.FromHours(1),
            _ => fails ? throw new RequestFailedException(503, "Kari Nordmann", "ServerBusy", null) : Task.CompletedTask
        );
        var second = new TestTask("second", TimeSpan.FromHours(1), _ => Task.CompletedTask);
        var janitor = Open(first, second);
        Assert.Equal(["first"], await janitor.RunAsync(false, _token));
        fails = false;
        Assert.Empty(await janitor.RunAsync(false, _token));
        Assert.Empty(await janitor.RunAsync(false, _token));
        Assert.Equal((2, 1), (first.Runs, second.Runs));
        var line = Assert.Single(_logs.Lines);
        Assert.Contains("RequestFailedException 503 ServerBusy", line.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Nordmann", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_task_runs_when_it_is_due_or_when_a_person_asks()
    {
        var often = new TestTask("often", TimeSpan.Zero, _ => Task.CompletedTask);
        var seldom = new TestTask("seldom", TimeSpan.FromHours(6), _ => Task.CompletedTask);
        var janitor = Open(often, seldom);
        await janitor.RunAsync(false, _token);
        _time.Advance(TimeSpan.FromHours(6) - TimeSpan.FromSeconds(1));
        await janitor.RunAsync(false, _token);
        Assert.Equal((2, 1), (often.Runs, seldom.Runs));
        _time.Advance(TimeSpan.FromSeconds(1));
        await janitor.RunAsync(false, _token);
        Assert.Equal((3, 2), (often.Runs, seldom.Runs));
        Assert.False(seldom.Forced);
        await janitor.RunAsync(true, _token);
        Assert.Equal((4, 3, true), (often.Runs, seldom.Runs, seldom.Forced));
    }

    [Fact]
    public async Task A_row_that_fails_stops_no_other_unless_storage_is_away()
    {
        var done = new List<int>();
        var broken = new TestTask(
            "rows",
            TimeSpan.Zero,
            round =>
                round.EachAsync(
                    [1, 2, 3],
                    (row, _) =>
                    {
                        done.Add(row);
                        return row == 2 ? throw new FormatException("Kari Nordmann") : Task.CompletedTask;
                    },
                    _token
                )
        );
        var away = new TestTask(
            "away",
            TimeSpan.Zero,
            round =>
                round.EachAsync(
                    [4, 5],
                    (row, _) =>
                    {
                        done.Add(row);
                        throw new TimeoutException();
                    },
                    _token
                )
        );
        var last = new TestTask("last", TimeSpan.Zero, _ => Task.CompletedTask);
        Assert.Equal(["rows", "away"], await Open(broken, away, last).RunAsync(false, _token));
        Assert.Equal([1, 2, 3, 4], done);
        Assert.Equal(1, last.Runs);
        Assert.DoesNotContain(_logs.Lines, line => line.Text.Contains("Nordmann", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_that_stops_ends_the_round()
    {
        using var stop = new CancellationTokenSource();
        var first = new TestTask(
            "first",
            TimeSpan.Zero,
            async _ =>
            {
                await stop.CancelAsync();
                stop.Token.ThrowIfCancellationRequested();
            }
        );
        var second = new TestTask("second", TimeSpan.Zero, _ => Task.CompletedTask);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Open(first, second).RunAsync(false, stop.Token));
        Assert.Equal(0, second.Runs);
    }

    private Janitor Open(params IJanitorTask[] tasks) => new(tasks, _time, _factory.CreateLogger<Janitor>());

    private sealed class TestTask(string name, TimeSpan interval, Func<JanitorRound, Task> run) : IJanitorTask
    {
        public int Runs { get; private set; }

        public bool Forced { get; private set; }

        public string Name => name;

        public TimeSpan Interval => interval;

        public Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
        {
            Runs++;
            Forced = round.Force;
            return run(round);
        }
    }
}
