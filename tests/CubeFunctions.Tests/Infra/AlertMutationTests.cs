using CubeFunctions.Tests.Infra.Kql;
using CubeFunctions.Tests.Infra.Rules;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>The scenarios of an alert are worth something only if an alert that is wrong breaks one of them.</summary>
[Collection(InfraGroup.Name)]
public sealed class AlertMutationTests(InfraFixture infra)
{
    public static TheoryData<string> Alerts => [.. AlertScenarios.All.Select(scenario => scenario.Alert).Distinct()];

    [Theory]
    [MemberData(nameof(Alerts))]
    public void A_query_that_looks_at_another_metric_breaks_a_scenario(string alert) =>
        Broken(alert, "query", query => query.Replace("'cube.", "'cube.other.", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Alerts))]
    public void A_query_that_counts_nothing_breaks_a_scenario(string alert) =>
        Broken(
            alert,
            "query",
            query =>
                query.Contains("= value", StringComparison.Ordinal)
                    ? query.Replace("= value", "= value * 0", StringComparison.Ordinal)
                    : query.Replace(" | summarize", " | where value == 12345 | summarize", StringComparison.Ordinal)
        );

    [Theory]
    [MemberData(nameof(Alerts))]
    public void Another_operator_breaks_a_scenario(string alert) =>
        Broken(alert, "operator", value => value == "LessThan" ? "GreaterThan" : "LessThan");

    [Theory]
    [InlineData("dated-feed-stale", "'feed'", "'scope'")]
    [InlineData("snapshot-stale", "'feed'", "'scope'")]
    [InlineData("dated-feed-stale", " in (", " !in (")]
    [InlineData("snapshot-stale", " !in (", " in (")]
    [InlineData("dated-feed-stale", "'sms'", "'text'")]
    [InlineData("dated-feed-stale", "'@'", "'#'")]
    [InlineData("webhook-5xx", "'status'", "'kind'")]
    [InlineData("webhook-5xx", "'5xx'", "'4xx'")]
    [InlineData("webhook-5xx", "==", "!=")]
    [InlineData("paused-long", ">= 60", ">= 0")]
    [InlineData("paused-long", "1s,", "1m,")]
    [InlineData("paused-long", " | distinct Minute", "")]
    [InlineData("paused-long", " | where Minute < now()", "")]
    [InlineData("no-item-ended", "'cube.sync.items.failed', ", "")]
    [InlineData("silent", "staleness", "stale")]
    [InlineData("receiver-paused", "'name'", "'feed'")]
    [InlineData("receiver-paused", "'receiver'", "'cube'")]
    public void Another_dimension_or_condition_breaks_a_scenario(string alert, string part, string other) =>
        Broken(alert, "query", query => query.Replace(part, other, StringComparison.Ordinal));

    [Theory]
    [InlineData("customMetrics | take 5")]
    [InlineData("requests | where name == 'a'")]
    [InlineData("customMetrics | where nam == 'a'")]
    [InlineData("customMetrics | where name = 'a'")]
    [InlineData("customMetrics | where name contains 'a'")]
    [InlineData("customMetrics | where value == 'a'")]
    [InlineData("customMetrics | where value")]
    [InlineData("customMetrics | summarize Sum = sum(value)")]
    [InlineData("customMetrics | project timestamp | where value > 0")]
    [InlineData("customMetrics | extend x = strlen(name)")]
    [InlineData("customMetrics | where name == \"a\"")]
    [InlineData("customMetrics where name == 'a'")]
    public void What_the_evaluator_does_not_know_it_refuses(string query) =>
        Assert.Throws<KqlException>(() => KqlQuery.Run(query, [KqlRow.Metric(DateTimeOffset.UnixEpoch, "a", 1)], DateTimeOffset.UnixEpoch));

    private void Broken(string alert, string part, Func<string, string> mutate)
    {
        var deployment = infra.Deploy("prod");
        var rule = deployment.All(AlertScenario.Rule).Single(candidate => AlertRules.Alert(deployment, candidate) == alert);
        object? Criterion(string name) => rule.Property("criteria.allOf.0." + name);
        var (before, after) = ((string)Criterion(part)!, mutate((string)Criterion(part)!));
        Assert.NotEqual(before, after);

        var scenarios = AlertScenarios.All.Where(scenario => scenario.Alert == alert).ToList();
        Assert.Empty(
            scenarios
                .Where(scenario => scenario.Faults(deployment, Criterion, rule.Text("windowSize")).Any())
                .Select(scenario => scenario.Name)
        );
        Assert.NotEmpty(
            scenarios
                .Where(scenario =>
                    scenario.Faults(deployment, name => name == part ? after : Criterion(name), rule.Text("windowSize")).Any()
                )
                .Select(scenario => scenario.Name)
        );
    }
}
