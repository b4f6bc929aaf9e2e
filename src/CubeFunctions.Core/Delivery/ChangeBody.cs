using System.Text.Encodings.Web;
using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;

namespace CubeFunctions.Core.Delivery;

/// <summary>
/// What the receiver gets: <c>{"schema":2,"changes":[...]}</c>, each change as it stands in its file, or with the customer's record mapped.
/// </summary>
public sealed class ChangeBody(DeliverySettings settings)
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Makes a change ready for the receiver.</summary>
    /// <returns>Its JSON; null where the field map takes nothing of what changed.</returns>
    /// <exception cref="CrmException">A value cannot be converted.</exception>
    internal ReadOnlyMemory<byte>? Of(ChangeEntry entry)
    {
        if (settings.Crm?.FieldMap is not { } map)
        {
            return entry.Line;
        }

        using var document = JsonDocument.Parse(entry.Line);
        var change = document.RootElement;
        var isCustomer = change.GetProperty("feed").ValueEquals(FeedCatalogue.Customers.Name);
        var changed = change.GetProperty("changed").EnumerateArray().Select(name => name.GetString()!).ToHashSet(StringComparer.Ordinal);
        var targets = isCustomer ? map.TargetsOf(changed).ToList() : [.. changed];
        if (changed.Count > 0 && targets.Count == 0)
        {
            return null;
        }

        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            foreach (var member in change.EnumerateObject())
            {
                Write(json, member, isCustomer, map, targets);
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>The body of a request.</summary>
    internal static ReadOnlyMemory<byte> Of(IReadOnlyList<ReadOnlyMemory<byte>> changes)
    {
        using var stream = new MemoryStream();
        stream.Write("""{"schema":2,"changes":["""u8);
        for (var i = 0; i < changes.Count; i++)
        {
            if (i > 0)
            {
                stream.WriteByte((byte)',');
            }

            stream.Write(changes[i].Span);
        }

        stream.Write("]}"u8);
        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter json, JsonProperty member, bool isCustomer, FieldMap map, List<string> targets)
    {
        if (
            member.Value.ValueKind == JsonValueKind.Object
            && (member.NameEquals("customer") || (isCustomer && member.NameEquals("record")))
        )
        {
            json.WriteStartObject(member.Name);
            foreach (
                var (field, value) in map.Make(new FlatRecord(member.Value), out var fault)
                    ?? throw new CrmException(CrmFailureKind.Refused, fault!)
            )
            {
                json.WritePropertyName(field);
                json.WriteRawValue(value, skipInputValidation: true);
            }

            json.WriteEndObject();
        }
        else if (isCustomer && member.NameEquals("changed"))
        {
            json.WriteStartArray(member.Name);
            targets.ForEach(target => json.WriteStringValue(target));
            json.WriteEndArray();
        }
        else
        {
            member.WriteTo(json);
        }
    }
}
