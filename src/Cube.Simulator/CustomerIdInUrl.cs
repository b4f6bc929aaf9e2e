namespace Cube.Simulator;

/// <summary>Which of a customer's two ids stands in the URL.</summary>
public enum CustomerIdInUrl
{
    /// <summary>Cube's own id, as in the documents of 2018.</summary>
    Internal,

    /// <summary>The id that was imported, as in later documents.</summary>
    Imported,
}
