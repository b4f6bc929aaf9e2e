namespace Cube.Simulator.Generation;

/// <summary>A field that the tenant defined; <c>crm__custom_info__{Number}</c> in the later shape.</summary>
internal sealed record CustomField(int Number, string Label, string Type, int MaxLength, string Hint)
{
    private static readonly CustomField[] Consumers =
    [
        new(1, "active products", "text", 200, ""),
        new(2, "gen info 1", "text", 500, "Free text"),
        new(3, "Antall år", "number", 3, "Hvor lenge kunde"),
        new(4, "Pris på dagens avtale", "number", 8, "kr/mnd"),
        new(5, "Målernummer", "text", 20, ""),
    ];

    private static readonly CustomField[] Companies =
    [
        new(1, "active products", "text", 200, ""),
        new(2, "Kontaktperson økonomi", "text", 100, ""),
        new(3, "Antall ansatte på avtalen", "number", 6, ""),
        new(4, "Avtale løper ut", "date", 10, "yyyy-mm-dd"),
    ];

    public string LaterName { get; } = $"crm__custom_info__{Number}";

    public static CustomField[] Of(bool companies) => companies ? Companies : Consumers;
}
