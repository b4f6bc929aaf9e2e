using System.Text.RegularExpressions;
using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>Every failure that has a name has its alert: its query is run over made-up telemetry.</summary>
internal static partial class AlertRules
{
    private const string Group = "Microsoft.Insights/actionGroups";

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        .. AlertScenarios.All.Select(scenario => new InfraRule(scenario.Name, scenario.Faults)),
        new(
            "Every alert has its scenarios",
            deployment =>
                Expect.Same(
                    "alert",
                    AlertScenarios.All.Select(scenario => scenario.Alert).Distinct(),
                    deployment.All(AlertScenario.Rule).Select(rule => Alert(deployment, rule))
                )
        ),
        new(
            "Alerts look at metrics that the code writes",
            deployment =>
                deployment
                    .All(AlertScenario.Rule)
                    .SelectMany(rule => Metric().Matches(Text(rule, "query") ?? "").Select(match => match.Value))
                    .Except(CodeFacts.Metrics)
                    .Select(metric => $"nothing writes {metric}")
        ),
        new("Every alert is on, looks at the app's telemetry and tells someone", Wiring),
        new("The action group tells whom it was asked to tell", Receivers),
    ];

    /// <summary>The alert's name, without the app's.</summary>
    internal static string Alert(ArmDeployment deployment, ArmResource rule) =>
        rule.Name[Math.Min(rule.Name.Length, deployment.One(Expect.Site)!.Name.Length + 1)..];

    private static object? Value(ArmResource rule, string name) => rule.Property("criteria.allOf.0." + name);

    private static string? Text(ArmResource rule, string name) => Value(rule, name) as string;

    private static IEnumerable<string> Wiring(ArmDeployment deployment)
    {
        var group = deployment.One(Group);
        foreach (var rule in deployment.All(AlertScenario.Rule))
        {
            string[] faults =
            [
                .. Expect.That(rule.Property("enabled") is true, "is off"),
                .. Expect.That(rule.Property("severity") is >= 0L and <= 3L, "is only verbose"),
                .. Expect.That(
                    rule.Text("scopes.0")?.EndsWith($"/{Expect.Insights}/{deployment.One(Expect.Insights)?.Name}", StringComparison.Ordinal)
                        == true,
                    "looks elsewhere"
                ),
                .. Expect.That(
                    group is not null && rule.Text("actions.actionGroups.0")?.EndsWith("/" + group.Name, StringComparison.Ordinal) == true,
                    "tells nobody"
                ),
                .. Expect.That(
                    rule.Text("windowSize") is "PT30M" or "PT2H" or "PT6H" && rule.Text("evaluationFrequency") == "PT15M",
                    "may miss late telemetry"
                ),
                .. Expect.That(rule.Property("autoMitigate") is true, "never ends"),
                .. Expect.That(
                    Value(rule, "failingPeriods.numberOfEvaluationPeriods") is 1L
                        && Value(rule, "failingPeriods.minFailingPeriodsToAlert") is 1L,
                    "waits"
                ),
                .. Expect.That(
                    rule.Text("displayName") is { Length: > 0 } && rule.Text("description") is { Length: > 0 },
                    "does not say what it means"
                ),
                .. Expect.That(
                    deployment.All(AlertScenario.Rule).Count(other => other.Name == rule.Name) == 1 && !rule.Name.EndsWith('-'),
                    "has the name of another, or none"
                ),
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
        return
        [
            .. Expect.That(group?.Property("enabled") is true, "the action group is off"),
            .. Expect.Same(
                "e-mail",
                ((IEnumerable<object?>)deployment.Given("alertEmails")!).Select(ArmValue.Show),
                group?.Items("emailReceivers").Select(receiver => ArmValue.Show(ArmValue.At(receiver, "emailAddress"))) ?? []
            ),
            .. Expect.Same(
                "webhook",
                webhook,
                group?.Items("webhookReceivers").Select(receiver => ArmValue.Show(ArmValue.At(receiver, "serviceUri"))) ?? []
            ),
        ];
    }

    [GeneratedRegex(@"\bcube\.[a-z_.]+")]
    private static partial Regex Metric();
}
