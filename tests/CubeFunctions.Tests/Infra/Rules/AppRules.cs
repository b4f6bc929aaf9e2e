using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>The app: how it is reached, deployed and scaled.</summary>
internal static class AppRules
{
    private const string Passwords = Expect.Site + "/basicPublishingCredentialsPolicies";
    private const string Scale = "functionAppConfig.scaleAndConcurrency.";
    private const string Provider = "identityProviders.azureActiveDirectory.";
    private const string Package = "functionAppConfig.deployment.storage.";

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        new(
            "The app answers over HTTPS only, TLS 1.2 or better",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Site, 1, "httpsOnly", true),
                    .. Expect.Value(deployment, Expect.Site, 1, "siteConfig.minTlsVersion", "1.2"),
                    .. Expect.Value(deployment, Expect.Site, 1, "siteConfig.scmMinTlsVersion", "1.2"),
                ]
        ),
        new(
            "Nobody deploys with a password or debugs from afar",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Site, 1, "siteConfig.ftpsState", "Disabled"),
                    .. Expect.Value(deployment, Expect.Site, 1, "siteConfig.remoteDebuggingEnabled", false),
                    .. Expect.Same("policy", ["ftp", "scm"], deployment.All(Passwords).Select(policy => policy.ShortName)),
                    .. Expect.Value(deployment, Passwords, 2, "allow", false),
                ]
        ),
        new("The app has its own identity, which reads its package and its secrets", Identity),
        new(
            "The app is .NET 10 isolated on Flex Consumption",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Site, 1, "functionAppConfig.runtime.name", "dotnet-isolated"),
                    .. Expect.Value(deployment, Expect.Site, 1, "functionAppConfig.runtime.version", "10.0"),
                    .. deployment
                        .All("Microsoft.Web/serverfarms")
                        .Where(plan => ArmValue.At(plan.Body, "sku.name") is not "FC1")
                        .Select(plan => $"{plan} is not FC1"),
                    .. Expect.Value(deployment, "Microsoft.Web/serverfarms", 1, "reserved", true),
                ]
        ),
        new(
            "Instances are bounded as asked for",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Site, 1, Scale + "maximumInstanceCount", deployment.Given("maximumInstanceCount")),
                    .. Expect.Value(deployment, Expect.Site, 1, Scale + "instanceMemoryMB", deployment.Given("instanceMemoryMB")),
                ]
        ),
        new(
            "Instances wait for HTTP as asked for",
            deployment =>
                deployment.Given("alwaysReadyHttpInstances") is 0L
                    ? []
                    :
                    [
                        .. Expect.Value(deployment, Expect.Site, 1, Scale + "alwaysReady.0.name", "http"),
                        .. Expect.Value(
                            deployment,
                            Expect.Site,
                            1,
                            Scale + "alwaysReady.0.instanceCount",
                            deployment.Given("alwaysReadyHttpInstances")
                        ),
                    ]
        ),
        new(
            "The app runs on the plan, and senders reach it",
            deployment =>
                [
                    .. Expect.Value(
                        deployment,
                        Expect.Site,
                        1,
                        "serverFarmId",
                        $"{ArmFunctions.Subscription}/resourceGroups/g/providers/Microsoft.Web/serverfarms/{deployment.One("Microsoft.Web/serverfarms")?.Name}"
                    ),
                    .. Expect.Value(deployment, Expect.Site, 1, "publicNetworkAccess", "Enabled"),
                ]
        ),
        new(
            "The resource group is made",
            deployment =>
                Expect.Same(
                    "group",
                    [(string)deployment.Given("resourceGroupName")!],
                    deployment.All("Microsoft.Resources/resourceGroups").Select(group => group.Name)
                )
        ),
        new(
            "azd finds the app",
            deployment =>
                deployment
                    .All(Expect.Site)
                    .Where(site => ArmValue.At(site.Body, "tags.azd-service-name") is not "functions")
                    .Select(site => $"{site} lacks the tag")
        ),
        new("Sign-in stands before everything but health and webhooks", SignIn),
    ];

    private static IEnumerable<string> Identity(ArmDeployment deployment)
    {
        var given =
            ArmFunctions.Subscription
            + "/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
            + deployment.One("Microsoft.ManagedIdentity/userAssignedIdentities")?.Name;
        var container = deployment
            .All(Expect.Account + "/blobServices/containers")
            .FirstOrDefault(candidate => candidate.Module == "hostStorage")
            ?.ShortName;
        var site = deployment.One(Expect.Site);
        return
        [
            .. Expect.That(ArmValue.At(site?.Body, "identity.type") is "UserAssigned", "the app has no user-assigned identity"),
            .. Expect.That(
                (ArmValue.At(site?.Body, "identity.userAssignedIdentities") as IDictionary<string, object?>)?.Keys.SequenceEqual([given])
                    == true,
                "the app's identity is another"
            ),
            .. Expect.That(site?.Text("keyVaultReferenceIdentity") == given, "secrets are read by another identity"),
            .. Expect.That(site?.Text(Package + "type") == "blobContainer", "the package is not in a container"),
            .. Expect.That(site?.Text(Package + "authentication.type") == "UserAssignedIdentity", "the package is not read by identity"),
            .. Expect.That(
                site?.Text(Package + "authentication.userAssignedIdentityResourceId") == given,
                "the package is read by another identity"
            ),
            .. Expect.That(
                container is not null
                    && site?.Text(Package + "value") == $"https://{Expect.HostAccount(deployment)}.blob.core.windows.net/{container}",
                "the package's container is missing"
            ),
        ];
    }

    private static IEnumerable<string> SignIn(ArmDeployment deployment)
    {
        var auth = deployment.One(Expect.Site + "/config", "authsettingsV2");
        if (deployment.Given("signInClientId") is "")
        {
            return Expect.That(auth is null, "sign-in was not asked for");
        }

        var client = (string)deployment.Given("signInClientId")!;
        return
        [
            .. Expect.That(auth?.Name == deployment.One(Expect.Site)?.Name + "/authsettingsV2", "sign-in is another app's"),
            .. Expect.That(
                auth?.Property("platform.enabled") is true && auth.Property("globalValidation.requireAuthentication") is true,
                "sign-in is not required"
            ),
            .. Expect.That(
                auth?.Text("globalValidation.unauthenticatedClientAction") == "RedirectToLoginPage",
                "who has not signed in is let through, or sees no sign-in"
            ),
            .. Expect.That(auth?.Text("globalValidation.redirectToProvider") == "azureactivedirectory", "sign-in is at somebody else's"),
            .. Expect.That(auth?.Property("httpSettings.requireHttps") is true, "sign-in goes over plain HTTP"),
            .. Expect.Same(
                "open path",
                SettingRules.Senders(deployment).Select(sender => $"/api/webhooks/{ArmValue.At(sender, "name")}").Prepend("/api/health"),
                auth?.Items("globalValidation.excludedPaths").Select(ArmValue.Show) ?? []
            ),
            .. Expect.That(auth?.Property(Provider + "enabled") is true, "Entra ID is off"),
            .. Expect.That(auth?.Text(Provider + "registration.clientId") == client, "another app registration"),
            .. Expect.That(
                auth?.Text(Provider + "registration.openIdIssuer") == "https://login.microsoftonline.com/tenant/v2.0",
                "people of other tenants may sign in"
            ),
            .. Expect.Same(
                "audience",
                [client, "api://" + client],
                auth?.Items(Provider + "validation.allowedAudiences").Select(ArmValue.Show) ?? []
            ),
            .. Expect.That(auth?.Property("login.tokenStore.enabled") is false, "tokens of people are kept"),
            .. Expect.That(
                auth?.Text(Provider + "registration.clientSecretSettingName") is { } name
                    && Expect.Settings(deployment).GetValueOrDefault(name) == SettingRules.ClientId(deployment),
                "sign-in is not proven by the app's identity"
            ),
        ];
    }
}
