using System.Text.Json.Nodes;
using CubeFunctions.Tests.Infra.Rules;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>Faults that were found, or that somebody could make, and the rule that names each.</summary>
[Collection(InfraGroup.Name)]
public sealed class NamedMutationTests(InfraFixture infra)
{
    private static readonly IReadOnlyDictionary<string, (string Rule, string Module, string Path, string Value)> Mutations = new Dictionary<
        string,
        (string, string, string, string)
    >(StringComparer.Ordinal)
    {
        ["Sign-in lets anonymous callers through"] = (
            "Sign-in stands before everything but health and webhooks",
            "auth",
            "resources/auth/properties/globalValidation/unauthenticatedClientAction",
            "\"AllowAnonymous\""
        ),
        ["Sign-in sends people to addresses of others"] = (
            "Sign-in has no door that was not reviewed",
            "auth",
            "resources/auth/properties/login/allowedExternalRedirectUrls",
            "[\"*\"]"
        ),
        ["Storage lets other services in"] = (
            "Storage accounts have no door that was not reviewed",
            "storage",
            "resources/account/properties/networkAcls/resourceAccessRules",
            "[{\"tenantId\":\"*\",\"resourceId\":\"*\"}]"
        ),
        ["Storage lets addresses in"] = (
            "Storage accounts have no door that was not reviewed",
            "hostStorage",
            "resources/account/properties/networkAcls/ipRules",
            "[{\"value\":\"0.0.0.0/0\"}]"
        ),
        ["Storage speaks SFTP"] = (
            "No account takes shared keys, SFTP or users of its own",
            "storage",
            "resources/account/properties/isSftpEnabled",
            "true"
        ),
        ["Storage has users of its own"] = (
            "No account takes shared keys, SFTP or users of its own",
            "storage",
            "resources/account/properties/isLocalUserEnabled",
            "true"
        ),
        ["The vault lets addresses in"] = (
            "The vault has no door that was not reviewed",
            "vault",
            "resources/vault/properties/networkAcls/ipRules",
            "[{\"value\":\"0.0.0.0/0\"}]"
        ),
        ["The app takes calls from other sites"] = (
            "The app has no door that was not reviewed",
            "functionApp",
            "resources/app/properties/siteConfig/cors",
            "{\"allowedOrigins\":[\"*\"]}"
        ),
        ["The network lists its subnets"] = (
            "A subnet that somebody added is left alone",
            "network",
            "resources/virtualNetworks/properties/subnets",
            "[]"
        ),
        ["The network is used up"] = (
            "There is room for a subnet of the operator's",
            "",
            "parameters/addressPrefix/defaultValue",
            "\"10.60.0.0/24\""
        ),
        ["The host's account has no name"] = (
            "Connections are by identity, to the right account",
            "functionApp",
            "variables/hostSettings/AzureWebJobsStorage__accountName",
            "\"\""
        ),
        ["Change files stay for ever"] = (
            "Change files go as asked for, and not while deliveries read them",
            "storage",
            "resources/lifecycle/properties/policy/rules/1/enabled",
            "false"
        ),
        ["What is known goes with its salt"] = (
            "What is known of ended scopes goes as asked for, the rest of its container stays",
            "storage",
            "resources/lifecycle/properties/policy/rules/2/definition/filters/prefixMatch",
            "[\"cube-state/\"]"
        ),
        ["What is known goes without being asked"] = (
            "What is known of ended scopes goes as asked for, the rest of its container stays",
            "storage",
            "resources/lifecycle/properties/policy/rules/2/enabled",
            "true"
        ),
        ["Run manifests stay as long as pages"] = (
            "Run manifests go before the pages that they name",
            "storage",
            "resources/lifecycle/properties/policy/rules/4/enabled",
            "false"
        ),
        ["Pages go before what points to them"] = (
            "Pages outlive what points to them",
            "",
            "resources/storage/properties/parameters/rawDeleteAfterDays/value",
            "\"[parameters('rawDeleteAfterDays')]\""
        ),
        ["Pointers are believed to be short-lived"] = ("Pages outlive what points to them", "", "variables/pointerDays", "1"),
        ["A person's schedule is overruled"] = (
            "What is asked for reaches the settings",
            "",
            "resources/functionApp/properties/parameters/productSettings/value",
            "\"[shallowMerge(createArray(parameters('moreSettings'), createObject('Sync__Schedule', parameters('syncSchedule'), 'Cube__BaseUrl', parameters('cubeBaseUrl'), 'Cube__Api', parameters('cubeApi'))))]\""
        ),
        ["A secret is emptied by a deployment without it"] = (
            "A secret that was not given is not written",
            "vault",
            "resources/secrets/condition",
            "true"
        ),
        ["Whoever signs in may act"] = ("With sign-in, acting takes an app role", "functionApp", "variables/actingRole", "\"\""),
        ["Acting takes a role that nobody can have"] = (
            "With sign-in, acting takes an app role",
            "",
            "resources/functionApp/properties/parameters/signIn/value",
            "true"
        ),
        ["The dashboard goes by hours of its own"] = (
            "What is asked for reaches the settings",
            "",
            "resources/functionApp/properties/parameters/productSettings/value",
            "\"[shallowMerge(createArray(createObject('Operations__StaleDatedAfterHours', '3', 'Operations__StaleSnapshotAfterHours', '36'), parameters('moreSettings'), createObject('Cube__BaseUrl', parameters('cubeBaseUrl'), 'Cube__Api', parameters('cubeApi'))))]\""
        ),
        ["The alert on stale responses waits as long as that on snapshots"] = (
            "Alert dated-feed-stale is raised: responses half an hour too old",
            "",
            "resources/alerts/properties/parameters/staleDatedAfterHours/value",
            "\"[parameters('staleSnapshotAfterHours')]\""
        ),
    };

    public static TheoryData<string> Names => [.. Mutations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Breaks_its_rule(string name)
    {
        var (ruleName, module, path, value) = Mutations[name];
        var rule = InfraRule.All.Single(candidate => candidate.Name == ruleName);
        Assert.Empty(InfraFixture.Variants.SelectMany(variant => rule.Faults(infra.Deploy(variant))));

        var mutant = JsonNode.Parse(infra.Template)!;
        Set(Mutation.Template(mutant, module), path.Split('/'), JsonNode.Parse(value));

        Assert.NotEmpty(InfraFixture.Variants.SelectMany(variant => rule.Faults(infra.Deploy(mutant, variant))));
    }

    private static void Set(JsonNode node, string[] path, JsonNode? value)
    {
        foreach (var part in path.SkipLast(1))
        {
            // Resources have no symbols where the compiler needs none: there they are found by their type.
            node =
                (
                    node is not JsonArray items ? node[part]
                    : int.TryParse(part, out var index) ? items[index]
                    : items.Single(item => ((string?)item!["type"])!.EndsWith("/" + part, StringComparison.Ordinal))
                ) ?? throw new InvalidOperationException($"The template has no {string.Join('/', path)}.");
        }

        node[path[^1]] = value;
    }
}
