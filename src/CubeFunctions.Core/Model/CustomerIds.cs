using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace CubeFunctions.Core.Model;

/// <summary>The two ids of a customer. Numbers and text of the same digits are the same id; leading zeros count.</summary>
internal static class CustomerIds
{
    /// <summary>Members that hold the id that was imported, the best first.</summary>
    public static readonly string[] Imported = ["crm__customer_id", "customer_id", "external_customer_id"];

    /// <summary>Members that hold Cube's own id.</summary>
    public static readonly string[] Internal = ["id"];

    /// <summary>Members that hold Cube's own id, or else the imported one.</summary>
    public static readonly string[] InternalFirst = [.. Internal, .. Imported];

    /// <summary>Members that hold the customer's name.</summary>
    public static readonly string[] Names = ["name", "crm__standard_info__name"];

    /// <summary>The name of those whom Cube has anonymised.</summary>
    public const string Anonymised = "Anonymized";

    /// <summary>Hash of an imported id.</summary>
    public static ulong HashOf(string imported) => HashOf(Encoding.UTF8.GetBytes(imported));

    /// <summary>Hash of an imported id, as UTF-8.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> imported) => XxHash3.HashToUInt64(imported);

    /// <summary>The first of the members that a record has and that is not empty, as text.</summary>
    public static string? Find(ReadOnlySpan<byte> record, IReadOnlyList<string> members)
    {
        var (best, found) = (members.Count, default(string));
        var reader = new Utf8JsonReader(record);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var rank = 0;
            var escaped = reader.ValueIsEscaped ? JsonEscapes.ToText(reader.ValueSpan, escaped: true) : null;
            while (rank < members.Count && (escaped is null ? !reader.ValueTextEquals(members[rank]) : escaped != members[rank]))
            {
                rank++;
            }

            reader.Read();
            if (rank < best && JsonText.Of(ref reader) is { Length: > 0 } text)
            {
                (best, found) = (rank, text);
                if (best == 0)
                {
                    return found;
                }
            }

            reader.Skip();
        }

        return found;
    }
}
