using System.Globalization;

namespace Cube.Simulator.Generation;

/// <summary>A generated customer: every field is a function of the seed, the assignment and the index.</summary>
internal readonly struct BaseCustomer(SimulatorOptions options, Assignment assignment, int index)
{
    private readonly ulong key = Rng.Key(options.Seed, 1, assignment.Id, index);

    public Assignment Assignment => assignment;

    public int Index => index;

    public long Id => assignment.InternalId(index);

    public bool Anonymised => Rng.Below(Rng.Key(key, 99), 1000) < options.AnonymisedPerThousand;

    public string ImportedId => Generation.ImportedId.Of(assignment, index);

    public string First => Rng.Pick(Hash(1), Words.FirstNames);

    public string Last => Rng.Pick(Hash(2), Words.LastNames);

    public string Name => $"{First} {Last}";

    public string Gender =>
        Rng.Below(Hash(3), 3) switch
        {
            0 => "M",
            1 => "F",
            _ => "",
        };

    public string BirthDate => Rng.Below(Hash(4), 5) == 0 ? "" : Date(1940, Hash(4), 60 * 365);

    public string Street => Rng.Pick(Hash(5), Words.Streets);

    public int StreetNumber => 1 + Rng.Below(Hash(6), 120);

    public string Entrance => Rng.Below(Hash(7), 4) == 0 ? ((char)('A' + Rng.Below(Hash(8), 5))).ToString() : "";

    public (string Zip, string City, string Municipality, string County) Place => Rng.Pick(Hash(9), Words.Places);

    public string Phone1 => "9" + Digits(Hash(10), 10_000_000);

    public string Phone2 => Rng.Below(Hash(11), 3) == 0 ? "+47 4" + Digits(Hash(12), 10_000_000) : "";

    public string Email => Rng.Below(Hash(13), 4) == 0 ? "" : $"kunde{Id.ToString(CultureInfo.InvariantCulture)}@example.com";

    public string Company => assignment.IsCompanies ? Rng.Pick(Hash(14), Words.Companies) : "";

    public string OrgNumber => "9" + Digits(Hash(15), 100_000_000);

    public int Employees => 1 + Rng.Below(Hash(16), 400);

    public string Updated => Date(2017, Hash(17), 900) + " 12:" + Digits(Hash(18), 59);

    public string UpdatedBy => Rng.Pick(Hash(19), Words.Agents);

    public string UpdateMethod =>
        Rng.Below(Hash(20), 3) switch
        {
            0 => "Import new",
            1 => "Import update",
            _ => "Manual update",
        };

    /// <summary>A tenant-defined field's value; numbers come as text at times, and are missing at times.</summary>
    public (string Text, int? Number) Custom(CustomField field)
    {
        var hash = Hash(30 + field.Number);
        if (Rng.Below(Rng.Key(hash, 1), 6) == 0)
            return ("", null);
        var number = Rng.Below(hash, field.MaxLength == 3 ? 40 : 900);
        return field.Type switch
        {
            "number" when Rng.Below(Rng.Key(hash, 2), 2) == 0 => ("", number),
            "number" => (number.ToString(CultureInfo.InvariantCulture), null),
            "text" when field.MaxLength <= 20 => (Digits(hash, 100_000_000), null),
            "date" => (Date(2018, hash, 2000), null),
            _ => ($"{Rng.Pick(hash, Words.Products)} / {Rng.Pick(Rng.Key(hash, 3), Words.Products)}", null),
        };
    }

    private ulong Hash(int field) => Rng.Key(key, field);

    private static string Date(int year, ulong hash, int days) =>
        new DateOnly(year, 1, 1).AddDays(Rng.Below(hash, days)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Digits(ulong hash, int bound) =>
        Rng.Below(hash, bound).ToString("D" + ((bound - 1).ToString(CultureInfo.InvariantCulture).Length), CultureInfo.InvariantCulture);
}
