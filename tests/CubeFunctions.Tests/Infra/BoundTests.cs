using System.Globalization;
using System.Text.Json.Nodes;
using CubeFunctions.Core.Settings;
using CubeFunctions.Tests.Infra.Rules;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>What the app refuses, Bicep refuses: before anything is deployed, not when the app does not start.</summary>
[Collection(InfraGroup.Name)]
public sealed class BoundTests(InfraFixture infra)
{
    [Fact]
    public void Bicep_allows_exactly_the_generations_that_the_app_takes() => Assert.Empty(GenerationFaults(Template));

    [Fact]
    public void A_generation_that_the_app_refuses_is_noticed()
    {
        var mutant = Template;
        mutant["parameters"]!["cubeApi"]!["allowedValues"]!.AsArray().Add("Third");
        Assert.Equal(["Third is allowed, and the app refuses it"], GenerationFaults(mutant));
    }

    [Fact]
    public void A_generation_that_is_not_allowed_is_noticed()
    {
        var mutant = Template;
        mutant["parameters"]!["cubeApi"]!["allowedValues"] = new JsonArray();
        Assert.Contains("Assignments is not allowed, and the app takes it", GenerationFaults(mutant));
    }

    [Fact]
    public void The_default_generation_is_the_app_s() =>
        Assert.Equal((string?)Template["parameters"]!["cubeApi"]!["defaultValue"], infra.Deploy("dev").Given("cubeApi"));

    [Fact]
    public void The_status_calls_stale_what_the_alerts_do_by_default()
    {
        var code = new OperationsSettings();
        Assert.Equal(code.StaleDatedAfterHours, (int)Template["parameters"]!["staleDatedAfterHours"]!["defaultValue"]!);
        Assert.Equal(code.StaleSnapshotAfterHours, (int)Template["parameters"]!["staleSnapshotAfterHours"]!["defaultValue"]!);
    }

    [Theory]
    [InlineData("cubeMaxConcurrentRequests", "Cube__MaxConcurrentRequests")]
    [InlineData("retentionDays", "Retention__Days")]
    [InlineData("staleDatedAfterHours", "Operations__StaleDatedAfterHours")]
    [InlineData("staleSnapshotAfterHours", "Operations__StaleSnapshotAfterHours")]
    public void Bicep_s_bounds_are_the_app_s(string parameter, string setting)
    {
        var (least, most) = ((int)Template["parameters"]![parameter]!["minValue"]!, (int)Template["parameters"]![parameter]!["maxValue"]!);
        Assert.Empty(Faults(setting, Text(least)).Concat(Faults(setting, Text(most))));
        Assert.NotEmpty(Faults(setting, Text(least - 1)));
        Assert.NotEmpty(Faults(setting, Text(most + 1)));
    }

    [Fact]
    public void Bicep_allows_only_kinds_of_senders_that_the_app_takes()
    {
        var kinds = Template["definitions"]!.AsObject().Single(definition => definition.Value!["properties"]?["kind"] is not null).Value![
            "properties"
        ]!["kind"]!["allowedValues"]!
            .AsArray()
            .Select(kind => (string)kind!)
            .ToList();
        Assert.NotEmpty(kinds);
        Assert.Empty(kinds.SelectMany(kind => Faults("Upserts__Senders__crm__Kind", kind)));
        Assert.NotEmpty(Faults("Upserts__Senders__crm__Kind", "pigeon"));
    }

    [Fact]
    public void The_tenant_has_no_default() => Assert.Null(Template["parameters"]!["cubeBaseUrl"]!["defaultValue"]);

    private JsonNode Template => JsonNode.Parse(infra.Template)!;

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Compared are the values that are allowed, and those that the product ever named.</summary>
    private static List<string> GenerationFaults(JsonNode template)
    {
        var allowed = template["parameters"]!["cubeApi"]!["allowedValues"]!.AsArray().Select(value => (string)value!).ToList();
        return
        [
            .. allowed.Where(value => Faults("Cube__Api", value).Any()).Select(value => $"{value} is allowed, and the app refuses it"),
            .. ((string[])["Auto", "Assignments", "DataOwners"])
                .Where(value => !allowed.Contains(value) && !Faults("Cube__Api", value).Any())
                .Select(value => $"{value} is not allowed, and the app takes it"),
        ];
    }

    /// <summary>What the app has against a value of one setting.</summary>
    private static IEnumerable<string> Faults(string setting, string value) =>
        CodeFacts.Faults([KeyValuePair.Create(setting, value)]).Where(fault => fault.StartsWith(setting + ":", StringComparison.Ordinal));
}
