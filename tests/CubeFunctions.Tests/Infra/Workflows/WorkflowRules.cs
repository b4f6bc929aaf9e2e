using CubeFunctions.Tests.Infra.Arm;
using CubeFunctions.Tests.Infra.Rules;
using Parsed = System.Collections.Generic.IReadOnlyDictionary<string, object?>;

namespace CubeFunctions.Tests.Infra.Workflows;

/// <summary>What the pipeline deploys, by which right, and what nobody can slip into it.</summary>
internal static class WorkflowRules
{
    private const string Deploys = "deploy.yml: deploy";
    private const string Previews = "infra.yml: what-if";

    public static IReadOnlyList<WorkflowRule> All { get; } =
    [
        new(
            "Workflows start with the right to read alone",
            workflows =>
                workflows
                    .Where(workflow => Show(ArmValue.At(workflow.Value, "permissions")) != "contents=read")
                    .Select(workflow => $"{workflow.Key} has other rights")
        ),
        new(
            "No workflow runs for strangers with rights",
            workflows =>
                workflows
                    .Where(workflow => Members(workflow.Value, "on").ContainsKey("pull_request_target"))
                    .Select(workflow => workflow.Key)
        ),
        new("Every variable reaches the deployment", workflows => Variables(workflows, Deploys)),
        new("Every variable reaches the preview", workflows => Variables(workflows, Previews)),
        new("Secrets of GitHub go to variables of the table only, in jobs with an environment", Secrets),
        new(
            "Who signs in to Azure may, and does it in an environment",
            workflows =>
                Jobs(workflows)
                    .Where(job => Uses(job.Job, "azure/login").Any())
                    .SelectMany(job =>
                        (string[])
                            [
                                .. Expect.That(ArmValue.At(job.Job, "permissions.id-token") is "write", $"{job.Name} has no id-token"),
                                .. Expect.That(
                                    ArmValue.At(job.Job, "environment") is string { Length: > 0 },
                                    $"{job.Name} has no environment"
                                ),
                            ]
                    )
        ),
        new(
            "The deployment is in the environment that was asked for",
            workflows =>
                [
                    .. Is(workflows, Deploys, "environment", "${{ inputs.environment }}"),
                    .. Is(workflows, Deploys, "env.ENVIRONMENT", "${{ inputs.environment }}"),
                    .. Is(workflows, Deploys, "env.VERSION", "${{ inputs.version }}"),
                    .. Is(workflows, Previews, "environment", "${{ matrix.environment }}-preview"),
                    .. Is(workflows, Previews, "env.ENVIRONMENT", "${{ matrix.environment }}"),
                ]
        ),
        new(
            "Nothing is released that was not tested",
            workflows =>
                Order(
                    Job(workflows, "release.yml: build"),
                    "git merge-base --is-ancestor \"$GITHUB_SHA\" origin/main",
                    ".ci/run",
                    ".github/package.sh",
                    "actions/attest@",
                    "sbom-path",
                    "actions/upload-artifact@"
                )
        ),
        new(
            "Each step of a release waits for the one before",
            workflows =>
                [
                    .. Is(workflows, "release.yml: publish", "needs", "build"),
                    .. Is(workflows, "release.yml: dev", "needs", "publish"),
                    .. Is(workflows, "release.yml: prod", "needs", "dev"),
                    .. Is(workflows, "release.yml: released", "needs", "prod"),
                ]
        ),
        new(
            "Dev and prod get the same version, in their own environments",
            workflows =>
                ((string[])["dev", "prod"]).SelectMany(environment =>
                    (string[])
                        [
                            .. Is(workflows, $"release.yml: {environment}", "uses", "./.github/workflows/deploy.yml"),
                            .. Is(workflows, $"release.yml: {environment}", "with.environment", environment),
                            .. Is(workflows, $"release.yml: {environment}", "with.version", "${{ github.ref_name }}"),
                            .. Is(workflows, $"release.yml: {environment}", "permissions.id-token", "write"),
                            .. Is(workflows, $"release.yml: {environment}", "permissions.attestations", "read"),
                        ]
                )
        ),
        new(
            "A deployment takes the attested zip of its version, and a smoke test ends it",
            workflows =>
                [
                    .. Order(
                        Job(workflows, Deploys),
                        "gh release download \"$VERSION\"",
                        "gh attestation verify",
                        "azure/login@",
                        "infra/keep.sh",
                        "az deployment sub create",
                        "az functionapp deployment source config-zip",
                        ".github/smoke.sh"
                    ),
                    .. Expect.That(
                        Steps(Job(workflows, Deploys)).All(step => !Text(step).Contains("dotnet publish", StringComparison.Ordinal)),
                        "deploy builds a zip of its own"
                    ),
                    .. Expect.That(
                        Uses(Job(workflows, Deploys), "actions/checkout")
                            .All(step => ArmValue.At(step, "with.ref") is "refs/tags/${{ inputs.version }}"),
                        "the templates are of another version than the zip"
                    ),
                ]
        ),
        new(
            "No job asks for variables that it cannot see",
            workflows =>
                Jobs(workflows)
                    .Where(job =>
                        Show(ArmValue.At(job.Job, "if")) is { } condition
                        && (
                            condition.Contains("vars.", StringComparison.Ordinal)
                            || condition.Contains("env.", StringComparison.Ordinal)
                            || condition.Contains("secrets.", StringComparison.Ordinal)
                        )
                    )
                    .Select(job => $"{job.Name} would never run")
        ),
        new(
            "The preview runs where Azure is known, and says so where not",
            workflows =>
                [
                    .. Is(workflows, Previews, "env.AZURE_CLIENT_ID", "${{ vars.AZURE_CLIENT_ID }}"),
                    .. Steps(Job(workflows, Previews))
                        .Where(step =>
                            ArmValue.At(step, "if") is not "env.AZURE_CLIENT_ID != ''"
                            && !Text(step).Contains("::notice::", StringComparison.Ordinal)
                        )
                        .Select(step => $"'{Text(step)}' runs where nobody may sign in"),
                    .. Expect.That(
                        Steps(Job(workflows, Previews))
                            .Any(step => Text(step).Contains("az deployment sub what-if", StringComparison.Ordinal)),
                        "nothing is previewed"
                    ),
                ]
        ),
        new(
            "The preview is for branches of the repository only",
            workflows => Is(workflows, Previews, "if", "github.event.pull_request.head.repo.full_name == github.repository")
        ),
        new(
            "No script holds what others may write",
            workflows =>
                Jobs(workflows)
                    .SelectMany(job =>
                        Steps(job.Job)
                            .Where(step => ArmValue.At(step, "run") is string run && run.Contains("${{", StringComparison.Ordinal))
                            .Select(step => $"{job.Name}: {Text(step)}")
                    )
        ),
        new(
            "No job waits for ever",
            workflows =>
                Jobs(workflows)
                    .Where(job => ArmValue.At(job.Job, "uses") is null && ArmValue.At(job.Job, "timeout-minutes") is null)
                    .Select(job => job.Name)
        ),
        new(
            "Windows is built too",
            workflows =>
                Expect.That(
                    Jobs(workflows)
                        .Any(job =>
                            (ArmValue.At(job.Job, "strategy.matrix.os") as IEnumerable<object?> ?? []).Any(os =>
                                Show(os).StartsWith("windows-", StringComparison.Ordinal)
                            ) && Steps(job.Job).Any(step => Text(step).Contains("dotnet build CubeFunctions.sln", StringComparison.Ordinal))
                        ),
                    "no job builds on Windows"
                )
        ),
    ];

    private static IEnumerable<(string Name, object? Job)> Jobs(Parsed workflows) =>
        workflows.SelectMany(workflow => Members(workflow.Value, "jobs").Select(job => ($"{workflow.Key}: {job.Key}", job.Value)));

    private static object? Job(Parsed workflows, string name) => Jobs(workflows).FirstOrDefault(job => job.Name == name).Job;

    private static IReadOnlyList<object?> Steps(object? job) => ArmValue.At(job, "steps") as IReadOnlyList<object?> ?? [];

    private static IEnumerable<object?> Uses(object? job, string action) =>
        Steps(job).Where(step => Show(ArmValue.At(step, "uses")).StartsWith(action + "@", StringComparison.Ordinal));

    private static IDictionary<string, object?> Members(object? value, string path) =>
        ArmValue.At(value, path) as IDictionary<string, object?> ?? new Dictionary<string, object?>();

    private static string Text(object? step) => string.Join('\n', ArmValue.Texts(step));

    private static string Show(object? value) =>
        value is IDictionary<string, object?> members
            ? string.Join(' ', members.Select(member => $"{member.Key}={Show(member.Value)}"))
            : ArmValue.Show(value);

    private static IEnumerable<string> Is(Parsed workflows, string job, string path, string expected)
    {
        var value = Show(ArmValue.At(Job(workflows, job), path));
        return Expect.That(value == expected, $"{job}: {path} is '{value}', not '{expected}'");
    }

    private static string Source(Variable variable) => $"${{{{ {(variable.IsSecret ? "secrets" : "vars")}.{variable.Name} }}}}";

    private static IEnumerable<string> Variables(Parsed workflows, string job)
    {
        var environment = Members(Job(workflows, job), "env");
        return
        [
            .. Variable
                .All.Where(variable => Show(environment.TryGetValue(variable.Name, out var value) ? value : null) != Source(variable))
                .Select(variable => $"{variable.Name} does not reach {job}"),
            .. environment
                .Keys.Where(name => name.StartsWith("CUBE_", StringComparison.Ordinal))
                .Except(Variable.All.Select(variable => variable.Name))
                .Select(name => $"{name} is read by nobody"),
        ];
    }

    private static IEnumerable<string> Secrets(Parsed workflows)
    {
        var allowed = Variable.All.Where(variable => variable.IsSecret).Select(Source).ToList();
        foreach (var (name, workflow) in workflows)
        {
            var given = Members(workflow, "jobs")
                .Where(job => ArmValue.At(job.Value, "environment") is not null)
                .SelectMany(job => Members(job.Value, "env").Values)
                .Count(value => allowed.Contains(Show(value)));
            var all = ArmValue
                .Texts(workflow)
                .Count(text => text.Contains("secrets", StringComparison.Ordinal) && text.Contains("${{", StringComparison.Ordinal));
            if (given != all)
            {
                yield return $"{name} reads secrets elsewhere";
            }
        }
    }

    /// <summary>Steps that hold these words come in this order.</summary>
    private static IEnumerable<string> Order(object? job, params string[] words)
    {
        var steps = Steps(job).Select(Text).ToList();
        var at = 0;
        foreach (var word in words)
        {
            at = steps.FindIndex(at, step => step.Contains(word, StringComparison.Ordinal));
            if (at < 0)
            {
                return [$"no step '{word}' in its place"];
            }
        }

        return [];
    }
}
