namespace CubeFunctions.Core.Model;

/// <summary>Which generation of Cube's API the tenant speaks.</summary>
public enum CubeApi
{
    /// <summary>Recognised by the members of the campaigns listing, kept, and held to.</summary>
    Auto,

    /// <summary>Clients, assignments, campaigns, responses.</summary>
    Assignments,

    /// <summary>Data owners, CRMs, call outcomes.</summary>
    DataOwners,
}
