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

    /// <summary>
    /// In generation 2 every third assignment is the B2B side of the data owner before it: (data owner, CRM type) is unique.
    /// </summary>
    public int DataOwnerId => 3 + DataOwnerOrdinal;

    public string DataOwnerName => $"Eier {(char)('A' + (DataOwnerOrdinal % 26))} Ærlig Strøm AS";

    public string CrmType => IsCompanies ? "B2B" : "B2C";

    /// <summary>The CRM type's name with a tenant that chose its own.</summary>
    public string FreeCrmType => IsCompanies ? "Bedrift & næring" : "Privat/kunder, Øst";

    public int CrmTypeId => IsCompanies ? 5 : 4;

    private int DataOwnerOrdinal => (Ordinal / 3 * 2) + Math.Min(Ordinal % 3, 1);

    public CustomField[] CustomFields => CustomField.Of(IsCompanies);

    public long InternalIdBase => 10_000_000L * (Ordinal + 1);

    public long InternalId(int index) => InternalIdBase + index;

    public int IndexOf(long internalId) =>
        internalId >= InternalIdBase && internalId < InternalIdBase + CustomerCount ? (int)(internalId - InternalIdBase) : -1;
}
