using System.Collections.Frozen;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Senders;

/// <summary>Who may send customers.</summary>
public sealed record UpsertSettings
{
    internal const string Block = "Upserts__Senders";

    /// <summary>The name under which customers of the product's own API are kept; no sender may have it.</summary>
    public const string OwnApi = "api";

    /// <summary>The senders by name, letter case ignored. Default: none.</summary>
    public IReadOnlyDictionary<string, SenderSettings> Senders { get; init; } = FrozenDictionary<string, SenderSettings>.Empty;

    internal static UpsertSettings Read(SettingsReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new UpsertSettings
        {
            Senders = reader
                .Blocks(Block)
                .Select(block => new SenderSettingsReader(reader, block).Read())
                .OfType<SenderSettings>()
                .DistinctBy(sender => sender.Name)
                .ToFrozenDictionary(sender => sender.Name, StringComparer.OrdinalIgnoreCase),
        };
    }
}
