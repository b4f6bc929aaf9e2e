using System.Globalization;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Local.Hosting;
using Spectre.Console;

namespace CubeFunctions.Local.Commands;

/// <summary>
/// What <c>sync</c> shows: live progress on a terminal, plain lines elsewhere; never on standard output when that is for JSON.
/// </summary>
internal sealed class SyncConsole : IDisposable
{
    private readonly IAnsiConsole _console;
    private readonly Lock _lock = new();
    private CancellationTokenSource? _stop;
    private Task _live = Task.CompletedTask;

    public SyncConsole(bool json)
    {
        _console = json ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }) : AnsiConsole.Console;
        NeverWrap(_console);
    }

    /// <summary>In a file or a pipe nothing is wrapped: lines are copied and searched.</summary>
    public static void NeverWrap(IAnsiConsole console)
    {
        const int Unwrapped = 10_000;
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = Unwrapped;
        }
    }

    public void Say(string line)
    {
        lock (_lock)
        {
            _console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{line}[/]");
        }
    }

    /// <summary>Shows a run live from now on.</summary>
    public void Follow(string runId, SyncProgress progress, int items)
    {
        Stop();
        Say($"Run {runId}: {items} items");
        if (!_console.Profile.Capabilities.Interactive || !_console.Profile.Out.IsTerminal)
        {
            return;
        }

        var stop = _stop = new CancellationTokenSource();
        var (pages, bytes, done) = (progress.Pages, progress.Bytes, progress.ItemsDone);
        _live = _console
            .Status()
            .StartAsync(
                "reading",
                async context =>
                {
                    var clock = System.Diagnostics.Stopwatch.StartNew();
                    while (!stop.IsCancellationRequested)
                    {
                        var megabytes = (progress.Bytes - bytes) / 1e6;
                        var retrying =
                            progress.Retrying.Count == 0
                                ? ""
                                : $"; retrying {progress.Retrying.Count}: {progress.Retrying.Values.FirstOrDefault()}";
                        context.Status(
                            Markup.Escape(
                                $"{progress.ItemsDone - done + 1} of {items} items, {progress.Pages - pages} pages, {progress.Records} records, {megabytes / clock.Elapsed.TotalSeconds:0.0} MB/s{retrying}"
                            )
                        );
                        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, stop.Token)
                            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    }
                }
            );
    }

    public void Refresh(TimeSpan elapsed)
    {
        if (_live.IsCompleted)
        {
            Say($"still reading after {elapsed.TotalSeconds:0} s");
        }
    }

    public void Stop()
    {
        _stop?.Cancel();
#pragma warning disable VSTHRD002 // The drawing ends within one of its steps of 200 ms.
        _live.Wait();
#pragma warning restore VSTHRD002
        _live = Task.CompletedTask;
        _stop?.Dispose();
        _stop = null;
    }

    public void Dispose() => Stop();

    /// <summary>The end: a line a feed, and failures with their reasons.</summary>
    public void Table(RunManifest run)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("feed", "windows", "proven", "unchanged");
        table.AddColumn(new TableColumn("records").RightAligned());
        foreach (var feed in run.Windows.GroupBy(window => window.Feed).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            table.AddRow(
                feed.Key,
                $"{feed.Count()}",
                $"{feed.Count(window => window.Proof != Proof.None)}",
                $"{feed.Count(window => window.Unchanged)}",
                $"{feed.Sum(window => window.Records)}"
            );
        }

        _console.Write(table);
        _console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"Run {run.RunId}: [bold]{run.Status}[/]; {run.Items.Total} items ({run.Items.Succeeded} succeeded, {run.Items.Failed} failed, {run.Items.Unproven} unproven), {run.Pages} pages, {run.Records} records, {run.Bytes} bytes"
        );
        foreach (var failure in run.Failures)
        {
            _console.MarkupLineInterpolated(
                CultureInfo.InvariantCulture,
                $"[red]failed[/] {failure.Feed} of {failure.Scope} {failure.ScopeId}: {failure.Reason}"
            );
        }
    }

    /// <summary>What was passed over, where the data is, and how to look at it.</summary>
    /// <param name="dataPlace">Where it is.</param>
    /// <param name="page">A page to look at; null where the run has none.</param>
    /// <param name="notices">What was passed over.</param>
    public void Place(string dataPlace, string? page, IReadOnlyList<string> notices)
    {
        foreach (var notice in notices)
        {
            _console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]{notice}[/]");
        }

        // Written as they are: a command that is wrapped cannot be copied.
        var output = _console.Profile.Out.Writer;
        output.WriteLine($"The data is in {dataPlace}. To look at it:");
        output.WriteLine($"  {Invocation.Of($"ls {StorageNames.Raw}/")}");
        if (page is not null)
        {
            output.WriteLine($"  {Invocation.Of($"cat {page}")}");
        }
    }
}
