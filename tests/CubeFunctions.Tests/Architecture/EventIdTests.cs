using System.Globalization;
using System.Text.RegularExpressions;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Architecture;

/// <summary>
/// An event id in a log names one line of the sources. Attributes of log methods are not kept in the assembly, so the sources are read.
/// </summary>
public sealed partial class EventIdTests
{
    private static readonly string[] Projects = ["CubeFunctions", "CubeFunctions.Core", "CubeFunctions.Local"];

    [Fact]
    public void No_log_event_id_is_used_twice()
    {
        var uses = Uses();
        Assert.NotEmpty(uses);
        var twice = uses.GroupBy(use => use.Id)
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key}: {string.Join(", ", group.Select(use => use.File))}");
        Assert.Equal("", string.Join(Environment.NewLine, twice));
    }

    [Fact]
    public void Every_log_method_begins_with_its_event_id() =>
        Assert.Equal(Sources().Sum(source => AnyMessage().Count(source.Text)), Uses().Count);

    private static List<(int Id, string File)> Uses() =>
        [
            .. from source in Sources()
            from match in Message().Matches(source.Text)
            select (int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), Path.GetFileName(source.File)),
        ];

    private static List<(string File, string Text)> Sources() =>
        [
            .. from project in Projects
            from file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", project), "*.cs", SearchOption.AllDirectories)
            where !Path.GetRelativePath(Repository.Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")
            select (file, File.ReadAllText(file)),
        ];

    [GeneratedRegex(@"\[LoggerMessage\(\s*([0-9]+)\s*,")]
    private static partial Regex Message();

    [GeneratedRegex(@"\bLoggerMessage(Attribute)?\s*\(|\bLoggerMessage\s*\.\s*Define|\bnew EventId\b")]
    private static partial Regex AnyMessage();
}
