using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>
/// A whole record as a HubSpot workflow posts it: <c>properties.{name}.value</c> (contacts API v1), <c>properties.{name}</c> (v3), or
/// flat, as a workflow's own body has it.
/// </summary>
internal sealed class HubSpotWholeRecord : SourceRecord
{
    private static readonly string[] IdNames = ["objectId", "vid", "companyId", "id", "hs_object_id"];
    private static readonly string[] ModifiedNames = ["lastmodifieddate", "hs_lastmodifieddate", "updatedAt"];
    private readonly JsonElement _body;
    private readonly JsonElement? _properties;

    public HubSpotWholeRecord(JsonElement body)
    {
        _body = body;
        _properties =
            body.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object ? properties : null;
    }

    /// <summary>HubSpot leaves out the properties that a record has no value of; a flat body holds what someone chose.</summary>
    public override bool IsComplete => _properties is not null;

    /// <summary>The record's own id. Never a property that an account happens to call <c>id</c>: it would name another customer.</summary>
    public JsonElement? Id
    {
        get
        {
            foreach (var name in IdNames)
            {
                if (_body.TryGetProperty(name, out var id) && Scalars.TryReadId(id, out _))
                {
                    return id;
                }
            }

            return TryFindField("hs_object_id", out var property) ? property : null;
        }
    }

    public DateTimeOffset? LastModified
    {
        get
        {
            foreach (var name in ModifiedNames)
            {
                if (TryFindField(name, out var value) && EventTimes.TryReadInstant(value, out var time))
                {
                    return time;
                }
            }

            return null;
        }
    }

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
}
