using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>
/// Where a member of the resource would open a door, only the members that were reviewed are there: one that was added (SFTP,
/// resourceAccessRules, a redirect address)
/// is refused by its name, whatever it says.
/// </summary>
internal static class DoorRules
{
    private static readonly string[] Account =
    [
        "accessTier",
        "allowBlobPublicAccess",
        "allowCrossTenantReplication",
        "allowSharedKeyAccess",
        "defaultToOAuthAuthentication",
        "isLocalUserEnabled",
        "isSftpEnabled",
        "minimumTlsVersion",
        "supportsHttpsTrafficOnly",
        "publicNetworkAccess",
        "networkAcls.bypass",
        "networkAcls.defaultAction",
    ];

    private static readonly string[] Vault =
    [
        "tenantId",
        "sku.family",
        "sku.name",
        "enableRbacAuthorization",
        "enableSoftDelete",
        "softDeleteRetentionInDays",
        "enablePurgeProtection",
        "publicNetworkAccess",
        "networkAcls.bypass",
        "networkAcls.defaultAction",
    ];

    private static readonly string[] SignIn =
    [
        "globalValidation.requireAuthentication",
        "globalValidation.unauthenticatedClientAction",
        "globalValidation.redirectToProvider",
        "globalValidation.excludedPaths",
        "httpSettings.requireHttps",
        "identityProviders.azureActiveDirectory.enabled",
        "identityProviders.azureActiveDirectory.registration.clientId",
        "identityProviders.azureActiveDirectory.registration.clientSecretSettingName",
        "identityProviders.azureActiveDirectory.registration.openIdIssuer",
        "identityProviders.azureActiveDirectory.validation.allowedAudiences",
        "login.tokenStore.enabled",
        "platform.enabled",
    ];

    private static readonly string[] Site =
    [
        "serverFarmId",
        "httpsOnly",
        "clientAffinityEnabled",
        "keyVaultReferenceIdentity",
        "publicNetworkAccess",
        "virtualNetworkSubnetId",
        "siteConfig.ftpsState",
        "siteConfig.http20Enabled",
        "siteConfig.minTlsVersion",
        "siteConfig.scmMinTlsVersion",
        "siteConfig.remoteDebuggingEnabled",
        "functionAppConfig.deployment.storage.type",
        "functionAppConfig.deployment.storage.value",
        "functionAppConfig.deployment.storage.authentication.type",
        "functionAppConfig.deployment.storage.authentication.userAssignedIdentityResourceId",
        "functionAppConfig.runtime.name",
        "functionAppConfig.runtime.version",
        "functionAppConfig.scaleAndConcurrency.instanceMemoryMB",
        "functionAppConfig.scaleAndConcurrency.maximumInstanceCount",
        "functionAppConfig.scaleAndConcurrency.alwaysReady",
    ];

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        new("Storage accounts have no door that was not reviewed", deployment => Unreviewed(deployment, Expect.Account, Account)),
        new("The vault has no door that was not reviewed", deployment => Unreviewed(deployment, Expect.Vault, Vault)),
        new("The app has no door that was not reviewed", deployment => Unreviewed(deployment, Expect.Site, Site)),
        new(
            "Sign-in has no door that was not reviewed",
            deployment => Unreviewed(deployment, Expect.Site + "/config", SignIn, "authsettingsV2")
        ),
    ];

    private static IEnumerable<string> Unreviewed(ArmDeployment deployment, string type, string[] reviewed, string? name = null) =>
        deployment
            .All(type)
            .Where(resource => name is null || resource.ShortName == name)
            .SelectMany(resource =>
                Members(ArmValue.At(resource.Body, "properties"), "")
                    .Except(reviewed)
                    .Select(member => $"{resource}: {member} was not reviewed")
            );

    private static IEnumerable<string> Members(object? value, string path) =>
        value is IDictionary<string, object?> { Count: > 0 } members
            ? members.SelectMany(member => Members(member.Value, path.Length == 0 ? member.Key : $"{path}.{member.Key}"))
            : [path];
}
