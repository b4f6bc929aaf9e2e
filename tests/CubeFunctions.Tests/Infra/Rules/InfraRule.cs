using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>Something that must never regress, by name.</summary>
/// <param name="Name">Says what holds.</param>
/// <param name="Faults">What does not hold; empty when all is well.</param>
internal sealed record InfraRule(string Name, Func<ArmDeployment, IEnumerable<string>> Faults)
{
    /// <summary>All rules.</summary>
    public static IReadOnlyList<InfraRule> All { get; } =
    [
        .. StorageRules.All,
        .. DoorRules.All,
        .. RoleRules.All,
        .. SettingRules.All,
        .. SecretRules.All,
        .. AppRules.All,
        .. NetworkRules.All,
        .. AlertRules.All,
        .. MonitoringRules.All,
    ];
}
