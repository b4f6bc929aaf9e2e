using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>The app's settings, against the code that reads them.</summary>
internal static class SettingRules
{
    /// <summary>Good for every secret, also where one has a form of its own.</summary>
    private const string FromTheVault = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private const string ActingRole = "Operations__ActingRole";

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        new("The code takes the settings as they are deployed", CodeTakesThem),
        new(
            "Every setting the code requires is set",
            deployment =>
                Required(deployment)
                    .Where(name => string.IsNullOrEmpty(Expect.Settings(deployment).GetValueOrDefault(name)))
                    .Select(name => $"{name} is not set")
        ),
        new("Settings have names that the code reads", Known),
        new("Connections are by identity, to the right account", Connections),
        new("What is asked for reaches the settings", Parameters),
        new(
            "With sign-in, acting takes an app role",
            deployment =>
                deployment.Given("signInClientId") is ""
                    ? Expect.That(!Expect.Settings(deployment).ContainsKey(ActingRole), "nobody could act without sign-in")
                    : Equal(deployment, ActingRole, "Cube.Act")
        ),
        new(
            "Telemetry is sent by identity",
            deployment =>
                [
                    .. Equal(
                        deployment,
                        "APPLICATIONINSIGHTS_CONNECTION_STRING",
                        $"<ConnectionString of {deployment.One(Expect.Insights)?.Name}>"
                    ),
                    .. Equal(deployment, "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", $"Authorization=AAD;ClientId={ClientId(deployment)}"),
                ]
        ),
        new(
            "Requests to storage are no spans: logs are billed by volume",
            deployment => Equal(deployment, "Telemetry__StorageRequests", "false")
        ),
        new(
            "Query strings stay out of telemetry",
            deployment =>
                [
                    .. Equal(deployment, "OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION", "false"),
                    .. Equal(deployment, "OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION", "false"),
                ]
        ),
    ];

    /// <summary>The senders given.</summary>
    internal static IReadOnlyList<object?> Senders(ArmDeployment deployment) => (IReadOnlyList<object?>)deployment.Given("senders")!;

    internal static string ClientId(ArmDeployment deployment) =>
        $"<clientId of {deployment.One("Microsoft.ManagedIdentity/userAssignedIdentities")?.Name}>";

    private static IEnumerable<string> CodeTakesThem(ArmDeployment deployment) => CodeFacts.Faults(AsRead(deployment));

    private static IEnumerable<string> Known(ArmDeployment deployment)
    {
        // Families that the code does not read at all (yet) are left alone.
        var names = CodeFacts.Names(AsRead(deployment));
        var families = names.Select(Family).ToHashSet(StringComparer.Ordinal);
        return Expect
            .Settings(deployment)
            .Keys.Where(name => families.Contains(Family(name)) && !names.Contains(name))
            .Select(name => $"{name} is read by nobody");

        static string Family(string name) => name.Split("__")[0];
    }

    private static IEnumerable<KeyValuePair<string, string>> AsRead(ArmDeployment deployment) =>
        Expect
            .Settings(deployment)
            .Select(setting =>
                KeyValuePair.Create(
                    setting.Key,
                    setting.Value.StartsWith("@Microsoft.KeyVault(", StringComparison.Ordinal) ? FromTheVault : setting.Value
                )
            );

    private static IEnumerable<string> Required(ArmDeployment deployment)
    {
        // What an empty configuration is said to lack, what triggers name, and each sender's block.
        string[] credential = deployment.Given("cubeUsername") is "" ? ["Cube__Token"] : ["Cube__Username", "Cube__Password"];
        return
        [
            .. CodeFacts.Faults([]).Select(fault => fault.Split(':')[0]).Where(name => name is not ("CubeStorage" or "Cube__Token")),
            .. credential,
            .. CodeFacts.ScheduleSettings,
            .. Senders(deployment)
                .SelectMany(sender =>
                    ((string[])["Kind", "Secret", "AssignmentId", "PublicUrl"]).Select(part =>
                        $"Upserts__Senders__{ArmValue.At(sender, "name")}__{part}"
                    )
                ),
        ];
    }

    private static IEnumerable<string> Connections(ArmDeployment deployment)
    {
        (string Connection, string Account)[] connections =
        [
            .. CodeFacts.Connections.Append("CubeStorage").Distinct().Select(connection => (connection, Expect.DataAccount(deployment))),
            ("AzureWebJobsStorage", Expect.HostAccount(deployment)),
        ];
        return connections.SelectMany(pair =>
            (string[])
                [
                    .. Equal(deployment, pair.Connection + "__blobServiceUri", $"https://{pair.Account}.blob.core.windows.net/"),
                    .. Equal(deployment, pair.Connection + "__queueServiceUri", $"https://{pair.Account}.queue.core.windows.net/"),
                    .. Equal(deployment, pair.Connection + "__tableServiceUri", $"https://{pair.Account}.table.core.windows.net/"),
                    .. Equal(deployment, pair.Connection + "__credential", "managedidentity"),
                    .. Equal(deployment, pair.Connection + "__clientId", ClientId(deployment)),
                    .. pair.Connection == "AzureWebJobsStorage" ? Equal(deployment, pair.Connection + "__accountName", pair.Account) : [],
                    .. Expect.That(!Expect.Settings(deployment).ContainsKey(pair.Connection), $"{pair.Connection} is a connection string"),
                ]
        );
    }

    private static IEnumerable<string> Parameters(ArmDeployment deployment)
    {
        (string Setting, string Parameter)[] pairs =
        [
            ("Cube__TimeZone", "cubeTimeZone"),
            ("Cube__MaxConcurrentRequests", "cubeMaxConcurrentRequests"),
            ("Sync__Schedule", "syncSchedule"),
            ("Sync__SnapshotSchedule", "syncSnapshotSchedule"),
            ("Retention__Days", "retentionDays"),
            ("Operations__StaleDatedAfterHours", "staleDatedAfterHours"),
            ("Operations__StaleSnapshotAfterHours", "staleSnapshotAfterHours"),
        ];
        var more = (IDictionary<string, object?>)deployment.Given("moreSettings")!;
        return
        [
            .. Equal(deployment, "Cube__BaseUrl", (string)deployment.Given("cubeBaseUrl")!),
            .. Equal(deployment, "Cube__Api", (string)deployment.Given("cubeApi")!),
            .. pairs
                .Where(pair => !more.ContainsKey(pair.Setting))
                .SelectMany(pair => Equal(deployment, pair.Setting, ArmValue.Show(deployment.Given(pair.Parameter)))),
            .. more.Where(setting => !SecretRules.SoundsSecret(setting.Key))
                .SelectMany(setting => Equal(deployment, setting.Key, ArmValue.Show(setting.Value))),
            .. deployment.Given("cubeUsername") is "" ? [] : Equal(deployment, "Cube__Username", (string)deployment.Given("cubeUsername")!),
            .. deployment.Given("cubeWrites") is "" ? [] : Equal(deployment, "Cube__Writes", (string)deployment.Given("cubeWrites")!),
            .. deployment.Given("crmUrl") is "" ? [] : Equal(deployment, "Changes__Crm__Url", (string)deployment.Given("crmUrl")!),
            .. Senders(deployment)
                .SelectMany(sender =>
                    Equal(
                        deployment,
                        $"Upserts__Senders__{ArmValue.At(sender, "name")}__PublicUrl",
                        ArmValue.At(sender, "publicUrl") as string ?? $"https://{deployment.One(Expect.Site)?.Name}.azurewebsites.net"
                    )
                ),
            .. Senders(deployment)
                .Where(sender => ArmValue.At(sender, "fieldMap") is not null)
                .SelectMany(sender =>
                    Equal(
                        deployment,
                        $"Upserts__Senders__{ArmValue.At(sender, "name")}__FieldMap",
                        (string)ArmValue.At(sender, "fieldMap")!
                    )
                ),
        ];
    }

    private static IEnumerable<string> Equal(ArmDeployment deployment, string name, string expected)
    {
        var value = Expect.Settings(deployment).GetValueOrDefault(name);
        return Expect.That(value == expected, $"{name} is '{value}', not '{expected}'");
    }
}
