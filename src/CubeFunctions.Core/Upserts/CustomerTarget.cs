namespace CubeFunctions.Core.Upserts;

/// <summary>Where a customer's fields go.</summary>
internal abstract record CustomerTarget
{
    private CustomerTarget() { }

    /// <summary>A record that was read and has the customer's imported id.</summary>
    /// <param name="Id">Its id in Cube's URLs.</param>
    internal sealed record Record(string Id) : CustomerTarget;

    /// <summary>No record yet: a POST makes it.</summary>
    internal sealed record Missing : CustomerTarget;

    /// <summary>Nobody can say yet.</summary>
    /// <param name="Reason">What it waits for.</param>
    internal sealed record Unknown(string Reason) : CustomerTarget;

    /// <summary>No record can be the customer's.</summary>
    /// <param name="Reason">Why.</param>
    internal sealed record Impossible(string Reason) : CustomerTarget;
}
