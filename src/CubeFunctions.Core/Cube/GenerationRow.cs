using System.Runtime.Serialization;
using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Cube;

/// <summary>Which generation of Cube's API this deployment reads: one row of <c>CubeCheckpoints</c>.</summary>
internal sealed class GenerationRow : IStoredRow
{
    public const string Partition = "cube";
    public const string Key = "generation";

    public string PartitionKey { get; set; } = Partition;

    public string RowKey { get; set; } = Key;

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    public string? WriteId { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary>The generation.</summary>
    [IgnoreDataMember]
    public CubeApi Api { get; set; }

    /// <summary><see cref="Api"/> as the table holds it.</summary>
    [DataMember(Name = nameof(Api))]
    public string ApiName
    {
        get => Api.ToString();
        set => Api = RowEnum.Parse<CubeApi>(value);
    }

    /// <summary>Since when.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>The generation before, by name; null where this is the first.</summary>
    public string? Before { get; set; }
}
