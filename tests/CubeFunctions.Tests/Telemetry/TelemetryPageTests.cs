using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using CubeFunctions.Core.Model;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>
/// The lists of metrics and log events in docs/operations.md come from the code: <c>CUBE_UPDATE_GOLDEN=1</c> writes them anew.
/// </summary>
public sealed partial class TelemetryPageTests
{
    private const string Begin = "<!-- metrics and events: written by TelemetryPageTests -->\n";
    private const string End = "<!-- end of metrics and events -->\n";
    private static readonly string[] Projects = ["CubeFunctions", "CubeFunctions.Core", "CubeFunctions.Local"];

    [Fact]
    public void The_page_lists_every_metric_and_every_log_event()
    {
        const string Page = "docs/operations.md";
        var text = Repository.Read(Page);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        Assert.True(begin > 0 && end > begin, "the page has lost the marks between which the lists stand");
        var section = $"\n{Metrics()}\n{Events()}\n";
        if (Environment.GetEnvironmentVariable("CUBE_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(Path.Combine(Repository.Root, Page), text[..(begin + Begin.Length)] + section + text[end..]);
            return;
        }

        Assert.Equal(section, text[(begin + Begin.Length)..end]);
    }

    [Fact]
    public void Every_metric_says_what_it_is()
    {
        var instruments = Instruments();
        Assert.NotEmpty(instruments);
        Assert.DoesNotContain(
            instruments,
            instrument => instrument.Description is not { Length: > 10 } || instrument.Unit is not { Length: > 0 }
        );
    }

    private static List<Instrument> Instruments() =>
        [
            .. typeof(CubeMetrics)
                .GetProperties()
                .Select(property => property.GetValue(null))
                .OfType<Instrument>()
                .OrderBy(instrument => instrument.Name, StringComparer.Ordinal),
        ];

    private static string Metrics() =>
        "| Metric | Unit | Kind | What |\n|---|---|---|---|\n"
        + string.Concat(
            Instruments()
                .Select(instrument =>
                    $"| `{instrument.Name}` | `{instrument.Unit}` | {instrument.GetType().Name.Split('`')[0].ToLowerInvariant()} | {instrument.Description} |\n"
                )
        );

    private static string Events()
    {
        var events = Projects
            .SelectMany(project =>
                Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", project), "*.cs", SearchOption.AllDirectories)
            )
            .SelectMany(file => Message().Matches(File.ReadAllText(file)))
            .Select(match =>
                (
                    Id: int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture),
                    Level: match.Groups[2].Value,
                    Text: match.Groups[3].Value
                )
            )
            .OrderBy(entry => entry.Id)
            .ToList();
        Assert.NotEmpty(events);
        return "| Event | Level | Message |\n|---|---|---|\n"
            + string.Concat(
                events.Select(entry => $"| {entry.Id} | {entry.Level} | {entry.Text.Replace("|", "\\|", StringComparison.Ordinal)} |\n")
            );
    }

    [GeneratedRegex(@"\[LoggerMessage\(\s*([0-9]+)\s*,\s*LogLevel\.(\w+)\s*,\s*""((?:[^""\\]|\\.)*)""")]
    private static partial Regex Message();
}
