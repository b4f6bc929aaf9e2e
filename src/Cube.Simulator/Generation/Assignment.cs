namespace Cube.Simulator.Generation;

/// <summary>An assignment: whose customers, and in which range their internal ids lie.</summary>
internal sealed record Assignment(int Ordinal, int CustomerCount)
{
    private const int FirstId = 17;

    public int Id => FirstId + Ordinal;

    public string Name => IsCompanies ? $"Bedrift {Ordinal + 1}" : $"Privatmarked {Ordinal + 1}";

    /// <summary>Every third assignment sells to companies.</summary>
    public bool IsCompanies => Ordinal % 3 == 2;

    public int ClientId => 3 + (Ordinal / 2);

    public string ClientName => $"Kunde {(char)('A' + (Ordinal / 2 % 26))} Ærlig Strøm AS";

    public string ClientShortName => $"KUNDE{Ordinal / 2}";

    public CustomField[] CustomFields => CustomField.Of(IsCompanies);

    public long InternalIdBase => 10_000_000L * (Ordinal + 1);

    public long InternalId(int index) => InternalIdBase + index;

    public int IndexOf(long internalId) =>
        internalId >= InternalIdBase && internalId < InternalIdBase + CustomerCount ? (int)(internalId - InternalIdBase) : -1;
}
