using System.Globalization;
using System.IO.Hashing;
using System.Runtime.Serialization;
using System.Text;
using Azure;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Delivery;

/// <summary>
/// What is delivered to the CRM, in <c>CubeChanges</c>: a change file with a cursor into it, or one change of a file that the receiver
/// refused, or that
/// waits behind such a one of the same customer. Deliveries of one scope and feed share a partition (their stream) and go out in the order
/// of their row keys.
/// </summary>
public sealed class DeliveryRow : IStoredRow
{
    private const string FilePrefix = "file|";
    private const string ChangePrefix = "change|";

    /// <summary>The stream: feed and scope, <c>customers|assignment=17</c>.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary>
    /// <c>file|{attempt}|{window}|{run}</c>, or <c>change|{salted hash of the customer}|{attempt}|{window}|{run}|{place}</c>.
    /// </summary>
    public string RowKey { get; set; } = "";

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <inheritdoc />
    public string? WriteId { get; set; }

    /// <summary>Where it stands; text in the table.</summary>
    [IgnoreDataMember]
    public DeliveryState State { get; set; }

    /// <summary><see cref="State"/> as the table holds it.</summary>
    [DataMember(Name = nameof(State))]
    public string StateName
    {
        get => State.ToString();
        set => State = RowEnum.Parse<DeliveryState>(value);
    }

    /// <summary>The change file, in <c>cube-changes</c>.</summary>
    public string Path { get; set; } = "";

    /// <summary>How many changes it is about.</summary>
    public int Changes { get; set; }

    /// <summary>How many lines of the file are done with: taken by the receiver, refused by it, or not for it.</summary>
    public int Done { get; set; }

    /// <summary>Of those, how many the receiver took.</summary>
    public int Taken { get; set; }

    /// <summary>Where in the file the next line begins, in bytes: a hint, since a person's erasure takes lines out.</summary>
    public long Offset { get; set; }

    /// <summary>The id of the next change; empty before the first.</summary>
    public string NextId { get; set; } = "";

    /// <summary>When it came about.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it left <see cref="DeliveryState.Waiting"/>.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>What it waits for, or why it is dead.</summary>
    public string? Reason { get; set; }

    /// <summary>Traces of the run that published it, and of upserts that it stems from: <see cref="DeliveryCauses"/>.</summary>
    public string? Causes { get; set; }

    /// <summary>The id that people use.</summary>
    internal string Id =>
        XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{PartitionKey}\n{RowKey}")).ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Whether a stream delivers it; else it stands for deletions that are held back.</summary>
    internal bool IsOfStream => PartitionKey != HeldBackRow.Partition;

    internal bool IsFile => RowKey.StartsWith(FilePrefix, StringComparison.Ordinal);

    /// <summary>The salted hash of the customer, of a single change.</summary>
    internal string Customer => RowKey.Split('|')[1];

    internal static string FileKey(int attempt, string window, string runId) =>
        string.Create(CultureInfo.InvariantCulture, $"{FilePrefix}{attempt:D10}|{window}|{runId}");

    /// <summary>
    /// Changes of one customer are in order by their keys: by the file's place among the files, then by the place in the file.
    /// </summary>
    internal static string ChangeKey(string customer, DeliveryRow file, int line) =>
        string.Create(CultureInfo.InvariantCulture, $"{ChangePrefix}{customer}|{file.RowKey[FilePrefix.Length..]}|{line:D9}");
}
