namespace CubeFunctions.Core.Settings;

/// <summary>What the operations API and the dashboard go by.</summary>
public sealed record OperationsSettings
{
    /// <summary>Hours without a proven window after which a dated feed is shown as stale. Default 3.</summary>
    public int StaleDatedAfterHours { get; init; } = 3;

    /// <summary>Hours without a proven snapshot after which an undated feed is shown as stale. Default 36.</summary>
    public int StaleSnapshotAfterHours { get; init; } = 36;

    /// <summary>The app role that a signed-in caller needs to act; null where function keys alone decide. Default null.</summary>
    public string? ActingRole { get; init; }

    internal static OperationsSettings Read(SettingsReader reader) =>
        new()
        {
            StaleDatedAfterHours = reader.Number(
                "Operations__StaleDatedAfterHours",
                3,
                1,
                336,
                "hours without a proven window after which the dashboard shows a dated feed as stale; infra sets it as the alert has it"
            ),
            StaleSnapshotAfterHours = reader.Number(
                "Operations__StaleSnapshotAfterHours",
                36,
                2,
                336,
                "the same for feeds without dates, which are read by `Sync__SnapshotSchedule`"
            ),
            ActingRole = reader.Text(
                "Operations__ActingRole",
                "app role that a caller signed in with Entra ID needs for all requests but `GET`, besides the function's key; "
                    + "only the deployed app asks for it, and refuses everybody where it is set without sign-in. Infra sets it with sign-in"
            ),
        };
}
