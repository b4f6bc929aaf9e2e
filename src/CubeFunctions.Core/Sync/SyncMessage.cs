using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>What <c>cube-sync</c> carries: which items to look at. It only notifies; the rows are the truth.</summary>
/// <param name="V">Version of the message's format.</param>
/// <param name="Run">The run.</param>
/// <param name="Item">Row key of the item.</param>
/// <param name="Traceparent">W3C trace context of the sender, or null.</param>
/// <param name="Due">When it is to be handled.</param>
/// <param name="Others">Row keys of more items of the same scope, to be looked at after it; null where there are none.</param>
public sealed record SyncMessage(
    int V,
    string Run,
    string Item,
    string? Traceparent = null,
    DateTimeOffset? Due = null,
    IReadOnlyList<string>? Others = null
) : IQueueMessage<SyncMessage>
{
    /// <summary>A run of more items has enough of them for all workers: those of one scope go by one message.</summary>
    internal const int FewItems = 200;

    /// <summary>A claim is one transaction with others: of few rows.</summary>
    private const int MostTogether = 8;

    /// <inheritdoc />
    public static string Queue => StorageNames.SyncQueue;

    /// <inheritdoc />
    public static JsonTypeInfo<SyncMessage> Json => MessageJson.Default.SyncMessage;

    /// <inheritdoc />
    public SyncMessage Sent(string? traceparent, DateTimeOffset due) => this with { Traceparent = traceparent ?? Traceparent, Due = due };

    /// <inheritdoc />
    public bool IsComplete() => this is { V: 1, Run.Length: > 0, Item.Length: > 0 } && Others?.Any(string.IsNullOrEmpty) != true;

    internal static SyncMessage For(ItemRow item) => new(1, item.PartitionKey, item.RowKey);

    /// <summary>The messages of a plan.</summary>
    /// <param name="items">The items, all of one run.</param>
    internal static IEnumerable<SyncMessage> For(IReadOnlyCollection<ItemRow> items) =>
        items.Count <= FewItems
            ? items.Select(For)
            : items
                .GroupBy(static item => item.Scope)
                .SelectMany(static scope => scope.Chunk(MostTogether))
                .Select(static some =>
                    some is [var first, .. { Length: > 0 } others]
                        ? For(first) with
                        {
                            Others = [.. others.Select(static item => item.RowKey)],
                        }
                        : For(some[0])
                );

    /// <summary>A message for each of its items.</summary>
    internal IReadOnlyList<SyncMessage> Each() =>
        Others is null ? [this] : [this with { Others = null }, .. Others.Select(item => this with { Item = item, Others = null })];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(SyncMessage))]
internal sealed partial class MessageJson : JsonSerializerContext;
