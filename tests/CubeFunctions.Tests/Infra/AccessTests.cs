using System.Text.Json.Nodes;
using CubeFunctions.Tests.Infra.Arm;
using CubeFunctions.Tests.Infra.Rules;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>The rights of the pipeline, and a fault for each of their rules.</summary>
[Collection(InfraGroup.Name)]
public sealed class AccessTests(InfraFixture infra)
{
    private static readonly IReadOnlyDictionary<string, (string Rule, Action<JsonNode> Apply)> Mutations = new Dictionary<
        string,
        (string, Action<JsonNode>)
    >(StringComparer.Ordinal)
    {
        ["Contributor of the subscription"] = (
            "Built-in roles are given within the resource group of the app only",
            root =>
                root["resources"]!["mayStart"]!["properties"]!["roleDefinitionId"] =
                    "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"
        ),
        ["Owner of the group"] = (
            "The deploying identity has these roles and no others",
            root => Mutation.Template(root, "rights")["variables"]!["contributor"] = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
        ),
        ["A preview that contributes"] = (
            "The previewing identity reads, and writes nothing",
            root => Mutation.Template(root, "rights")["variables"]!["reader"] = "b24988ac-6180-42a0-ab88-20f7382dd24c"
        ),
        ["A role of our own that does everything"] = (
            "Roles of our own start deployments and do nothing else",
            root => root["resources"]!["startsDeployments"]!["properties"]!["permissions"]![0]!["actions"]![0] = "*"
        ),
        ["Any role may be given"] = (
            "The deploying identity gives and takes the roles of the product only, to apps only",
            root => Rights(root)["givesRoles"]!["properties"]!.AsObject().Remove("condition")
        ),
        ["Owner may be given"] = (
            "The deploying identity gives and takes the roles of the product only, to apps only",
            root =>
                root["resources"]!["rights"]!["properties"]!["parameters"]!["assignableRoleIds"]!["value"] = new JsonArray(
                    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
                )
        ),
        ["People may be given roles"] = (
            "The deploying identity gives and takes the roles of the product only, to apps only",
            root => Mutation.Template(root, "rights")["variables"]!["isOfAnApp"] = "ForAnyOfAnyValues:StringEqualsIgnoreCase {'User'}"
        ),
        ["Any branch signs in"] = (
            "Identities sign in from their environment of the repository only",
            root =>
                Mutation.Template(root, "deployer")["resources"]!
                    .AsArray()
                    .Single(resource => ((string)resource!["type"]!).EndsWith("/federatedIdentityCredentials", StringComparison.Ordinal))![
                    "properties"
                ]!["subject"] = "repo:owner/name:*"
        ),
    };

    public static TheoryData<string> Rules => [.. AccessRules.All.Select(rule => rule.Name)];

    public static TheoryData<string> Mutants => [.. Mutations.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Holds(string rule) => Assert.Empty(Faults(rule, JsonNode.Parse(infra.Access)!));

    [Theory]
    [MemberData(nameof(Mutants))]
    public void A_fault_breaks_its_rule(string name)
    {
        var mutant = JsonNode.Parse(infra.Access)!;
        Mutations[name].Apply(mutant);
        Assert.NotEmpty(Faults(Mutations[name].Rule, mutant));
    }

    private static JsonNode Rights(JsonNode root) => Mutation.Template(root, "rights")["resources"]!;

    private List<string> Faults(string rule, JsonNode template)
    {
        var parameters = new JsonObject
        {
            ["environmentName"] = new JsonObject { ["value"] = "cube-prod" },
            ["location"] = new JsonObject { ["value"] = "norwayeast" },
            ["repository"] = new JsonObject { ["value"] = "owner/name" },
            ["gitHubEnvironment"] = new JsonObject { ["value"] = "prod" },
        };
        return
        [
            .. AccessRules
                .All.Single(candidate => candidate.Name == rule)
                .Faults(ArmDeployment.Of(template, parameters), infra.Deploy("prod")),
        ];
    }
}
