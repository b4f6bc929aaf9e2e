using System.Globalization;
using System.Runtime.InteropServices;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>Prints what was measured, job by job, and knows whether all marks were reached.</summary>
internal sealed class Report(bool markdown)
{
    private static readonly string[] Heads = ["What", "Floor", "Product", "Figure (least to most)", "Mark", "Reached"];
    private readonly List<string> _missed = [];
    private readonly List<string> _broken = [];

    public static void Machine(Bench bench)
    {
        var model = File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':', 2)[1]
            .Trim();
        Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd}, {Environment.ProcessorCount} cores ({model}), "
                    + $".NET {Environment.Version}, {RuntimeInformation.OSDescription}, scale {bench.Scale}, {bench.Pairs} pairs."
            )
        );
    }

    public void Add(Job job, IReadOnlyList<Row> rows, TimeSpan took)
    {
        string[][] cells = [Heads, .. rows.Select(row => row.Cells())];
        Title(
            job,
            string.Create(CultureInfo.InvariantCulture, $"{job.Title} (measured in {took.TotalSeconds:0} s, load {Load()} at its end)")
        );
        if (markdown)
        {
            Say($"| {string.Join(" | ", cells[0])} |");
            Say("|---|---:|---:|---:|---:|---|");
            foreach (var row in cells[1..])
            {
                Say($"| {string.Join(" | ", row)} |");
            }
        }
        else
        {
            int[] widths = [.. Heads.Select((_, column) => cells.Max(row => row[column].Length))];
            foreach (var row in cells)
            {
                Say(
                    string.Join(
                            "  ",
                            row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))
                        )
                        .TrimEnd()
                );
            }
        }

        _missed.AddRange(rows.Where(row => row.Holds == false).Select(row => $"{job.Name}: {row.What}"));
    }

    public void Broke(Job job, Exception exception)
    {
        Title(job, job.Title);
        Say($"could not be measured: {exception.Message.Trim()}");
        _broken.Add(job.Name);
    }

    /// <summary>Says what was missed, and gives the exit code.</summary>
    public int End(bool measureOnly)
    {
        Say("");
        Say(_missed.Count == 0 ? "No mark was missed." : $"Below the mark: {string.Join("; ", _missed)}.");
        if (_broken.Count > 0)
        {
            Say($"Could not be measured: {string.Join(", ", _broken)}.");
        }

        return _broken.Count > 0 || (_missed.Count > 0 && !measureOnly) ? 1 : 0;
    }

    private void Title(Job job, string text)
    {
        Say("");
        Say(markdown ? $"### `{job.Name}`: {text}" : $"{job.Name}: {text}");
        Say("");
    }

    /// <summary>The machine's load: what else it did makes wall times worthless and CPU a little dearer.</summary>
    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static void Say(string line) => Console.Out.WriteLine(line);
}
