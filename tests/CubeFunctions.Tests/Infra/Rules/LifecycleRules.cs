using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>How long each container keeps what it holds, and that nothing goes before what points to it.</summary>
internal static class LifecycleRules
{
    /// <summary>Runs come at least daily: a pointer that is too old is renewed within a day.</summary>
    private static readonly TimeSpan UntilTheNextRun = TimeSpan.FromDays(1);

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        new(
            "Raw pages cool and go as asked for",
            deployment =>
            {
                var cool = Days(deployment, CodeFacts.Raw, "tierToCool");
                var goes = Days(deployment, CodeFacts.Raw, "delete");
                return
                [
                    .. Expect.That((cool ?? 0) == (long)deployment.Given("rawCoolAfterDays")!, $"raw pages cool after '{cool}' days"),
                    .. Expect.That(goes >= (long)deployment.Given("rawDeleteAfterDays")!, $"raw pages go after '{goes}' days"),
                    .. Expect.That(goes >= (cool ?? 0) + 30, "raw pages go before the cool tier's 30 days are over"),
                ];
            }
        ),
        new(
            "Change files go as asked for, and not while deliveries read them",
            deployment =>
            {
                var goes = Days(deployment, CodeFacts.ChangeFiles, "delete");
                return Expect.That(
                    goes == (long)deployment.Given("changesDeleteAfterDays")! && goes >= 30,
                    $"change files go after '{goes}' days"
                );
            }
        ),
        new(
            "Webhook bodies go as asked for, sooner than pages",
            deployment =>
            {
                var goes = Days(deployment, CodeFacts.Inbox, "delete");
                return Expect.That(
                    goes == (long)deployment.Given("inboxDeleteAfterDays")! && goes < Days(deployment, CodeFacts.Raw, "delete"),
                    $"inbox bodies go after '{goes}' days"
                );
            }
        ),
        new("What is known of ended scopes goes as asked for, the rest of its container stays", State),
        new("Pages outlive what points to them", Pointers),
        new(
            "Run manifests go before the pages that they name",
            deployment =>
            {
                var (pages, runs) = (Days(deployment, CodeFacts.Raw, "delete") ?? 0, Days(deployment, $"{CodeFacts.Raw}/runs", "delete"));
                var named = (CodeFacts.PointerAges["EarlierReading.MaxAge"] + UntilTheNextRun).TotalDays;
                return Expect.That(
                    runs > 0 && runs + named <= pages,
                    $"run manifests go after '{runs}' days, pages that they name after {pages}"
                );
            }
        ),
        new(
            "Rules have names of their own",
            deployment =>
                Expect.That(
                    Rules(deployment)
                        .Select(rule => ArmValue.Show(ArmValue.At(rule, "name")))
                        .Where(name => name.Length > 0)
                        .Distinct()
                        .Count() == 5,
                    "a rule has no name, or another's"
                )
        ),
    ];

    private static IEnumerable<string> State(ArmDeployment deployment)
    {
        var rule = Rules(deployment)
            .FirstOrDefault(rule => Prefixes(rule).Any(prefix => prefix.StartsWith(CodeFacts.State + "/", StringComparison.Ordinal)));
        var asked = (long)deployment.Given("stateDeleteAfterDays")!;
        var goes = ArmValue.At(rule, "definition.actions.baseBlob.delete.daysAfterModificationGreaterThan") as long?;
        return
        [
            .. Expect.That((ArmValue.At(rule, "enabled") is true) == asked > 0, "what is known goes without being asked"),
            .. Expect.That(goes >= Math.Max(asked, 90), $"what is known goes after '{goes}' days"),
            .. Expect.That(
                ArmValue.At(rule, "type") is "Lifecycle" && ArmValue.At(rule, "definition.filters.blobTypes.0") is "blockBlob",
                "the rule is of another kind"
            ),
            .. CodeFacts
                .DatedFeeds.Concat(CodeFacts.UndatedFeeds)
                .Select(feed => $"{CodeFacts.State}/{feed.Split('@')[0]}/")
                .Except(Prefixes(rule))
                .Select(prefix => $"{prefix} is kept for ever"),
            .. Prefixes(rule)
                .Where(prefix => prefix.Count(letter => letter == '/') != 2)
                .Select(prefix => $"{prefix} takes the salt and the tombstones with it"),
        ];
    }

    private static IEnumerable<string> Pointers(ArmDeployment deployment)
    {
        var goes = TimeSpan.FromDays(Days(deployment, CodeFacts.Raw, "delete") ?? 0);
        var changes = TimeSpan.FromDays(Days(deployment, CodeFacts.ChangeFiles, "delete") ?? 0);
        var more = (IDictionary<string, object?>)deployment.Given("moreSettings")!;
        var lookback = TimeSpan.FromDays(
            int.Parse(more.TryGetValue("Sync__LookbackDays", out var days) ? ArmValue.Show(days) : "2") + CodeFacts.ComparedMarginDays
        );
        var oldest = CodeFacts.PointerAges.Values.Max() + UntilTheNextRun;
        return
        [
            .. CodeFacts
                .PointerAges.Where(pointer => goes < pointer.Value + UntilTheNextRun)
                .Select(pointer => $"pages go after {goes.TotalDays} days, {pointer.Key} points to them for {pointer.Value.TotalDays}"),
            .. Expect.That(
                goes >= lookback + oldest,
                $"pages go after {goes.TotalDays} days, what is known of days within the look-back points to them for {(lookback + oldest).TotalDays}"
            ),
            .. Expect.That(
                goes >= changes + oldest,
                $"pages go after {goes.TotalDays} days, baselines in change files name them for {(changes + oldest).TotalDays}"
            ),
        ];
    }

    private static IReadOnlyList<object?> Rules(ArmDeployment deployment) =>
        deployment.One(Expect.Account + "/managementPolicies")?.Items("policy.rules") ?? [];

    private static IEnumerable<string> Prefixes(object? rule) =>
        (ArmValue.At(rule, "definition.filters.prefixMatch") as IEnumerable<object?> ?? []).Select(ArmValue.Show);

    private static long? Days(ArmDeployment deployment, string container, string action)
    {
        var rule = Rules(deployment)
            .FirstOrDefault(rule =>
                Prefixes(rule).SequenceEqual([container + "/"])
                && ArmValue.At(rule, "enabled") is true
                && ArmValue.At(rule, "type") is "Lifecycle"
                && ArmValue.At(rule, "definition.filters.blobTypes.0") is "blockBlob"
            );
        return ArmValue.At(rule, $"definition.actions.baseBlob.{action}.daysAfterModificationGreaterThan") as long?;
    }
}
