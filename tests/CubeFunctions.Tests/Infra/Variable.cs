namespace CubeFunctions.Tests.Infra;

/// <summary>
/// One variable of the environment that the parameter files read. This table is what the files, the workflows and the runbook are held
/// against.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameter">The parameter of the template that it reaches.</param>
/// <param name="Value">A value that is nobody's default, as it is set.</param>
/// <param name="IsSecret">Whether workflows take it from the secrets of an environment, not from its variables.</param>
internal sealed record Variable(string Name, string Parameter, string Value, bool IsSecret = false)
{
    public static IReadOnlyList<Variable> All { get; } =
    [
        new("AZURE_ENV_NAME", "environmentName", "cube-full"),
        new("AZURE_LOCATION", "location", "swedencentral"),
        new("AZURE_RESOURCE_GROUP", "resourceGroupName", "rg-of-mine"),
        new("CUBE_BASE_URL", "cubeBaseUrl", "https://full.headshed.com"),
        new("CUBE_API", "cubeApi", "Assignments"),
        new("CUBE_WRITES", "cubeWrites", "false"),
        new("CUBE_USERNAME", "cubeUsername", "reader"),
        new("CUBE_CRM_URL", "crmUrl", "https://crm.example/changes"),
        new("CUBE_SENDERS", "senders", """[{"name":"hubspot","kind":"hubspot","assignmentId":"7","fieldMap":"{\"email\":\"email\"}"}]"""),
        new("CUBE_SETTINGS", "moreSettings", """{"Sync__LookbackDays":"3"}"""),
        new("CUBE_ALERT_EMAILS", "alertEmails", """["operations@example.com"]"""),
        new("CUBE_SIGN_IN_CLIENT_ID", "signInClientId", "11111111-2222-3333-4444-555555555555"),
        new("CUBE_TOKEN", "cubeToken", "the-token", IsSecret: true),
        new("CUBE_PASSWORD", "cubePassword", "the-password", IsSecret: true),
        new("CUBE_CRM_SECRET", "crmSecret", "the-crm-secret", IsSecret: true),
        new("CUBE_SENDER_SECRETS", "senderSecrets", """{"sender-hubspot":"the-hubspot-secret"}""", IsSecret: true),
        new("CUBE_ALERT_WEBHOOK_URL", "alertWebhookUrl", "https://alerts.example/hook", IsSecret: true),
    ];

    /// <summary>The least that can be deployed.</summary>
    public static IReadOnlyDictionary<string, string> Minimal { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["AZURE_ENV_NAME"] = "cube-small",
            ["AZURE_LOCATION"] = "norwayeast",
            ["CUBE_BASE_URL"] = "https://small.headshed.com",
            ["CUBE_TOKEN"] = "small-token",
            ["CUBE_ALERT_EMAILS"] = """["someone@example.com"]""",
        };

    /// <summary>Everything that can be set.</summary>
    public static IReadOnlyDictionary<string, string> Full { get; } =
        All.ToDictionary(variable => variable.Name, variable => variable.Value, StringComparer.Ordinal);

    /// <summary>What a deployment is given when the secrets are in the vault already.</summary>
    public static IReadOnlyDictionary<string, string> Everyday { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["AZURE_ENV_NAME"] = "cube-test",
            ["AZURE_LOCATION"] = "norwayeast",
            ["CUBE_BASE_URL"] = "https://tenant.headshed.com",
            ["CUBE_ALERT_EMAILS"] = """["someone@example.com"]""",
        };
}
