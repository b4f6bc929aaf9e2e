using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>An event in <c>CubeUpserts</c>, in the partition of its customer.</summary>
public sealed class UpsertRow : IStoredRow
{
    /// <summary>The most characters of values that a row takes; longer ones lie beside the body.</summary>
    internal const int InlineCharacters = 30_000;

    /// <summary>Stands for none where a column once held a time: a merge leaves out what is null.</summary>
    internal static readonly DateTimeOffset NoTime = DateTimeOffset.UnixEpoch;

    /// <summary>Salted hash of assignment and customer.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary>Salted hash of sender and event id, so that a repeat meets the row of the first.</summary>
    public string RowKey { get; set; } = "";

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <summary>Id of the last write.</summary>
    public string? WriteId { get; set; }

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

    /// <summary>When a person replayed it last; its age counts from then.</summary>
    public DateTimeOffset? ReplayedAt { get; set; }

    /// <summary>When it left <see cref="UpsertState.Waiting"/>.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>Where it stands.</summary>
    [IgnoreDataMember]
    public UpsertState State { get; set; } = UpsertState.Waiting;

    /// <summary>
    /// <see cref="State"/> as the table holds it. A name that is not known reads as <see cref="UpsertState.Dead"/>: a person sees it.
    /// </summary>
    [DataMember(Name = nameof(State))]
    public string StateName
    {
        get => State.ToString();
        set => State = Enum.TryParse<UpsertState>(value, out var state) ? state : UpsertState.Dead;
    }

    /// <summary>Why it is dead or ignored, or what it waits for.</summary>
    public string? Reason { get; set; }

    /// <summary>Fields of the event that cannot be sent and were left out, by name with the reason; null where all are sent.</summary>
    public string? Dropped { get; set; }

    /// <summary>
    /// Since when its deliveries have failed without a break; null or <see cref="NoTime"/> where the last one did not fail.
    /// </summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>Unforeseen failures in a row.</summary>
    public int Attempts { get; set; }

    /// <summary>The stored body that it came in.</summary>
    public string Body { get; set; } = "";

    /// <summary>What events without an id of their own are named by, so that the body is parsed again with the same result.</summary>
    public string? PostId { get; set; }

    /// <summary>Its values: JSON; null where they are long and lie in <see cref="ValuesBlob"/>.</summary>
    public string? Values { get; set; }

    /// <summary>Where long values lie.</summary>
    public string? ValuesBlob { get; set; }

    /// <summary>
    /// For the merge of records in the CRM: the imported id of the one that remains, where this customer's pending events go. Null for
    /// other events.
    /// </summary>
    public string? MergedInto { get; set; }

    /// <summary>Partition of the record that remains.</summary>
    public string? MergedKey { get; set; }

    /// <summary>Whether the customer is to be erased from this storage account.</summary>
    public bool Erases { get; set; }

    /// <summary>
    /// When the merge happened that carried this event here from another customer, or null. A merge carries no event twice.
    /// </summary>
    public DateTimeOffset? CarriedAt { get; set; }

    /// <summary>The id that the outside sees: both keys.</summary>
    internal string Id => PartitionKey + RowKey;

    /// <summary>Since when it has waited.</summary>
    internal DateTimeOffset Since => ReplayedAt ?? AcceptedAt;

    /// <summary>What its deliveries failed by so far.</summary>
    internal FailureHistory History => new(Attempts, FailingSince == NoTime ? null : FailingSince);

    internal MailStamp Stamp => new(EventTime, RowKey);

    /// <summary>Splits an id that the outside sent back; null when it is none of ours.</summary>
    internal static (string Partition, string Row)? Split(string id) =>
        id.Length == 64 && id.All(char.IsAsciiHexDigitLower) ? (id[..32], id[32..]) : null;

    /// <summary>
    /// Reads a row column by column. One of another type reads as empty: <see cref="AcceptedAt"/> says whether the row can be used. A row
    /// without a state is <see cref="UpsertState.Dead"/>: a person sees it.
    /// </summary>
    internal static UpsertRow FromEntity(TableEntity stored)
    {
        var row = RowReader.Read<UpsertRow>(stored).Row;
        row.StateName = stored.Find<string>(nameof(State)) ?? "";
        return row;
    }

    internal static List<SourceValue> ReadValues(string json) => JsonSerializer.Deserialize(json, UpsertJson.Default.ListSourceValue) ?? [];

    internal static string WriteValues(IEnumerable<SourceValue> values) =>
        JsonSerializer.Serialize([.. values], UpsertJson.Default.ListSourceValue);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault
)]
[JsonSerializable(typeof(List<SourceValue>))]
[JsonSerializable(typeof(MailboxContent))]
[JsonSerializable(typeof(UpsertMessage))]
internal sealed partial class UpsertJson : JsonSerializerContext;
