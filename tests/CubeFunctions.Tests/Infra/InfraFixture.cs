using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CubeFunctions.Tests.Infra.Arm;
using CubeFunctions.Tests.Infra.Rules;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>The templates, compiled once for all tests, in a copy of the folder, so that tests leave nothing behind.</summary>
public sealed class InfraFixture : IAsyncLifetime
{
    private readonly Dictionary<string, JsonObject> _variants = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ArmDeployment> _deployments = new(StringComparer.Ordinal);

    /// <summary>The parameter sets that every rule is held against.</summary>
    public static IReadOnlyList<string> Variants { get; } = ["everything", "password", "dev", "prod"];

    /// <summary>A copy of <c>infra/</c>.</summary>
    public string Folder { get; } = CopyInfra();

    /// <summary>The compiled template, as text.</summary>
    public string Template { get; private set; } = "";

    /// <summary>The compiled template of the pipeline's rights, as text.</summary>
    public string Access { get; private set; } = "";

    /// <summary>What the compiler said; nothing when all is well.</summary>
    public string Complaints { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Complaints += await Build("build", "main.bicep", "main.json");
        Complaints += await Build("build", "access.bicep", "access.json");
        Complaints += await Build("build-params", "main.dev.bicepparam", "dev.json");
        Complaints += await Build("build-params", "main.prod.bicepparam", "prod.json");
        if (Complaints.Length > 0)
        {
            return;
        }

        Template = await File.ReadAllTextAsync(Path.Combine(Folder, "main.json"));
        Access = await File.ReadAllTextAsync(Path.Combine(Folder, "access.json"));
        foreach (var name in (string[])["dev", "prod"])
        {
            _variants[name] = (JsonObject)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, name + ".json")))!["parameters"]!;
        }

        _variants["everything"] = Everything(_variants["prod"]);
        _variants["password"] = (JsonObject)_variants["dev"].DeepClone();
        _variants["password"]["cubeUsername"] = Value("reader");
        _variants["password"]["rawCoolAfterDays"] = Value(0);
        _variants["password"]["rawDeleteAfterDays"] = Value(30);
        _variants["password"]["changesDeleteAfterDays"] = Value(30);
        _variants["password"]["moreSettings"] = Value(new JsonObject { ["Sync__LookbackDays"] = "40", ["Sync__Schedule"] = "0 5 * * * *" });
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>What the template deploys with one of <see cref="Variants"/>.</summary>
    internal ArmDeployment Deploy(string variant) => _deployments.GetOrAdd(variant, name => Deploy(JsonNode.Parse(Template)!, name));

    /// <summary>What another template deploys with one of <see cref="Variants"/>.</summary>
    internal ArmDeployment Deploy(JsonNode template, string variant) => ArmDeployment.Of(template, _variants[variant]);

    private static JsonObject Value(JsonNode value) => new() { ["value"] = value };

    /// <summary>Everything that can be asked for, with values other than the defaults, and secrets that can be traced.</summary>
    private static JsonObject Everything(JsonObject prod)
    {
        var all = (JsonObject)prod.DeepClone();
        all["cubeTimeZone"] = Value("Europe/Copenhagen");
        all["cubeWrites"] = Value("false");
        all["retentionDays"] = Value(45);
        all["changesDeleteAfterDays"] = Value(120);
        all["stateDeleteAfterDays"] = Value(365);
        all["staleDatedAfterHours"] = Value(5);
        all["staleSnapshotAfterHours"] = Value(40);
        all["syncSchedule"] = Value("0 */20 * * * *");
        all["syncSnapshotSchedule"] = Value("0 10 3 * * *");
        all["moreSettings"] = Value(new JsonObject { ["Sync__LookbackDays"] = "3", ["Cube__Token"] = "overridden" });
        all["crmUrl"] = Value("https://crm.example/changes");
        all["senders"] = Value(
            new JsonArray(
                new JsonObject
                {
                    ["name"] = "hubspot",
                    ["kind"] = "hubspot",
                    ["assignmentId"] = "7",
                    ["fieldMap"] = """{"email":"email"}""",
                    ["publicUrl"] = "https://gateway.example",
                    ["hasPreviousSecret"] = true,
                },
                new JsonObject
                {
                    ["name"] = "dataverse",
                    ["kind"] = "dataverse",
                    ["assignmentId"] = "8",
                    ["fieldMap"] = """{"email":"emailaddress1"}""",
                },
                new JsonObject
                {
                    ["name"] = "script",
                    ["kind"] = "json",
                    ["assignmentId"] = "9",
                }
            )
        );
        all["cubeToken"] = Value(SecretRules.Trace + "-token");
        all["cubePassword"] = Value(SecretRules.Trace + "-password");
        all["crmSecret"] = Value(SecretRules.Trace + "-crm");
        all["senderSecrets"] = Value(
            new JsonObject
            {
                ["sender-hubspot"] = SecretRules.Trace + "-hubspot",
                ["sender-hubspot-previous"] = SecretRules.Trace + "-hubspot-previous",
                ["sender-dataverse"] = SecretRules.Trace + "-dataverse",
                ["sender-script"] = SecretRules.Trace + "-script",
            }
        );
        all["alertEmails"] = Value(new JsonArray("operations@example.com"));
        all["alertWebhookUrl"] = Value("https://alerts.example/" + SecretRules.Trace);
        all["signInClientId"] = Value("11111111-2222-3333-4444-555555555555");
        return all;
    }

    /// <summary>Copies <c>infra/</c> into a new folder.</summary>
    internal static string CopyInfra()
    {
        var folder = Directory.CreateTempSubdirectory("cube-infra-").FullName;
        Copy(Path.Combine(BicepCli.RepositoryRoot, "infra"), folder);
        return folder;
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private async Task<string> Build(string command, string file, string output)
    {
        var (exitCode, said) = await BicepCli.RunAsync(Folder, command, file, "--outfile", output);
        return exitCode == 0 ? said : $"{command} {file} ended with {exitCode}: {said}";
    }
}
