using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>The columns of a Dataverse event: those that were changed, then those of the images taken afterwards.</summary>
internal sealed class DataverseRecord : SourceRecord
{
    private readonly JsonElement _context;
    private readonly Dictionary<string, JsonElement> _columns = new(StringComparer.Ordinal);
    private readonly bool _isCreate;

    public DataverseRecord(JsonElement context, bool isCreate)
    {
        _context = context;
        _isCreate = isCreate;
        foreach (var (key, target) in Pairs(context, "InputParameters"))
        {
            if (key == "Target" && target.ValueKind == JsonValueKind.Object)
            {
                TargetId = target.TryGetProperty("Id", out var id) ? id : null;
                HasTarget |= Add(target);
            }
        }

        foreach (var (_, image) in Pairs(context, "PostEntityImages"))
        {
            HasImage |= Add(image);
        }
    }

    /// <summary>The record's id in <c>Target</c>, which may be a record or (as for Delete) a mere reference to one.</summary>
    public JsonElement? TargetId { get; }

    /// <summary>Whether there are columns to read.</summary>
    public bool IsReadable => HasTarget || HasImage;

    /// <summary>A record just created has nothing but the columns it was created with.</summary>
    public override bool IsComplete => _isCreate && HasTarget;

    protected override JsonElement Whole => _context;

    private bool HasTarget { get; }

    private bool HasImage { get; }

    protected override bool TryFindField(string name, out JsonElement value) => _columns.TryGetValue(name, out value);

    private bool Add(JsonElement entity)
    {
        if (entity.ValueKind != JsonValueKind.Object || !entity.TryGetProperty("Attributes", out _))
        {
            return false;
        }

        foreach (var (name, value) in Pairs(entity, "Attributes"))
        {
            _columns.TryAdd(name, Plain(value));
        }

        return true;
    }

    /// <summary>Choices and amounts stand in <c>Value</c>, references to other records in <c>Id</c>.</summary>
    private static JsonElement Plain(JsonElement value) =>
        value.ValueKind != JsonValueKind.Object ? value
        : value.TryGetProperty("Value", out var inner) ? inner
        : value.TryGetProperty("Id", out var id) ? id
        : value;

    private static IEnumerable<(string Key, JsonElement Value)> Pairs(JsonElement holder, string name)
    {
        if (!holder.TryGetProperty(name, out var list) || list.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }

        foreach (var pair in list.EnumerateArray())
        {
            if (
                pair.ValueKind == JsonValueKind.Object
                && pair.TryGetProperty("key", out var key)
                && key.ValueKind == JsonValueKind.String
                && pair.TryGetProperty("value", out var value)
            )
            {
                yield return (key.GetString()!, value);
            }
        }
    }
}
