using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>Common shapes of rules.</summary>
internal static class Expect
{
    public const string Account = "Microsoft.Storage/storageAccounts";
    public const string Site = "Microsoft.Web/sites";
    public const string Vault = "Microsoft.KeyVault/vaults";
    public const string Insights = "Microsoft.Insights/components";
    public const string Workspace = "Microsoft.OperationalInsights/workspaces";

    /// <summary>Every resource of the type, of which there must be so many, has this value.</summary>
    public static IEnumerable<string> Value(ArmDeployment deployment, string type, int resources, string path, object? expected)
    {
        var found = deployment.All(type);
        if (found.Count != resources)
        {
            yield return $"{found.Count} of {type}, not {resources}";
        }

        foreach (var resource in found.Where(resource => !Equals(resource.Property(path), expected)))
        {
            yield return $"{resource}: {path} is '{resource.Property(path)}', not '{expected}'";
        }
    }

    /// <summary>Two sets are the same.</summary>
    public static IEnumerable<string> Same(string what, IEnumerable<string> expected, IEnumerable<string> actual)
    {
        var (wanted, found) = (expected.ToList(), actual.ToList());
        return
        [
            .. wanted.Except(found).Select(name => $"{what} '{name}' is missing"),
            .. found.Except(wanted).Select(name => $"{what} '{name}' is not expected"),
            .. found.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => $"{what} '{group.Key}' is there twice"),
        ];
    }

    /// <summary>A fault, unless something holds.</summary>
    public static IEnumerable<string> That(bool holds, string otherwise) => holds ? [] : [otherwise];

    /// <summary>The account with customer data.</summary>
    public static string DataAccount(ArmDeployment deployment) =>
        deployment.All(Account).FirstOrDefault(account => account.Module == "storage")?.Name ?? "";

    /// <summary>The Functions host's own account.</summary>
    public static string HostAccount(ArmDeployment deployment) =>
        deployment.All(Account).FirstOrDefault(account => account.Module == "hostStorage")?.Name ?? "";

    /// <summary>The app's settings.</summary>
    public static IReadOnlyDictionary<string, string> Settings(ArmDeployment deployment) =>
        (
            ArmValue.At(deployment.One(Site + "/config", "appsettings")?.Body, "properties") as IDictionary<string, object?>
            ?? new Dictionary<string, object?>()
        ).ToDictionary(setting => setting.Key, setting => ArmValue.Show(setting.Value), StringComparer.Ordinal);
}
