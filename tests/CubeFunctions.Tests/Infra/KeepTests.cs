using System.Diagnostics;
using CubeFunctions.Tests.Infra.Rules;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>
/// What stands before a deployment: what was deployed, and is not given now, is not taken away but named. The Azure CLI is played here.
/// </summary>
[Collection(InfraGroup.Name)]
public sealed class KeepTests(InfraFixture infra)
{
    /// <summary>Of the variables, those without which something goes that was there.</summary>
    private static readonly string[] Kept =
    [
        "CUBE_WRITES",
        "CUBE_USERNAME",
        "CUBE_CRM_URL",
        "CUBE_SENDERS",
        "CUBE_SETTINGS",
        "CUBE_ALERT_EMAILS",
        "CUBE_SIGN_IN_CLIENT_ID",
        "CUBE_ALERT_WEBHOOK_URL",
    ];

    private static readonly string[] Platform = ["FUNCTIONS_EXTENSION_VERSION", "WEBSITE_HTTPLOGGING_RETENTION_DAYS"];

    /// <summary>The settings of an app that was deployed with all variables.</summary>
    private IEnumerable<string> Full =>
        Expect
            .Settings(infra.Deploy("everything"))
            .Keys.Where(name => !name.StartsWith("Upserts__", StringComparison.Ordinal))
            .Concat(Platform)
            .Concat(["Cube__Username", "Cube__Password", "Upserts__Senders__hubspot__Kind", "Upserts__Senders__hubspot__FieldMap"]);

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task What_the_template_sets_by_itself_needs_no_variable(string variant)
    {
        var names = Expect.Settings(infra.Deploy(variant)).Keys.Concat(Platform);
        Assert.Equal((0, "rg-cube-small: nothing is taken away\n"), await RunAsync(names, "0\t0", Variable.Minimal));
    }

    [Fact]
    public async Task With_every_variable_nothing_is_taken_away() =>
        Assert.Equal((0, "rg-of-mine: nothing is taken away\n"), await RunAsync(Full, "2\t1", Variable.Full));

    [Fact]
    public async Task A_variable_that_is_left_out_is_named_and_stops_the_deployment()
    {
        foreach (var variable in Kept)
        {
            var given = Variable.Full.Where(pair => pair.Key != variable).ToDictionary(StringComparer.Ordinal);
            var (exitCode, said) = await RunAsync(Full, "2\t1", given);
            Assert.Equal(1, exitCode);
            Assert.Equal(
                variable,
                Assert.Single(said.Split('\n'), line => line.StartsWith("  ", StringComparison.Ordinal)).Trim().Split(':')[0]
            );
            Assert.Contains("Set these variables", said, StringComparison.Ordinal);

            given["CUBE_TAKE_AWAY"] = "true";
            Assert.Equal(0, (await RunAsync(Full, "2\t1", given)).ExitCode);
        }
    }

    [Fact]
    public async Task One_sender_of_two_and_one_setting_of_two_are_named()
    {
        var names = Full.Concat(["Upserts__Senders__crm__Kind", "Upserts__Senders__hubspot__Entity", "AzureWebJobs.StartSync.Disabled"]);
        var (exitCode, said) = await RunAsync(names, "2\t1", Variable.Full);
        Assert.Equal(1, exitCode);
        Assert.Equal(
            [
                "  CUBE_SENDERS: 'crm' is a sender",
                "  CUBE_SETTINGS: 'AzureWebJobs.StartSync.Disabled' is set",
                "  CUBE_SETTINGS: 'Upserts__Senders__hubspot__Entity' is set",
            ],
            said.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task The_first_deployment_takes_nothing_away() =>
        Assert.Equal(
            (0, "rg-cube-small is not there yet: nothing can be taken away\n"),
            await RunAsync(Full, "2\t1", Variable.Minimal, isThere: "false")
        );

    [Fact]
    public async Task Who_may_not_look_does_not_deploy()
    {
        var (exitCode, said) = await RunAsync(Full, "2\t1", Variable.Full, isThere: "");
        Assert.Equal(3, exitCode);
        Assert.Contains("not signed in", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_ways_of_deploying_run_it()
    {
        Assert.Contains(
            "run: infra/keep.sh",
            File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "azure.yaml")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "infra/keep.sh && CUBE_TOKEN=... az deployment sub create",
            File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "infra", "README.md")),
            StringComparison.Ordinal
        );
    }

    /// <param name="names">Names of the app's settings.</param>
    /// <param name="told">How many addresses of mail and of webhooks alerts have.</param>
    /// <param name="variables">What is given.</param>
    /// <param name="isThere">Whether the resource group is there; empty where nobody is signed in.</param>
    private static async Task<(int ExitCode, string Said)> RunAsync(
        IEnumerable<string> names,
        string told,
        IReadOnlyDictionary<string, string> variables,
        string isThere = "true"
    )
    {
        var folder = Directory.CreateTempSubdirectory("cube-az-");
        try
        {
            var az = Path.Combine(folder.FullName, "az");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "names"), string.Join('\n', names));
            await File.WriteAllTextAsync(
                az,
                $"""
                #!/usr/bin/env bash
                case "$1 $2 $3" in
                  "group exists "*) {(isThere.Length > 0 ? $"echo {isThere}" : "echo 'not signed in' >&2; exit 3")} ;;
                  "functionapp list "*) echo the-app ;;
                  "functionapp config appsettings") cat "{folder.FullName}/names" ;;
                  "monitor action-group list") printf '{told}\n' ;;
                  *) echo "az $*" >&2; exit 9 ;;
                esac
                """
            );
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(az, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }

            var start = new ProcessStartInfo("bash", [Path.Combine(BicepCli.RepositoryRoot, "infra", "keep.sh")])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            foreach (var variable in Variable.All)
            {
                start.Environment.Remove(variable.Name);
            }

            foreach (var (name, value) in variables)
            {
                start.Environment[name] = value;
            }

            start.Environment["PATH"] = $"{folder.FullName}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
            using var process = Process.Start(start)!;
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
