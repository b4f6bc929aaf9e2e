using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>Secrets lie in the vault, and nowhere else.</summary>
internal static class SecretRules
{
    /// <summary>Every secret that the tests give holds this, so that it can be seen wherever it goes.</summary>
    public const string Trace = "S3CRET";

    private static readonly string[] SecureParameters = ["cubeToken", "cubePassword", "crmSecret", "senderSecrets", "alertWebhookUrl"];

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        new("Every secret setting is a reference into the vault", References),
        new(
            "Every reference has its secret",
            deployment =>
                deployment.Given("cubeToken") is ""
                    ? []
                    : Expect
                        .Settings(deployment)
                        .Values.Where(IsReference)
                        .Select(value => value.TrimEnd(')').Split('/')[^1])
                        .Except(deployment.All(Expect.Vault + "/secrets").Select(secret => secret.ShortName))
                        .Select(name => $"secret '{name}' is not written")
        ),
        new(
            "A secret that was not given is not written",
            deployment =>
                deployment
                    .All(Expect.Vault + "/secrets")
                    .Where(secret => secret.Text("value") is null or "")
                    .Select(secret => $"{secret} would be emptied")
        ),
        new(
            "Secrets are written as they were given",
            deployment =>
            {
                var given = (IDictionary<string, object?>)deployment.Given("senderSecrets")!;
                var known = given
                    .Concat([
                        KeyValuePair.Create("cube-token", deployment.Given("cubeToken")),
                        KeyValuePair.Create("cube-password", deployment.Given("cubePassword")),
                        KeyValuePair.Create("crm-secret", deployment.Given("crmSecret")),
                    ])
                    .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
                return deployment
                    .All(Expect.Vault + "/secrets")
                    .Where(secret => !known.TryGetValue(secret.ShortName, out var value) || !Equals(value, secret.Property("value")))
                    .Select(secret => $"{secret} holds something else");
            }
        ),
        new(
            "Secrets go to the vault and the action group only",
            deployment =>
                deployment
                    .Resources.Where(resource =>
                        resource.Type is not (Expect.Vault + "/secrets") and not "Microsoft.Insights/actionGroups" && Holds(resource.Body)
                    )
                    .Select(resource => $"{resource} holds a secret")
        ),
        new(
            "No secret in outputs",
            deployment => deployment.Outputs.Where(output => Holds(output.Value)).Select(output => $"output {output.Key} holds a secret")
        ),
        new(
            "Secrets are given as secure parameters",
            deployment =>
                [
                    .. SecureParameters
                        .Except(
                            deployment
                                .Parameters.Where(parameter => parameter.Module.Length == 0 && parameter.Secure)
                                .Select(parameter => parameter.Name)
                        )
                        .Select(name => $"{name} is not secure"),
                    .. deployment
                        .Parameters.Where(parameter => !parameter.Secure && Holds(parameter.Value))
                        .Select(parameter => $"{parameter.Module}: {parameter.Name} holds a secret, and is not secure"),
                ]
        ),
        new(
            "The vault is ruled by roles and cannot be purged",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Vault, 1, "enableRbacAuthorization", true),
                    .. Expect.Value(deployment, Expect.Vault, 1, "enablePurgeProtection", true),
                    .. Expect.Value(deployment, Expect.Vault, 1, "enableSoftDelete", true),
                    .. Expect.Value(deployment, Expect.Vault, 1, "accessPolicies", null),
                    .. Expect.Value(deployment, Expect.Vault, 1, "tenantId", "tenant"),
                    .. deployment
                        .All(Expect.Vault)
                        .Where(vault => vault.Property("softDeleteRetentionInDays") is not (>= 7L and <= 90L))
                        .Select(vault => $"{vault} keeps deleted secrets for no fit time"),
                ]
        ),
    ];

    private static bool IsReference(string value) => value.StartsWith("@Microsoft.KeyVault(SecretUri=", StringComparison.Ordinal);

    private static bool Holds(object? value) => ArmValue.Texts(value).Any(text => text.Contains(Trace, StringComparison.Ordinal));

    private static IEnumerable<string> References(ArmDeployment deployment)
    {
        var vault = $"@Microsoft.KeyVault(SecretUri=https://{deployment.One(Expect.Vault)?.Name}.vault.azure.net/secrets/";
        var expected = new Dictionary<string, string>(StringComparer.Ordinal);
        expected.Add(
            deployment.Given("cubeUsername") is "" ? "Cube__Token" : "Cube__Password",
            deployment.Given("cubeUsername") is "" ? "cube-token" : "cube-password"
        );
        if (deployment.Given("crmUrl") is not "")
        {
            expected.Add("Changes__Crm__Secret", "crm-secret");
        }

        foreach (var sender in SettingRules.Senders(deployment))
        {
            var name = (string)ArmValue.At(sender, "name")!;
            expected.Add($"Upserts__Senders__{name}__Secret", $"sender-{name}");
            if (ArmValue.At(sender, "hasPreviousSecret") is true)
            {
                expected.Add($"Upserts__Senders__{name}__PreviousSecret", $"sender-{name}-previous");
            }
        }

        var actual = Expect.Settings(deployment).Where(setting => IsReference(setting.Value) || SoundsSecret(setting.Key));
        return Expect.Same(
            "setting",
            expected.Select(pair => $"{pair.Key} = {vault}{pair.Value})"),
            actual.Select(pair => $"{pair.Key} = {pair.Value}")
        );
    }

    internal static bool SoundsSecret(string name) =>
        name.EndsWith("Token", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("Password", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("Secret", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("Key", StringComparison.OrdinalIgnoreCase);
}
