using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>What is recorded, by whom, and what never is.</summary>
internal static class MonitoringRules
{
    private const string Diagnostics = "Microsoft.Insights/diagnosticSettings";

    private static readonly IReadOnlyList<string> OnTheWorkbook =
    [
        "cube.sync.scope.staleness",
        "cube.sync.items.succeeded",
        "cube.sync.items.failed",
        "cube.sync.pages",
        "cube.sync.records",
        "cube.upserts.accepted",
        "cube.upserts.delivered",
        "cube.upserts.dead",
        "cube.changes.delivered",
    ];

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        new(
            "Telemetry is taken from identities only",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Insights, 1, "DisableLocalAuth", true),
                    .. Expect.Value(deployment, Expect.Workspace, 1, "features.disableLocalAuth", true),
                ]
        ),
        new(
            "Addresses of people are masked, logs are kept as long as asked and no longer",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Insights, 1, "DisableIpMasking", false),
                    .. Expect.Value(deployment, Expect.Insights, 1, "IngestionMode", "LogAnalytics"),
                    .. Expect.Value(deployment, Expect.Workspace, 1, "features.enableLogAccessUsingOnlyResourcePermissions", true),
                    .. Expect.Value(
                        deployment,
                        Expect.Insights,
                        1,
                        "WorkspaceResourceId",
                        $"{ArmFunctions.Subscription}/resourceGroups/g/providers/{Expect.Workspace}/{deployment.One(Expect.Workspace)?.Name}"
                    ),
                    .. Expect.Value(deployment, Expect.Workspace, 1, "retentionInDays", deployment.Given("logRetentionDays")),
                    .. Expect.Value(deployment, Expect.Workspace, 1, "workspaceCapping.dailyQuotaGb", deployment.Given("logDailyQuotaGb")),
                ]
        ),
        new(
            "Diagnostics are recorded, and hold no addresses of requests or reads",
            deployment =>
                Expect.Same(
                    "diagnostic",
                    [
                        $"{deployment.One(Expect.Site)?.Name}: FunctionAppLogs",
                        $"{deployment.One(Expect.Vault)?.Name}: AuditEvent",
                        $"{Expect.DataAccount(deployment)}/blobServices: StorageDelete",
                        $"{Expect.DataAccount(deployment)}/queueServices: Capacity",
                        $"{Expect.DataAccount(deployment)}/tableServices: Capacity",
                    ],
                    deployment.All(Diagnostics).SelectMany(Categories)
                )
        ),
        new(
            "Diagnostics go to the workspace",
            deployment =>
                Expect.Value(
                    deployment,
                    Diagnostics,
                    5,
                    "workspaceId",
                    $"{ArmFunctions.Subscription}/resourceGroups/g/providers/{Expect.Workspace}/{deployment.One(Expect.Workspace)?.Name}"
                )
        ),
        new("The workbook shows freshness, throughput and upserts", Workbook),
    ];

    private static IEnumerable<string> Categories(ArmResource setting)
    {
        var parts = (setting.Scope ?? "").Split('/');
        var target = parts[^1] == "default" ? $"{parts[^3]}/{parts[^2]}" : parts[^1];
        return setting
            .Items("logs")
            .Concat(setting.Items("metrics"))
            .Where(item => ArmValue.At(item, "enabled") is true)
            .Select(item => $"{target}: {ArmValue.At(item, "category")}");
    }

    private static IEnumerable<string> Workbook(ArmDeployment deployment)
    {
        var workbook = deployment.One("Microsoft.Insights/workbooks");
        var data = workbook?.Text("serializedData") ?? "";
        return
        [
            .. Expect.That(
                workbook?.Text("sourceId")?.EndsWith("/" + deployment.One(Expect.Insights)?.Name, StringComparison.Ordinal) == true,
                "the workbook reads elsewhere"
            ),
            .. OnTheWorkbook
                .Where(metric => !data.Contains($"'{metric}'", StringComparison.Ordinal) || !CodeFacts.Metrics.Contains(metric))
                .Select(metric => $"{metric} is not shown, or not written"),
        ];
    }
}
