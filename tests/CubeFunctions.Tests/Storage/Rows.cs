using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Tests.Storage;

/// <summary>A row class as the lanes have them.</summary>
public sealed class PlainRow : IStoredRow, ILeasable
{
    public string PartitionKey { get; set; } = "p";

    public string RowKey { get; set; } = "";

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    public string? WriteId { get; set; }

    public string? Text { get; set; }

    public int Attempt { get; set; }

    public string? LeaseHolder { get; set; }

    public DateTimeOffset? LeaseUntil { get; set; }
}

/// <summary>A row as the mailbox is one: a wrapper that brings its content into the row before a save.</summary>
internal sealed class WrappedRow(TableEntity entity) : ILeasable
{
    public string Content { get; set; } = "";

    public string? LeaseHolder
    {
        get => entity.GetString(nameof(LeaseHolder));
        set => entity[nameof(LeaseHolder)] = value;
    }

    public DateTimeOffset? LeaseUntil
    {
        get => entity.GetDateTimeOffset(nameof(LeaseUntil));
        set => entity[nameof(LeaseUntil)] = value;
    }

    public ITableEntity Entity => entity;

    public void BeforeSave() => entity["Content0"] = Content;
}
