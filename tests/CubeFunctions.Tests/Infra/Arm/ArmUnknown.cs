namespace CubeFunctions.Tests.Infra.Arm;

/// <summary>Stands for what only a deployed resource can tell. Addresses get the form they will have.</summary>
internal sealed record ArmUnknown(string Type, string Name)
{
    /// <summary>The type of what is not in the template at all.</summary>
    public const string Missing = "missing";

    public object Member(string member) =>
        (Type, member) switch
        {
            (Missing, "value") => $"<{Name}>",
            (Missing, _) => this with { Name = $"{Name}.{member}" },
            (_, "primaryEndpoints") => new ArmUnknown("endpoints", Name),
            ("endpoints", _) => $"https://{Name}.{member}.core.windows.net/",
            (_, "defaultHostName") => $"{Name}.azurewebsites.net",
            (_, "vaultUri") => $"https://{Name}.vault.azure.net/",
            _ => $"<{member} of {Name}>",
        };
}
