namespace CubeFunctions.Tests.Infra.Arm;

/// <summary>A parameter of a template, with the value it got.</summary>
internal sealed record ArmParameter(string Module, string Name, string Type, object? Value)
{
    public bool Secure => Type is "securestring" or "secureString" or "secureObject" or "secureobject";
}
