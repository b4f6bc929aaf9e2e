namespace CubeFunctions.Core.Settings;

/// <summary>What is told of changes, and to whom.</summary>
public sealed record ChangeSettings
{
    internal static ChangeSettings Read(SettingsReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new ChangeSettings();
    }
}
