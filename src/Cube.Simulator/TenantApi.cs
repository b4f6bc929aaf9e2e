namespace Cube.Simulator;

/// <summary>Which generation of the API the tenant speaks.</summary>
public enum TenantApi
{
    /// <summary>Generation 1: clients, assignments, responses.</summary>
    Assignments,

    /// <summary>Generation 2: data owners, their CRMs, call outcomes.</summary>
    DataOwners,
}
