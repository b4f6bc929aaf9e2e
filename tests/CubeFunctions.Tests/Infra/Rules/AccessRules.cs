using System.Text.RegularExpressions;
using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>What the pipeline may do in Azure: <c>access.bicep</c>.</summary>
internal static partial class AccessRules
{
    private const string Assignment = "Microsoft.Authorization/roleAssignments";
    private const string Definition = "Microsoft.Authorization/roleDefinitions";
    private const string Credential = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials";
    private const string Contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";
    private const string RoleAdministrator = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
    private const string Reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

    /// <summary>The rules; the deployment of the app itself tells which roles it gives.</summary>
    public static IReadOnlyList<(string Name, Func<ArmDeployment, ArmDeployment, IEnumerable<string>> Faults)> All { get; } =
    [
        (
            "Built-in roles are given within the resource group of the app only",
            (access, _) =>
                access
                    .All(Assignment)
                    .Where(role => IsBuiltIn(role) && role.Module != "rights")
                    .Select(role => $"{Id(role)} is given by '{role.Module}', at the subscription")
        ),
        (
            "The deploying identity has these roles and no others",
            (access, _) =>
                Expect.Same(
                    "role",
                    [Contributor, RoleAdministrator],
                    access
                        .All(Assignment)
                        .Where(role => IsBuiltIn(role) && Principal(role).EndsWith("-deploys>", StringComparison.Ordinal))
                        .Select(Id)
                )
        ),
        (
            "The previewing identity reads, and writes nothing",
            (access, _) =>
                [
                    .. Expect.Same(
                        "role",
                        [Reader],
                        access
                            .All(Assignment)
                            .Where(role => IsBuiltIn(role) && Principal(role).EndsWith("-previews>", StringComparison.Ordinal))
                            .Select(Id)
                    ),
                    .. access
                        .All(Definition)
                        .Where(role => role.Text("roleName")?.Contains("previews", StringComparison.Ordinal) == true)
                        .SelectMany(Actions)
                        .Where(action => action.EndsWith("/write", StringComparison.Ordinal) || action.Contains('*')),
                ]
        ),
        (
            "Roles of our own start deployments and do nothing else",
            (access, _) =>
                [
                    .. Expect.That(access.All(Definition).Count == 2, "there are other roles than those two"),
                    .. access
                        .All(Definition)
                        .SelectMany(Actions)
                        .Where(action =>
                            action.Contains('*')
                            || !(
                                action.StartsWith("Microsoft.Resources/deployments/", StringComparison.Ordinal)
                                || action.EndsWith("resourceGroups/read", StringComparison.Ordinal)
                            )
                        ),
                    .. access
                        .All(Definition)
                        .Where(role => Actions(role).Count == 0 || role.Items("permissions").Count != 1)
                        .Select(role => $"{role} allows something else"),
                ]
        ),
        ("The deploying identity gives and takes the roles of the product only, to apps only", Condition),
        (
            "Identities sign in from their environment of the repository only",
            (access, _) =>
                [
                    .. Expect.Same(
                        "subject",
                        ["repo:owner/name:environment:prod", "repo:owner/name:environment:prod-preview"],
                        access.All(Credential).Select(credential => credential.Text("subject") ?? "")
                    ),
                    .. access
                        .All(Credential)
                        .Where(credential =>
                            credential.Text("issuer") != "https://token.actions.githubusercontent.com"
                            || credential.Items("audiences") is not ["api://AzureADTokenExchange"]
                        )
                        .Select(credential => $"{credential} trusts another"),
                ]
        ),
    ];

    private static bool IsBuiltIn(ArmResource role) => Guid.TryParse(Id(role), out _);

    private static string Id(ArmResource role) => role.Text("roleDefinitionId")?.Split('/')[^1] ?? "";

    private static string Principal(ArmResource role) => ArmValue.Show(role.Property("principalId"));

    private static IReadOnlyList<string> Actions(ArmResource role) => [.. role.Items("permissions.0.actions").Select(ArmValue.Show)];

    private static IEnumerable<string> Condition(ArmDeployment access, ArmDeployment app)
    {
        var given = app.All(Assignment).Select(Id).Distinct().ToList();
        var administrators = access.All(Assignment).Where(role => Id(role) == RoleAdministrator).ToList();
        return
        [
            .. Expect.That(administrators.Count == 1, "somebody else gives roles"),
            .. administrators.SelectMany(administrator =>
                (string[])
                    [
                        .. Expect.That(administrator.Text("conditionVersion") == "2.0", "the condition has no version"),
                        .. Clause(administrator, "Request", "write", given),
                        .. Clause(administrator, "Resource", "delete", given),
                    ]
            ),
        ];
    }

    private static IEnumerable<string> Clause(ArmResource administrator, string source, string action, IReadOnlyList<string> given)
    {
        const string Type = "Microsoft.Authorization/roleAssignments";
        var clause = Regex.Match(
            administrator.Text("condition") ?? "",
            $@"\(\(!\(ActionMatches\{{'{Type}/{action}'\}}\)\) OR \(@{source}\[{Type}:RoleDefinitionId\] ForAnyOfAnyValues:GuidEquals \{{([0-9a-f, -]+)\}} AND @{source}\[{Type}:PrincipalType\] ForAnyOfAnyValues:StringEqualsIgnoreCase \{{'ServicePrincipal'\}}\)\)"
        );
        return clause.Success ? Expect.Same($"role to {action}", given, clause.Groups[1].Value.Split(", ")) : [$"no condition on {action}"];
    }
}
