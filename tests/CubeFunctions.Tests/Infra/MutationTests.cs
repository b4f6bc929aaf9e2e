using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CubeFunctions.Tests.Infra.Rules;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>
/// The rules are worth something only if each loss is noticed by one of them: every one is tried, on the compiled template.
/// </summary>
[Collection(InfraGroup.Name)]
public sealed class MutationTests(InfraFixture infra)
{
    // What may change without harm: titles, and what the platform would refuse or set by itself.
    private static readonly string[] Harmless =
    [
        "/location",
        "/tags/",
        "/tags ",
        "/kind",
        "/sku",
        "/displayName",
        "/description",
        "/groupShortName",
        "/useCommonAlertSchema",
        "/contentType",
        "/category ",
        "/version ",
        "/name is another",
        "/title is another",
        "/meaning is another",
        "/skipQueryValidation",
        "/clientAffinityEnabled",
        "/http20Enabled",
        "/accessTier",
        "/Application_Type",
        "/privateEndpointNetworkPolicies",
        "/namePrefix/",
        "/planName/",
        "/workspaceName/",
        "/title/",
        "network: parameters /name/",
        "rules/0/name",
        "rules/1/name",
        "Connections/0/name",
        "Configs/0/name",
        "delegations/0/name",
    ];

    private readonly ConcurrentDictionary<string, IReadOnlyList<InfraRule>> _sound = new(StringComparer.Ordinal);

    [Fact]
    public void A_missing_container_is_noticed() =>
        EachIsNoticed(Mutation.WithoutName(Compiled, "containerNames"), 2 * CodeFacts.Containers.Count);

    [Fact]
    public void A_missing_queue_is_noticed() => EachIsNoticed(Mutation.WithoutName(Compiled, "queueNames"), 2 * CodeFacts.Queues.Count);

    [Fact]
    public void A_missing_table_is_noticed() => EachIsNoticed(Mutation.WithoutName(Compiled, "tableNames"), 2 * CodeFacts.Tables.Count);

    [Fact]
    public void A_missing_or_other_role_is_noticed() =>
        EachIsNoticed(
            [
                .. Mutation.OfVariable(Compiled, "roles", "roleIds"),
                .. Mutation.OfResource(Compiled, type => type == "Microsoft.Authorization/roleAssignments"),
                .. Mutation
                    .WithoutResource(Compiled)
                    .Where(mutation => mutation.Name.Contains("roleAssignments", StringComparison.Ordinal)),
            ],
            30
        );

    [Fact]
    public void A_further_role_is_noticed() =>
        EachIsNoticed(
            from module in Mutation.Templates(Compiled)
            select new Mutation(
                $"{module.Name}: a further role",
                root =>
                    Add(
                        Mutation.Template(root, module.Name),
                        new JsonObject
                        {
                            ["type"] = "Microsoft.Authorization/roleAssignments",
                            ["name"] = "further",
                            ["properties"] = new JsonObject { ["roleDefinitionId"] = "b24988ac-6180-42a0-ab88-20f7382dd24c" },
                        }
                    )
            ),
            13
        );

    [Fact]
    public void A_missing_setting_is_noticed() =>
        EachIsNoticed(
            [
                .. InfraFixture
                    .Variants.SelectMany(variant => Expect.Settings(infra.Deploy(variant)).Keys)
                    .Distinct()
                    .Where(name => name != "Sync__LookbackDays")
                    .Select(name =>
                        name.Replace("__hubspot__", "__{0}__", StringComparison.Ordinal)
                            .Replace("__dataverse__", "__{0}__", StringComparison.Ordinal)
                            .Replace("__script__", "__{0}__", StringComparison.Ordinal)
                    )
                    .Distinct()
                    .Select(Mutation.WithoutSetting),
            ],
            30
        );

    [Fact]
    public void A_setting_with_another_value_is_noticed() =>
        EachIsNoticed(
            (
                (string[])
                    [
                        "hostSettings",
                        "storageSettings",
                        "telemetrySettings",
                        "tokenSettings",
                        "passwordSettings",
                        "crmSettings",
                        "signInSettings",
                        "reference",
                        "packageContainerName",
                    ]
            ).SelectMany(variable => Mutation.OfVariable(Compiled, "functionApp", variable)),
            40
        );

    [Fact]
    public void A_connection_string_is_noticed() =>
        EachIsNoticed(
            ((string[])["AzureWebJobsStorage", "CubeStorage"]).Select(name => new Mutation(
                $"{name} is a connection string",
                root =>
                    Mutation.Template(root, "functionApp")["variables"]!["hostSettings"]![name] =
                        "DefaultEndpointsProtocol=https;AccountName=a"
            )),
            2
        );

    [Fact]
    public void A_missing_or_other_alert_is_noticed() =>
        EachIsNoticed(
            [
                .. Mutation.OfVariable(Compiled, "alerts", "counters").Where(Harmful),
                .. Mutation.OfVariable(Compiled, "alerts", "otherRules").Where(Harmful),
                .. Mutation
                    .OfResource(Compiled, type => type is "Microsoft.Insights/scheduledQueryRules" or "Microsoft.Insights/actionGroups")
                    .Where(Harmful),
            ],
            60
        );

    [Fact]
    public void A_missing_resource_or_module_is_noticed() => EachIsNoticed(Mutation.WithoutResource(Compiled), 50);

    [Fact]
    public void A_lost_property_is_noticed() =>
        EachIsNoticed(
            Mutation
                .OfResource(
                    Compiled,
                    type =>
                        !type.StartsWith("Microsoft.Authorization/", StringComparison.Ordinal)
                        && type is not ("Microsoft.Insights/scheduledQueryRules" or "Microsoft.Insights/actionGroups")
                )
                .Where(Harmful),
            200
        );

    [Fact]
    public void A_module_that_is_given_another_value_is_noticed() =>
        EachIsNoticed(Mutation.OfModuleParameters(Compiled).Where(Harmful), 50);

    [Fact]
    public void A_missing_or_other_private_endpoint_is_noticed() =>
        EachIsNoticed(
            [
                .. Mutation.OfVariable(Compiled, "network", "endpoints").Where(Harmful),
                .. Mutation.OfVariable(Compiled, "network", "zoneNames").Where(Harmful),
            ],
            50
        );

    [Fact]
    public void A_secret_in_an_output_is_noticed() =>
        EachIsNoticed(
            [
                .. ((string[])["cubeToken", "cubePassword", "crmSecret", "senderSecrets", "alertWebhookUrl"]).Select(name => new Mutation(
                    $"output of {name}",
                    root => root["outputs"]!["LEAK"] = new JsonObject { ["type"] = "string", ["value"] = $"[parameters('{name}')]" }
                )),
                new Mutation(
                    "output of a module",
                    root =>
                        Mutation.Template(root, "vault")["outputs"]!["leak"] = new JsonObject
                        {
                            ["type"] = "object",
                            ["value"] = "[parameters('secretValues')]",
                        }
                ),
            ],
            6
        );

    [Fact]
    public void A_secret_among_plain_parameters_is_noticed() =>
        EachIsNoticed(
            from module in Mutation.Templates(Compiled)
            from parameter in module.Template["parameters"]!.AsObject()
            where ((string)parameter.Value!["type"]!).StartsWith("secure", StringComparison.OrdinalIgnoreCase)
            select new Mutation(
                $"{module.Name}: {parameter.Key} is plain",
                root => Mutation.Template(root, module.Name)["parameters"]![parameter.Key]!["type"] = "string"
            ),
            7
        );

    private JsonNode Compiled => JsonNode.Parse(infra.Template)!;

    private static bool Harmful(Mutation mutation) =>
        !Array.Exists(Harmless, part => mutation.Name.Contains(part, StringComparison.Ordinal));

    private static void Add(JsonNode template, JsonNode resource)
    {
        if (template["resources"] is JsonArray list)
        {
            list.Add(resource);
        }
        else
        {
            template["resources"]!["further"] = resource;
        }
    }

    private void EachIsNoticed(IEnumerable<Mutation> mutations, int least)
    {
        var all = mutations.ToList();
        Assert.True(all.Count >= least, $"Only {all.Count} mutations: the template is built otherwise than this test believes.");
        var unnoticed = new ConcurrentBag<string>();
        Parallel.ForEach(
            all,
            mutation =>
            {
                try
                {
                    if (!Noticed(mutation))
                    {
                        unnoticed.Add(mutation.Name);
                    }
                }
                catch (Exception exception) when (exception is not OutOfMemoryException)
                {
                    // A rule that breaks says nothing: that is not noticing.
                    unnoticed.Add(
                        $"{mutation.Name} ({exception.Message} {exception.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Infra", StringComparison.Ordinal))?.Trim()})"
                    );
                }
            }
        );
        Assert.True(
            unnoticed.IsEmpty,
            $"{unnoticed.Count} of {all.Count} mutations break no rule:{Environment.NewLine}{string.Join(Environment.NewLine, unnoticed.Order())}"
        );
    }

    private bool Noticed(Mutation mutation)
    {
        var mutant = Compiled;
        mutation.Apply(mutant);
        return InfraFixture.Variants.Any(variant =>
        {
            // A rule that is broken anyway notices nothing.
            var sound = _sound.GetOrAdd(variant, name => [.. InfraRule.All.Where(rule => !rule.Faults(infra.Deploy(name)).Any())]);
            var deployment = infra.Deploy(mutant, variant);
            return sound.Any(rule => rule.Faults(deployment).Any());
        });
    }
}
