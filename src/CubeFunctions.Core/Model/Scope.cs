using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace CubeFunctions.Core.Model;

/// <summary>What a feed belongs to.</summary>
public enum ScopeKind
{
    /// <summary>The whole tenant; its id is <c>all</c>.</summary>
    Tenant,

    /// <summary>A campaign.</summary>
    Campaign,

    /// <summary>An assignment.</summary>
    Assignment,

    /// <summary>A CRM of generation 2, <c>{data owner}-{type}</c>; types are <c>B2C</c>, <c>B2B</c> or the tenant's own names.</summary>
    Crm,
}

/// <summary>One campaign, assignment, CRM or the tenant.</summary>
public readonly record struct Scope(ScopeKind Kind, string Id)
{
    /// <summary>The tenant as a whole.</summary>
    public static Scope Tenant { get; } = new(ScopeKind.Tenant, "all");

    /// <summary>The kind's name in paths, rows and logs.</summary>
    public string KindName => NameOf(Kind);

    /// <summary>Data owner and type of a CRM: what stands before the first dash and after it.</summary>
    internal (string Owner, string Type) CrmParts =>
        Id.IndexOf('-', StringComparison.Ordinal) is var dash and >= 0 ? (Id[..dash], Id[(dash + 1)..]) : (Id, "");

    /// <summary>Characters of the longest id.</summary>
    public const int LongestId = 128;

    /// <summary>
    /// Whether a text can be the id of a campaign, or a part of another's: any text that names rows and blobs once it is encoded.
    /// </summary>
    public static bool IsId([NotNullWhen(true)] string? id)
    {
        const int LongestEncoded = 400;
        return id is { Length: > 0 and <= LongestId } and not ("." or "..")
            && !id.Any(char.IsControl)
            && !char.IsWhiteSpace(id[0])
            && !char.IsWhiteSpace(id[^1])
            && Encode(id).Length <= LongestEncoded;
    }

    /// <summary>
    /// Whether a text can be the id of an assignment, or of a CRM: owner and type, parted by its first dash, as the listing may have them.
    /// </summary>
    public static bool IsAssignmentOrCrm([NotNullWhen(true)] string? id)
    {
        if (!IsId(id))
        {
            return false;
        }

        var (owner, type) = new Scope(ScopeKind.Crm, id).CrmParts;
        return IsId(owner) && !owner.Any(char.IsWhiteSpace) && (owner.Length == id.Length || IsId(type));
    }

    /// <summary>The kind's name in paths, rows and logs.</summary>
    public static string NameOf(ScopeKind kind) =>
        kind switch
        {
            ScopeKind.Tenant => "tenant",
            ScopeKind.Campaign => "campaign",
            ScopeKind.Assignment => "assignment",
            ScopeKind.Crm => "crm",
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    /// <summary>Reads what <see cref="NameOf"/> wrote.</summary>
    /// <exception cref="FormatException">It is no name of a kind.</exception>
    public static ScopeKind KindOf(string name) =>
        Enum.TryParse<ScopeKind>(name, ignoreCase: true, out var kind) && Enum.IsDefined(kind)
            ? kind
            : throw new FormatException($"'{name}' is no kind of scope");

    /// <summary><c>campaign=17</c>, safe as a row key and as a blob path segment.</summary>
    public override string ToString() => $"{KindName}={Encode(Id)}";

    /// <summary>
    /// Keeps letters, digits, dot, dash and underscore of an id; everything else becomes <c>~</c> and hexadecimal digits.
    /// </summary>
    public static string Encode(string id)
    {
        if (id.All(IsPlain))
        {
            return id;
        }

        var text = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(id))
        {
            _ = IsPlain((char)b)
                ? text.Append((char)b)
                : text.Append('~').Append(b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="ToString"/> wrote; null where it is no scope.</summary>
    internal static Scope? Parse(string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        return sign > 0 && Enum.TryParse<ScopeKind>(text[..sign], ignoreCase: true, out var kind)
            ? new Scope(kind, Decode(text[(sign + 1)..]))
            : null;
    }

    /// <summary>Undoes <see cref="Encode"/>.</summary>
    internal static string Decode(string encoded)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < encoded.Length; i++)
        {
            bytes.Add(encoded[i] == '~' ? Convert.FromHexString(encoded.AsSpan(i + 1, 2))[0] : (byte)encoded[i]);
            i += encoded[i] == '~' ? 2 : 0;
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
