using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>A HubSpot property event: it carries one property.</summary>
internal sealed class HubSpotEventRecord(JsonElement item) : SourceRecord
{
    public bool HasProperty =>
        item.TryGetProperty("propertyName", out var name)
        && name.ValueKind == JsonValueKind.String
        && item.TryGetProperty("propertyValue", out _);

    protected override JsonElement Whole => item;

    protected override bool TryFindField(string name, out JsonElement value)
    {
        value = default;
        return item.TryGetProperty("propertyName", out var given)
            && given.ValueKind == JsonValueKind.String
            && given.ValueEquals(name)
            && item.TryGetProperty("propertyValue", out value);
    }
}
