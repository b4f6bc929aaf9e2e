using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Delivery;

/// <summary>Where changes are delivered.</summary>
public sealed record DeliverySettings
{
    /// <summary>The receiver; null for nowhere.</summary>
    public CrmSettings? Crm { get; init; }

    internal static DeliverySettings Read(SettingsReader reader) => new() { Crm = CrmSettings.Read(reader) };
}
