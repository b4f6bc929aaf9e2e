namespace CubeFunctions.Core.Settings;

/// <summary>Who may send customers.</summary>
public sealed record UpsertSettings
{
    internal static UpsertSettings Read(SettingsReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new UpsertSettings();
    }
}
