using System.Text.Json;
using System.Text.Json.Serialization;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Senders;

namespace CubeFunctions.Core.Upserts;

/// <summary>An event in <c>CubeUpserts</c>, in the partition of its customer.</summary>
public sealed class UpsertRow : ITableEntity
{
    /// <summary>The most characters of values that a row takes; longer ones lie beside the body.</summary>
    internal const int InlineCharacters = 30_000;

    /// <summary>Salted hash of assignment and customer.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary>Salted hash of sender and event id, so that a repeat meets the row of the first.</summary>
    public string RowKey { get; set; } = "";

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary>Name of the sender.</summary>
    public string Sender { get; set; } = "";

    /// <summary>The assignment.</summary>
    public string AssignmentId { get; set; } = "";

    /// <summary>The imported id, or null where the event names none.</summary>
    public string? CustomerId { get; set; }

    /// <summary>When it happened at the sender.</summary>
    public DateTimeOffset EventTime { get; set; }

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset AcceptedAt { get; set; }

    /// <summary>When it left <see cref="UpsertState.Waiting"/>.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>Name of the <see cref="UpsertState"/>.</summary>
    public string State { get; set; } = nameof(UpsertState.Waiting);

    /// <summary>Why it is dead or ignored, or what it waits for.</summary>
    public string? Reason { get; set; }

    /// <summary>The stored body that it came in.</summary>
    public string Body { get; set; } = "";

    /// <summary>Its values: JSON; null where they are long and lie in <see cref="ValuesBlob"/>.</summary>
    public string? Values { get; set; }

    /// <summary>Where long values lie.</summary>
    public string? ValuesBlob { get; set; }

    /// <summary>The id that the outside sees: both keys.</summary>
    internal string Id => PartitionKey + RowKey;

    internal UpsertState UpsertState => Enum.Parse<UpsertState>(State);

    /// <summary>Splits an id that the outside sent back; null when it is none of ours.</summary>
    internal static (string Partition, string Row)? Split(string id) =>
        id.Length == 64 && id.All(char.IsAsciiHexDigitLower) ? (id[..32], id[32..]) : null;

    internal static List<SourceValue> ReadValues(string json) => JsonSerializer.Deserialize(json, UpsertJson.Default.ListSourceValue) ?? [];

    internal static string WriteValues(IEnumerable<SourceValue> values) => JsonSerializer.Serialize([.. values], UpsertJson.Default.ListSourceValue);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(List<SourceValue>))]
[JsonSerializable(typeof(MailboxContent))]
[JsonSerializable(typeof(UpsertMessage))]
internal sealed partial class UpsertJson : JsonSerializerContext;
