using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;
using Microsoft.Extensions.Configuration;

namespace CubeFunctions.Core;

/// <summary>Every setting of the product, read once at start-up.</summary>
public sealed record AppSettings
{
    /// <summary>The tenant.</summary>
    public required CubeSettings Cube { get; init; }

    /// <summary>The storage account.</summary>
    public required StorageSettings Storage { get; init; }

    /// <summary>The sync lane.</summary>
    public required SyncSettings Sync { get; init; }

    /// <summary>The upserts lane.</summary>
    public required UpsertSettings Upserts { get; init; }

    /// <summary>The changes lane.</summary>
    public required ChangeSettings Changes { get; init; }

    /// <summary>Delivery to the CRM.</summary>
    public required DeliverySettings Delivery { get; init; }

    /// <summary>How long history is kept.</summary>
    public required RetentionSettings Retention { get; init; }

    /// <summary>Operations API and dashboard.</summary>
    public required OperationsSettings Operations { get; init; }

    /// <summary>Reads and checks all settings.</summary>
    /// <param name="configuration">Where they stand.</param>
    /// <param name="needsSchedules">Whether the schedules must be set.</param>
    /// <exception cref="SettingsException">Something is missing or wrong; holds every fault.</exception>
    public static AppSettings Read(IConfiguration configuration, bool needsSchedules = false)
    {
        var reader = new SettingsReader(configuration) { NeedsSchedules = needsSchedules };
        var settings = Read(reader);
        return reader.Faults.Count == 0 ? settings : throw new SettingsException(reader.Faults);
    }

    /// <summary>All settings as they are declared, with those of one sender.</summary>
    /// <param name="sender">The name that stands for a sender's, such as <c>crm</c>.</param>
    public static IReadOnlyCollection<SettingDeclaration> Declared(string sender)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new($"Upserts:Senders:{sender}:Kind", "json")]).Build();
        var reader = new SettingsReader(configuration);
        Read(reader);
        return reader.Declared;
    }

    internal static AppSettings Read(SettingsReader reader) =>
        new()
        {
            Cube = CubeSettings.Read(reader),
            Storage = StorageSettings.Read(reader),
            Sync = SyncSettings.Read(reader),
            Upserts = UpsertSettings.Read(reader),
            Changes = ChangeSettings.Read(reader),
            Delivery = DeliverySettings.Read(reader),
            Retention = RetentionSettings.Read(reader),
            Operations = OperationsSettings.Read(reader),
        };
}
