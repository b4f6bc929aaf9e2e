using Azure.Data.Tables;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// A row class that <see cref="OptimisticTable"/> may write. A <see cref="TableEntity"/> needs no class: it gets the column as it is.
/// </summary>
internal interface IStoredRow : ITableEntity
{
    /// <summary>
    /// Id of the last write. Set by <see cref="OptimisticTable"/> with each one, so that a write whose answer was lost is recognised.
    /// </summary>
    string? WriteId { get; set; }
}
