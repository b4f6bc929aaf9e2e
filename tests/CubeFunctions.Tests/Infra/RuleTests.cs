using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CubeFunctions.Tests.Infra.Rules;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>What must never regress, held against everything that can be deployed.</summary>
[Collection(InfraGroup.Name)]
public sealed partial class RuleTests(InfraFixture infra)
{
    public static TheoryData<string> Rules => [.. InfraRule.All.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Holds(string rule)
    {
        var held = InfraRule.All.Single(candidate => candidate.Name == rule);
        Assert.Empty(
            InfraFixture.Variants.SelectMany(variant => held.Faults(infra.Deploy(variant)).Select(fault => $"{variant}: {fault}"))
        );
    }

    [Fact]
    public void No_template_reads_a_key_from_Azure() => Assert.DoesNotMatch(ListFunction(), infra.Template);

    [Theory]
    [InlineData("softDeleteDays", "maxValue", 14)]
    [InlineData("softDeleteDays", "minValue", 1)]
    [InlineData("rawDeleteAfterDays", "minValue", 30)]
    [InlineData("inboxDeleteAfterDays", "maxValue", 29)]
    [InlineData("maximumInstanceCount", "maxValue", 1000)]
    [InlineData("cubeMaxConcurrentRequests", "maxValue", 256)]
    public void What_is_asked_for_has_bounds(string parameter, string bound, int value) =>
        Assert.Equal(value, (int?)JsonNode.Parse(infra.Template)!["parameters"]![parameter]![bound]);

    [Fact]
    public void Every_parameter_and_output_says_what_it_is()
    {
        var template = JsonNode.Parse(infra.Template)!;
        Assert.Empty(
            ((string[])["parameters", "outputs"])
                .SelectMany(part => template[part]!.AsObject())
                .Where(member => string.IsNullOrEmpty((string?)member.Value!["metadata"]?["description"]))
                .Select(member => member.Key)
        );
    }

    [Fact]
    public void Routes_hold_no_customer()
    {
        // Request telemetry names the route; what may vary in it are senders, assignments, runs, upserts and the names of pauses.
        string[] known = ["sender", "assignmentId", "id", "name"];
        Assert.NotEmpty(CodeFacts.Routes);
        Assert.Empty(
            CodeFacts.Routes.SelectMany(route => RouteParameter().Matches(route).Select(match => match.Groups[1].Value)).Except(known)
        );
    }

    [Fact]
    public void The_host_sends_its_telemetry_the_way_that_hides_query_strings()
    {
        var host = JsonNode.Parse(File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "host.json")))!;
        Assert.Equal("OpenTelemetry", (string?)host["telemetryMode"]);
    }

    [Fact]
    public void Triggers_read_queues_that_are_deployed() =>
        Assert.Empty(
            CodeFacts.TriggerQueues.Except(
                infra.Deploy("dev").All("Microsoft.Storage/storageAccounts/queueServices/queues").Select(queue => queue.ShortName)
            )
        );

    [GeneratedRegex(@"\blist[A-Z]\w*\(")]
    private static partial Regex ListFunction();

    [GeneratedRegex(@"\{(\w+)")]
    private static partial Regex RouteParameter();
}
