using System.Xml;
using CubeFunctions.Tests.Infra.Arm;
using CubeFunctions.Tests.Infra.Kql;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>Made-up telemetry, and whether an alert is raised by it.</summary>
/// <param name="Alert">Name of the alert, without the app's.</param>
/// <param name="Says">What the telemetry says.</param>
/// <param name="IsRaised">Whether the alert is raised.</param>
/// <param name="Rows">The telemetry, by the deployment (for its thresholds) and the present.</param>
internal sealed record AlertScenario(
    string Alert,
    string Says,
    bool IsRaised,
    Func<ArmDeployment, DateTimeOffset, IEnumerable<KqlRow>> Rows
)
{
    public const string Rule = "Microsoft.Insights/scheduledQueryRules";

    private static readonly DateTimeOffset Present = new(2026, 11, 26, 12, 0, 30, TimeSpan.Zero);

    /// <summary>The name of the assertion.</summary>
    public string Name => $"Alert {Alert} is {(IsRaised ? "raised" : "silent")}: {Says}";

    /// <summary>Holds the deployed rule against this scenario.</summary>
    public IEnumerable<string> Faults(ArmDeployment deployment)
    {
        var rule = deployment.All(Rule).FirstOrDefault(candidate => candidate.Name.EndsWith($"-{Alert}", StringComparison.Ordinal));
        return rule is null
            ? ["there is no such alert"]
            : Faults(deployment, name => rule.Property("criteria.allOf.0." + name), rule.Text("windowSize"));
    }

    /// <summary>Holds the parts of a rule against this scenario.</summary>
    public IEnumerable<string> Faults(ArmDeployment deployment, Func<string, object?> criterion, string? window)
    {
        try
        {
            return Expect.That(
                Evaluate([.. Rows(deployment, Present)], criterion, window) == IsRaised,
                $"it is {(IsRaised ? "silent" : "raised")}"
            );
        }
        catch (Exception exception) when (exception is KqlException or FormatException)
        {
            return [exception.Message];
        }
    }

    /// <summary>As Azure does it: the rows of the window, the query, one number of its column, the comparison.</summary>
    private static bool Evaluate(IReadOnlyList<KqlRow> rows, Func<string, object?> criterion, string? window)
    {
        var from = Present - XmlConvert.ToTimeSpan(window ?? "");
        var found = KqlQuery.Run(
            criterion("query") as string ?? throw new KqlException("There is no query."),
            [.. rows.Where(row => (DateTimeOffset)row["timestamp"]! >= from)],
            Present
        );
        var column = criterion("metricMeasureColumn") as string ?? throw new KqlException("No column is measured.");
        var values = found.Select(row => row[column] as double? ?? throw new KqlException($"'{column}' holds no number.")).ToList();
        var measured = (criterion("timeAggregation"), values.Count) switch
        {
            ("Total", _) => values.Sum(),
            ("Maximum", 0) => 0,
            ("Maximum", _) => values.Max(),
            var (other, _) => throw new KqlException($"Aggregation '{other}' is not known here."),
        };
        var threshold = criterion("threshold") as long? ?? throw new KqlException("There is no threshold.");
        return criterion("operator") switch
        {
            "GreaterThan" => measured > threshold,
            "LessThan" => measured < threshold,
            var other => throw new KqlException($"Operator '{other}' is not known here."),
        };
    }
}
