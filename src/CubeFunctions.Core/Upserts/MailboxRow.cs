using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;

namespace CubeFunctions.Core.Upserts;

/// <summary>A customer's mailbox in <c>CubeCustomers</c>, with the lease of whoever delivers it. A long content goes over several columns.</summary>
internal sealed class MailboxRow
{
    /// <summary>Row key of all mailboxes.</summary>
    public const string Key = "mailbox";

    private const int ColumnCharacters = 30_000;
    private const int MostColumns = 14;
    private readonly TableEntity _row;

    private MailboxRow(TableEntity row, MailboxContent content) => (_row, Content) = (row, content);

    public string Customer => _row.PartitionKey;

    public string AssignmentId => _row.GetString(nameof(AssignmentId));

    public string CustomerId => _row.GetString(nameof(CustomerId));

    public MailboxContent Content { get; }

    public bool IsNew => _row.ETag == default;

    public ETag ETag => _row.ETag;

    public string? LeaseHolder => _row.GetString(nameof(LeaseHolder));

    public DateTimeOffset? LeaseUntil => _row.GetDateTimeOffset(nameof(LeaseUntil));

    public static MailboxRow New(UpsertRow upsert) => new(
        new TableEntity(upsert.PartitionKey, Key) { ["SchemaVersion"] = 1, [nameof(AssignmentId)] = upsert.AssignmentId, [nameof(CustomerId)] = upsert.CustomerId },
        new MailboxContent());

    public static MailboxRow Of(TableEntity row)
    {
        var json = string.Concat(Enumerable.Range(0, MostColumns).Select(number => row.GetString(Column(number)) ?? ""));
        return new MailboxRow(row, json.Length == 0 ? new MailboxContent() : JsonSerializer.Deserialize(json, UpsertJson.Default.MailboxContent)!);
    }

    /// <summary>The row as it shall be stored; null when it is too long for one.</summary>
    public TableEntity? ToEntity(string? holder, DateTimeOffset? until)
    {
        var json = JsonSerializer.Serialize(Content, UpsertJson.Default.MailboxContent);
        if (json.Length > ColumnCharacters * MostColumns)
        {
            return null;
        }

        for (var number = 0; number < MostColumns; number++)
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

        _row[nameof(LeaseHolder)] = holder;
        _row[nameof(LeaseUntil)] = until;
        return _row;
    }

    public void Stored(ETag etag) => _row.ETag = etag;

    private static string Column(int number) => string.Create(CultureInfo.InvariantCulture, $"Content{number}");
}
