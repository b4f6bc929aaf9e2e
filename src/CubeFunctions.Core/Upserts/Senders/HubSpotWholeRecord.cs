using System.Text.Json;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// A whole record as a HubSpot workflow posts it: <c>properties.{name}.value</c> (contacts API v1), <c>properties.{name}</c> (v3), or flat, as a
/// workflow's own body has it.
/// </summary>
internal sealed class HubSpotWholeRecord : SourceRecord
{
    private static readonly string[] IdNames = ["objectId", "vid", "id", "hs_object_id", "companyId"];
    private static readonly string[] ModifiedNames = ["lastmodifieddate", "hs_lastmodifieddate", "updatedAt"];
    private readonly JsonElement _body;
    private readonly JsonElement? _properties;

    public HubSpotWholeRecord(JsonElement body)
    {
        _body = body;
        _properties = body.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object ? properties : null;
    }

    /// <summary>HubSpot leaves out the properties that a record has no value of; a flat body holds what someone chose.</summary>
    public override bool IsComplete => _properties is not null;

    public JsonElement? Id => First(IdNames, value => Scalars.TryReadId(value, out _));

    public DateTimeOffset? LastModified =>
        First(ModifiedNames, value => EventTimes.TryReadInstant(value, out _)) is { } value && EventTimes.TryReadInstant(value, out var time) ? time : null;

    public bool IsArchived => _body.TryGetProperty("archived", out var archived) && archived.ValueKind == JsonValueKind.True;

    protected override JsonElement Whole => _body;

    protected override bool TryFindField(string name, out JsonElement value)
    {
        if (_properties is { } properties && properties.TryGetProperty(name, out var property))
        {
            value = property;
            return property.ValueKind != JsonValueKind.Object || property.TryGetProperty("value", out value);
        }

        return _body.TryGetProperty(name, out value);
    }

    private JsonElement? First(string[] names, Func<JsonElement, bool> accept)
    {
        foreach (var name in names)
        {
            if (TryFindField(name, out var value) && accept(value))
            {
                return value;
            }
        }

        return null;
    }
}
