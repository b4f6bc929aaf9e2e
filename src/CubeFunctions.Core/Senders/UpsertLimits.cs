namespace CubeFunctions.Core.Senders;

/// <summary>What one post may hold.</summary>
public static class UpsertLimits
{
    /// <summary>Bytes of a body: 1 MiB.</summary>
    public const int BodyBytes = 1024 * 1024;

    /// <summary>Levels of arrays and objects within each other.</summary>
    public const int Depth = 32;

    /// <summary>Customers of an array.</summary>
    public const int Customers = 1000;

    /// <summary>Events of a HubSpot post: HubSpot's own limit.</summary>
    public const int HubSpotEvents = 100;

    /// <summary>Characters of an imported customer id.</summary>
    public const int CustomerIdLength = 256;

    /// <summary>Characters of a field's name.</summary>
    public const int FieldNameLength = 256;

    /// <summary>
    /// Characters of a value, as JSON: more than any field of Cube's takes, and few enough for what is remembered of a customer.
    /// </summary>
    public const int ValueCharacters = 200_000;

    /// <summary>Characters of one part of a joined field: parts are remembered.</summary>
    public const int PartCharacters = 10_000;

    /// <summary>The earliest time that an event can have: before it, a number was read in the wrong unit.</summary>
    public static DateTimeOffset EarliestEvent { get; } = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// How far in the future an event's time may lie, before the event is dead: the newest time wins, so one event from the year 9999
    /// would hold back all later ones.
    /// </summary>
    public static TimeSpan ClockSkew { get; } = TimeSpan.FromDays(1);
}
