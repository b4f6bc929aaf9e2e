using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>The app's rights: these and no others.</summary>
internal static class RoleRules
{
    private const string Assignment = "Microsoft.Authorization/roleAssignments";
    private const string BlobDataOwner = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";
    private const string BlobDataContributor = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
    private const string QueueDataContributor = "974c5e8b-45b9-4653-ba55-5f855dd0fb88";
    private const string TableDataContributor = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3";
    private const string SecretsUser = "4633458b-17de-408a-b874-0445c86b69e6";
    private const string MetricsPublisher = "3913510d-42f4-4e42-8a64-420c390055eb";

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        new(
            "The app has exactly the roles it needs, where it needs them",
            deployment => Expect.Same("role", Needed(deployment), deployment.All(Assignment).Select(Given))
        ),
        new(
            "Roles go to the app's identity only",
            deployment =>
                Expect
                    .Value(
                        deployment,
                        Assignment,
                        Needed(deployment).Count(),
                        "principalId",
                        $"<principalId of {deployment.One("Microsoft.ManagedIdentity/userAssignedIdentities")?.Name}>"
                    )
                    .Concat(Expect.Value(deployment, Assignment, Needed(deployment).Count(), "principalType", "ServicePrincipal"))
        ),
        new(
            "Roles are given in one file",
            deployment => deployment.All(Assignment).Where(role => role.Module != "roles").Select(role => $"{role.Module} gives a role")
        ),
    ];

    private static IEnumerable<string> Needed(ArmDeployment deployment)
    {
        var data = $"/Microsoft.Storage/storageAccounts/{Expect.DataAccount(deployment)}";
        var host = $"/Microsoft.Storage/storageAccounts/{Expect.HostAccount(deployment)}";
        return
        [
            .. CodeFacts.Containers.Select(name => $"{BlobDataContributor} on {data}/blobServices/default/containers/{name}"),
            .. CodeFacts.Queues.Select(name => $"{QueueDataContributor} on {data}/queueServices/default/queues/{name}"),
            .. CodeFacts.Tables.Select(name => $"{TableDataContributor} on {data}/tableServices/default/tables/{name}"),
            $"{BlobDataOwner} on {host}",
            $"{TableDataContributor} on {host}",
            $"{SecretsUser} on /Microsoft.KeyVault/vaults/{deployment.One(Expect.Vault)?.Name}",
            $"{MetricsPublisher} on /Microsoft.Insights/components/{deployment.One(Expect.Insights)?.Name}",
        ];
    }

    private static string Given(ArmResource role) =>
        $"{role.Text("roleDefinitionId")?.Split('/')[^1]} on {role.Scope?.Replace(ArmFunctions.Subscription + "/resourceGroups/g/providers", "", StringComparison.Ordinal) ?? "everything"}";
}
