using Azure.Data.Tables;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// One write of one row. Conditions are those of the row's <see cref="ITableEntity.ETag"/>; <c>ETag.All</c> writes whatever is there.
/// </summary>
/// <param name="Action">What is done.</param>
/// <param name="Row">Names the row and the state that the write is made on top of. Gets the new ETag.</param>
/// <param name="Body">What is sent: the row itself, or the few columns that a merge sets.</param>
internal readonly record struct RowWrite(TableTransactionActionType Action, ITableEntity Row, ITableEntity Body)
{
    /// <summary>Adds a row that must not be there.</summary>
    public static RowWrite Add(ITableEntity row) => new(TableTransactionActionType.Add, row, row);

    /// <summary>Replaces a row in the state it was read in.</summary>
    public static RowWrite Replace(ITableEntity row) => new(TableTransactionActionType.UpdateReplace, row, row);

    /// <summary>Replaces a row that was read, or adds one that is new (no ETag).</summary>
    /// <remarks>A <see cref="TableEntity"/> whose ETag was set to the default gives an empty one back.</remarks>
    public static RowWrite Save(ITableEntity row) => row.ETag.ToString().Length == 0 ? Add(row) : Replace(row);

    /// <summary>Sets the columns of <paramref name="row"/>, and leaves the others.</summary>
    public static RowWrite Merge(ITableEntity row) => new(TableTransactionActionType.UpdateMerge, row, row);

    /// <summary>Sets a few columns of a row that was read, and leaves the others.</summary>
    public static RowWrite Merge(ITableEntity row, IEnumerable<KeyValuePair<string, object?>> columns)
    {
        var body = new TableEntity(row.PartitionKey, row.RowKey);
        foreach (var (name, value) in columns)
        {
            body[name] = value;
        }

        return new(TableTransactionActionType.UpdateMerge, row, body);
    }

    /// <summary>Adds a row, or replaces whatever is there. For rows that are the same from every writer.</summary>
    public static RowWrite Put(ITableEntity row) => new(TableTransactionActionType.UpsertReplace, row, row);

    /// <summary>Deletes a row in the state it was read in. One that is gone already is deleted.</summary>
    public static RowWrite Delete(ITableEntity row) => new(TableTransactionActionType.Delete, row, row);

    internal bool IsDelete => Action == TableTransactionActionType.Delete;
}
