using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// A customer's mailbox in <c>CubeCustomers</c>: what is remembered of the customer, and the lease of the delivery at work. A long
/// content goes over several columns.
/// </summary>
internal sealed class MailboxRow : ILeasable
{
    /// <summary>Row key of all mailboxes.</summary>
    public const string Key = "mailbox";

    private const int ColumnCharacters = 30_000;
    private const int MaxColumns = 14;
    private readonly TableEntity _row;

    private MailboxRow(TableEntity row, MailboxContent content) => (_row, Content) = (row, content);

    public string Customer => _row.PartitionKey;

    public string AssignmentId => _row.Find<string>(nameof(AssignmentId)) ?? "";

    public string CustomerId => _row.Find<string>(nameof(CustomerId)) ?? "";

    public MailboxContent Content { get; }

    public ETag ETag => _row.ETag;

    public string? LeaseHolder
    {
        get => _row.Find<string>(nameof(LeaseHolder));
        set => _row[nameof(LeaseHolder)] = value;
    }

    public DateTimeOffset? LeaseUntil
    {
        get => _row.Find<DateTimeOffset?>(nameof(LeaseUntil));
        set => _row[nameof(LeaseUntil)] = value;
    }

    /// <summary>Whether Cube took something that no snapshot has been compared with yet.</summary>
    public bool Uncompared
    {
        get => _row.Find<bool>(nameof(Uncompared));
        set => _row[nameof(Uncompared)] = value;
    }

    public ITableEntity Entity => _row;

    public static MailboxRow New(UpsertRow upsert) =>
        new(
            new TableEntity(upsert.PartitionKey, Key)
            {
                ["SchemaVersion"] = 1,
                [nameof(AssignmentId)] = upsert.AssignmentId,
                [nameof(CustomerId)] = upsert.CustomerId,
            },
            new MailboxContent()
        );

    /// <exception cref="JsonException">Its content is broken.</exception>
    public static MailboxRow FromEntity(TableEntity row)
    {
        var content = ReadContent(row);

        // A row of the SDK refuses a value of another type than that which it has.
        Remove<string>(row, [nameof(AssignmentId), nameof(CustomerId), nameof(LeaseHolder), nameof(MailboxContent.MergedKey)]);
        Remove<string>(row, Enumerable.Range(0, MaxColumns).Select(Column));
        Remove<DateTimeOffset>(row, [nameof(LeaseUntil)]);
        Remove<bool>(row, [nameof(Uncompared)]);

        // Earlier versions kept whole values here; their events hold them as well.
        content.Parts.RemoveAll(part => part.Parts <= 1);
        return new MailboxRow(row, content);
    }

    public void BeforeSave()
    {
        if (Content.MergedKey is { } survivor)
        {
            // A column of its own: an erasure of the record that remains looks for it.
            _row[nameof(MailboxContent.MergedKey)] = survivor;
        }

        var json = JsonSerializer.Serialize(Content, UpsertJson.Default.MailboxContent);
        while (json.Length > ColumnCharacters * MaxColumns && Content.TryShrink())
        {
            json = JsonSerializer.Serialize(Content, UpsertJson.Default.MailboxContent);
        }

        for (var number = 0; number < MaxColumns; number++)
        {
            var from = Math.Min(number * ColumnCharacters, json.Length);
            var part = json[from..Math.Min(from + ColumnCharacters, json.Length)];
            if (part.Length > 0)
            {
                _row[Column(number)] = part;
            }
            else
            {
                _row.Remove(Column(number));
            }
        }
    }

    /// <summary>Says whose it is, whatever somebody did to that: events of the same partition are of the same customer.</summary>
    public void Restore(UpsertRow upsert) =>
        (_row[nameof(AssignmentId)], _row[nameof(CustomerId)]) = (upsert.AssignmentId, upsert.CustomerId);

    /// <summary>What is remembered. Where it cannot be read a POST may be among it: the customer is looked up before another.</summary>
    private static MailboxContent ReadContent(TableEntity row)
    {
        var columns = Enumerable.Range(0, MaxColumns).Select(Column).Where(row.ContainsKey).ToList();
        if (columns.Count == 0)
        {
            return new MailboxContent();
        }

        try
        {
            var parts = columns.ConvertAll(row.Find<string>);
            if (!parts.Contains(null))
            {
                return JsonSerializer.Deserialize(string.Concat(parts), UpsertJson.Default.MailboxContent)!;
            }
        }
        catch (JsonException)
        {
            // As a column of another type.
        }

        return new MailboxContent { PostedAt = row.Timestamp };
    }

    /// <summary>Removes columns that somebody gave another type.</summary>
    private static void Remove<T>(TableEntity row, IEnumerable<string> columns)
    {
        foreach (var column in columns.Where(column => row.TryGetValue(column, out var value) && value is not T))
        {
            row.Remove(column);
        }
    }

    private static string Column(int number) => string.Create(CultureInfo.InvariantCulture, $"Content{number}");
}
