using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>A customer as one JSON object.</summary>
internal sealed class FlatRecord(JsonElement customer) : SourceRecord
{
    protected override JsonElement Whole => customer;

    protected override bool TryFindField(string name, out JsonElement value) => customer.TryGetProperty(name, out value);
}
