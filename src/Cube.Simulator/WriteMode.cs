namespace Cube.Simulator;

/// <summary>How the tenant answers PUT and POST of customers.</summary>
public enum WriteMode
{
    /// <summary>Writes are done.</summary>
    Enabled,

    /// <summary>Every write answers 404.</summary>
    NotFound404,

    /// <summary>Every write answers 405.</summary>
    MethodNotAllowed405,

    /// <summary>Every write answers 501.</summary>
    NotImplemented501,
}
