using System.Diagnostics.Metrics;
using CubeFunctions.Core.Model;
using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>Every failure that has a name has its alert, on the metric that the code writes.</summary>
internal static class AlertRules
{
    private const string Rule = "Microsoft.Insights/scheduledQueryRules";
    private const string Group = "Microsoft.Insights/actionGroups";

    private static readonly IReadOnlyList<Instrument> Counters =
    [
        CubeMetrics.ItemsFailed, CubeMetrics.ItemsUnproven, CubeMetrics.Poison, CubeMetrics.UpsertsDead, CubeMetrics.ChangesUndelivered, CubeMetrics.DeletionsHeldBack,
    ];

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        .. Counters.Select(counter => new InfraRule(
            $"{counter.Name} raises an alert",
            deployment => Expect.That(
                deployment.All(Rule).Any(rule => Counts(rule, "customMetrics", counter.Name) && Text(rule, "operator") == "GreaterThan" && Value(rule, "threshold") is 0L && Text(rule, "timeAggregation") == "Total"),
                "no rule counts it"))),
        new("A stale scope raises an alert", deployment => Expect.That(
            deployment.All(Rule).Any(rule => Counts(rule, "customMetrics", CubeMetrics.Staleness.Name) && Text(rule, "operator") == "GreaterThan" && Text(rule, "timeAggregation") == "Maximum"
                && Equals(Value(rule, "threshold"), deployment.Given("staleAfterHours"))),
            "no rule compares staleness with staleAfterHours")),
        new("A silent app raises an alert", deployment => Expect.That(
            deployment.All(Rule).Any(rule => Counts(rule, "customMetrics", CubeMetrics.Staleness.Name) && Text(rule, "operator") == "LessThan" && Value(rule, "threshold") is 1L && Text(rule, "timeAggregation") == "Total" && Text(rule, "query")!.Contains("count()", StringComparison.Ordinal)),
            "no rule counts reports")),
        new("Server errors of webhooks raise an alert", deployment => Expect.That(
            deployment.All(Rule).Any(rule => Text(rule, "query") is { } query && query.StartsWith("requests ", StringComparison.Ordinal) && query.Contains("(500 .. 599)", StringComparison.Ordinal)
                && query.Contains("url contains '/api/webhooks/'", StringComparison.Ordinal) && Text(rule, "timeAggregation") == "Total" && Text(rule, "operator") == "GreaterThan" && Value(rule, "threshold") is 0L),
            "no rule counts them")),
        new("Every alert is on, looks at the app's telemetry and tells someone", Wiring),
        new("The action group tells whom it was asked to tell", Receivers),
    ];

    private static bool Counts(ArmResource rule, string table, string metric) =>
        Text(rule, "query") is { } query && query.StartsWith($"{table} | where name == '{metric}' |", StringComparison.Ordinal);

    private static object? Value(ArmResource rule, string name) => rule.Property("criteria.allOf.0." + name);

    private static string? Text(ArmResource rule, string name) => Value(rule, name) as string;

    private static IEnumerable<string> Wiring(ArmDeployment deployment)
    {
        var group = deployment.One(Group);
        foreach (var rule in deployment.All(Rule))
        {
            string[] faults = [
                .. Expect.That(rule.Property("enabled") is true, "is off"),
                .. Expect.That(rule.Property("severity") is >= 0L and <= 3L, "is only verbose"),
                .. Expect.That(rule.Text("scopes.0")?.EndsWith($"/{Expect.Insights}/{deployment.One(Expect.Insights)?.Name}", StringComparison.Ordinal) == true, "looks elsewhere"),
                .. Expect.That(group is not null && rule.Text("actions.actionGroups.0")?.EndsWith("/" + group.Name, StringComparison.Ordinal) == true, "tells nobody"),
                .. Expect.That(rule.Text("windowSize") == "PT30M" && rule.Text("evaluationFrequency") == "PT15M", "may miss late telemetry"),
                .. Expect.That(rule.Property("autoMitigate") is true, "never ends"),
                .. Expect.That(Value(rule, "failingPeriods.numberOfEvaluationPeriods") is 1L && Value(rule, "failingPeriods.minFailingPeriodsToAlert") is 1L, "waits"),
                .. Expect.That(rule.Text("displayName") is { Length: > 0 } && rule.Text("description") is { Length: > 0 }, "does not say what it means"),
                .. Expect.That(deployment.All(Rule).Count(other => other.Name == rule.Name) == 1 && !rule.Name.EndsWith('-'), "has the name of another, or none"),
                .. Expect.That(Text(rule, "metricMeasureColumn") is { } column && Text(rule, "query")!.Contains(column + " = ", StringComparison.Ordinal), "measures a column that the query lacks"),
            ];
            foreach (var fault in faults)
            {
                yield return $"{rule} {fault}";
            }
        }
    }

    private static IEnumerable<string> Receivers(ArmDeployment deployment)
    {
        var group = deployment.One(Group);
        var webhook = deployment.Given("alertWebhookUrl") is "" ? [] : new[] { (string)deployment.Given("alertWebhookUrl")! };
        return [
            .. Expect.That(group?.Property("enabled") is true, "the action group is off"),
            .. Expect.Same("e-mail", ((IEnumerable<object?>)deployment.Given("alertEmails")!).Select(ArmValue.Show), group?.Items("emailReceivers").Select(receiver => ArmValue.Show(ArmValue.At(receiver, "emailAddress"))) ?? []),
            .. Expect.Same("webhook", webhook, group?.Items("webhookReceivers").Select(receiver => ArmValue.Show(ArmValue.At(receiver, "serviceUri"))) ?? []),
        ];
    }
}
