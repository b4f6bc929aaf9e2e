using Azure;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// How many records one scope and feed lacked in one run: a row of <c>CubeChanges</c>, which the guard over the whole run adds up.
/// </summary>
internal sealed class RunAbsenceRow : IStoredRow
{
    /// <summary>What the partition of a run begins with; its id follows.</summary>
    public const string Prefix = "absent|";

    /// <summary>Behind the last such partition.</summary>
    public const string PrefixEnd = "absent}";

    public string PartitionKey { get; set; } = "";

    public string RowKey { get; set; } = "";

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    public string? WriteId { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary>Known records that were absent.</summary>
    public int Absent { get; set; }

    /// <summary>Known records.</summary>
    public int Known { get; set; }
}
