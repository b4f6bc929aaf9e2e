namespace CubeFunctions.Local.Commands;

/// <summary>The operations API names members of its bodies; people typed options.</summary>
internal static class OptionNames
{
    private static readonly Dictionary<string, string> Options = new(StringComparer.Ordinal)
    {
        ["campaigns"] = RunOptions.CampaignName,
        ["assignments"] = RunOptions.AssignmentName,
        ["assignment"] = RunOptions.AssignmentName,
        ["feeds"] = "--feed",
        ["from"] = RunOptions.FromName,
        ["to"] = RunOptions.ToName,
        ["ids"] = "--id",
        ["customer"] = "--customer",
        ["by"] = "--by",
        ["days"] = "--days",
        ["kind"] = "--kind",
    };

    /// <summary>Faults, a line each, with the option in front in place of the member.</summary>
    public static string Typed(string faults) =>
        string.Join(
            '\n',
            faults
                .Split('\n')
                .Select(fault =>
                {
                    var colon = fault.IndexOf(':', StringComparison.Ordinal);
                    return colon > 0 && Options.TryGetValue(fault[..colon], out var option) ? option + fault[colon..] : fault;
                })
        );
}
