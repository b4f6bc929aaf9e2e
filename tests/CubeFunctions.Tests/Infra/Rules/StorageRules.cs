using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>What the accounts hold, and who cannot get at it.</summary>
internal static class StorageRules
{
    private const string Blobs = Expect.Account + "/blobServices";

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        new(
            "No account takes shared keys, SFTP or users of its own",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Account, 2, "allowSharedKeyAccess", false),
                    .. Expect.Value(deployment, Expect.Account, 2, "isLocalUserEnabled", false),
                    .. Expect.Value(deployment, Expect.Account, 2, "isSftpEnabled", false),
                    .. Expect.Value(deployment, Expect.Account, 2, "defaultToOAuthAuthentication", true),
                ]
        ),
        new(
            "No blob is public",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Account, 2, "allowBlobPublicAccess", false),
                    .. Expect.Value(deployment, Expect.Account, 2, "allowCrossTenantReplication", false),
                    .. Expect.Value(deployment, Blobs + "/containers", CodeFacts.Containers.Count + 1, "publicAccess", "None"),
                ]
        ),
        new(
            "Storage speaks TLS 1.2 and HTTPS only",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Account, 2, "minimumTlsVersion", "TLS1_2"),
                    .. Expect.Value(deployment, Expect.Account, 2, "supportsHttpsTrafficOnly", true),
                ]
        ),
        new(
            "Every container the code uses exists",
            deployment =>
                Expect.Same("container", CodeFacts.Containers, Names(deployment, Blobs + "/containers", Expect.DataAccount(deployment)))
        ),
        new(
            "Every queue the code uses exists",
            deployment =>
                Expect.Same(
                    "queue",
                    CodeFacts.Queues,
                    Names(deployment, Expect.Account + "/queueServices/queues", Expect.DataAccount(deployment))
                )
        ),
        new(
            "Every table the code uses exists",
            deployment =>
                Expect.Same(
                    "table",
                    CodeFacts.Tables,
                    Names(deployment, Expect.Account + "/tableServices/tables", Expect.DataAccount(deployment))
                )
        ),
        new(
            "Every service of the accounts is configured",
            deployment =>
                Expect.Same(
                    "service",
                    [
                        Expect.DataAccount(deployment) + " blobServices",
                        Expect.DataAccount(deployment) + " queueServices",
                        Expect.DataAccount(deployment) + " tableServices",
                        Expect.HostAccount(deployment) + " blobServices",
                    ],
                    deployment
                        .Resources.Where(resource =>
                            resource.Type.StartsWith(Expect.Account + "/", StringComparison.Ordinal)
                            && resource.Type.EndsWith("Services", StringComparison.Ordinal)
                        )
                        .Select(resource => $"{resource.Name.Split('/')[0]} {resource.Type.Split('/')[^1]}")
                )
        ),
        new("Deleted data can be brought back, for a short time only", SoftDelete),
        new(
            "No versions are kept of what is erased",
            deployment =>
                [
                    .. Expect.Value(deployment, Blobs, 2, "isVersioningEnabled", false),
                    .. deployment
                        .All(Blobs)
                        .Where(blobs => blobs.Module == "storage" && blobs.Property("changeFeed.enabled") is not false)
                        .Select(blobs => $"{blobs} has a change feed"),
                ]
        ),
        .. LifecycleRules.All,
    ];

    private static IEnumerable<string> Names(ArmDeployment deployment, string type, string account) =>
        deployment
            .All(type)
            .Where(resource => resource.Name.StartsWith(account + "/", StringComparison.Ordinal))
            .Select(resource => resource.ShortName);

    private static IEnumerable<string> SoftDelete(ArmDeployment deployment)
    {
        var blobs = deployment.All(Blobs).FirstOrDefault(blobs => blobs.Module == "storage");
        foreach (var policy in (string[])["deleteRetentionPolicy", "containerDeleteRetentionPolicy"])
        {
            if (blobs?.Property(policy + ".enabled") is not true || blobs.Property(policy + ".days") is not (>= 1L and <= 14L))
            {
                yield return $"{policy} is not on for 1 to 14 days";
            }
        }
    }
}
