using Azure.Data.Tables;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// A row with the columns of a lease. A row class implements it as it is; what wraps a <see cref="TableEntity"/> gives that as its
/// <see cref="Entity"/>.
/// </summary>
internal interface ILeasable
{
    /// <summary>The holder of the lease; null where there is none.</summary>
    string? LeaseHolder { get; set; }

    /// <summary>Until when, unless renewed.</summary>
    DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Name of the column of <see cref="LeaseUntil"/>.</summary>
    string LeaseUntilColumn => nameof(LeaseUntil);

    /// <summary>The row as it is stored.</summary>
    ITableEntity Entity => (ITableEntity)this;

    /// <summary>Brings <see cref="Entity"/> up to date before it is saved.</summary>
    void BeforeSave() { }
}

/// <summary>What a row says of its lease.</summary>
internal static class Lease
{
    /// <summary>Whether a worker holds the row.</summary>
    public static bool IsHeld(this ILeasable row, DateTimeOffset now) => row.LeaseHolder is not null && row.LeaseUntil > now;
}

/// <summary>
/// Somebody else holds the lease, or it ran out before it could be renewed. What was saved stays; nothing more may be done under it.
/// </summary>
internal sealed class LeaseLostException() : Exception("The lease was lost.");
