namespace CubeFunctions.Core.Settings;

/// <summary>How long history is kept.</summary>
public sealed record RetentionSettings
{
    /// <summary>How long rows of ended runs, events and deliveries are kept, in days. Default 30.</summary>
    public int Days { get; init; } = 30;

    internal static RetentionSettings Read(SettingsReader reader) =>
        new()
        {
            Days = reader.Number(
                "Retention__Days",
                30,
                1,
                3650,
                "days that rows of ended runs, upserts and deliveries are kept; blobs go by the storage account's lifecycle rules"
            ),
        };
}
