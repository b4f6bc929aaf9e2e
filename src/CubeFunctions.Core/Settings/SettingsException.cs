namespace CubeFunctions.Core.Settings;

/// <summary>The settings cannot be used. Holds every fault found, each naming its setting as the user typed it.</summary>
public sealed class SettingsException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    /// <summary>One line a fault.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
