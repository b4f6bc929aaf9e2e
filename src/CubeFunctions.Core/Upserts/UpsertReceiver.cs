using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Upserts;

/// <summary>What was accepted: an upsert a customer, in the order of the body.</summary>
public sealed record Acceptance(IReadOnlyList<AcceptedUpsert> Upserts);

/// <summary>One accepted upsert.</summary>
/// <param name="Id">Its id, for <c>GET /api/upserts/{id}</c>.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">Why it is dead or ignored, or null.</param>
public sealed record AcceptedUpsert(string Id, UpsertState State, string? Reason);

/// <summary>Whether a request with an <c>Idempotency-Key</c> may be done.</summary>
public enum IdempotencyVerdict
{
    /// <summary>It is new, or the same as one that was done: doing it again has the same effect.</summary>
    Go,

    /// <summary>The same key came with another body.</summary>
    OtherBody,

    /// <summary>The same request is being done just now.</summary>
    InFlight,
}

/// <summary>Keeps what was verified and parsed: the body as received, a row an event, a message a customer. In this order, so that nothing acknowledged is lost.</summary>
public sealed partial class UpsertReceiver(StorageClients storage, UpsertStore store, Pseudonyms pseudonyms, UpsertNotifier waker, TimeProvider time, ILogger<UpsertReceiver> logger)
{
    private const int Parallelism = 16;

    /// <summary>A request that did not end within this time died.</summary>
    private static readonly TimeSpan LongestRequest = TimeSpan.FromMinutes(2);

    /// <summary>Accepts events. A repeat of an event meets the row of the first and is sent on again if that still waits.</summary>
    /// <exception cref="RequestFailedException">Storage failed: nothing may be acknowledged.</exception>
    public async Task<Acceptance> AcceptAsync(string sender, IReadOnlyList<UpsertEvent> events, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        var now = time.GetUtcNow();
        var rows = new UpsertRow[events.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = await RowAsync(sender, events[i], now, cancellationToken);

            // Of one body the later entry is the newer, where the sender tells no difference.
            rows[i].EventTime = rows[i].EventTime.AddTicks(i);
        }

        var path = BodyPath(sender, rows, now);
        await store.KeepBodyAsync(path, body, cancellationToken);
        var stored = new UpsertRow[rows.Length];
        await Parallel.ForAsync(0, rows.Length, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken }, async (i, token) =>
        {
            rows[i].Body = path;
            await WriteValuesAsync(rows[i], events[i], token);
            stored[i] = await store.AddAsync(rows[i], token) ?? rows[i];
            Count(rows[i], ReferenceEquals(stored[i], rows[i]));
        });

        var customers = stored.Where(row => row.UpsertState == UpsertState.Waiting).GroupBy(row => row.PartitionKey);
        await Parallel.ForEachAsync(
            customers, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (customer, token) => await waker.WakeAsync(customer.Key, customer.Count() == 1 ? customer.Single().RowKey : null, TimeSpan.Zero, token));
        LogAccepted(logger, sender, rows.Length);
        return new Acceptance([.. stored.Select(row => new AcceptedUpsert(row.Id, row.UpsertState, string.IsNullOrEmpty(row.Reason) ? null : row.Reason))]);
    }

    /// <summary>Notes a request with an idempotency key, before it is done.</summary>
    public async Task<IdempotencyVerdict> BeginAsync(string assignmentId, string key, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var row = await IdempotencyRowAsync(assignmentId, key, body, cancellationToken);
        try
        {
            await storage.Upserts.AddEntityAsync(row, cancellationToken);
            return IdempotencyVerdict.Go;
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            var first = (await storage.Upserts.GetEntityAsync<TableEntity>(row.PartitionKey, row.RowKey, cancellationToken: cancellationToken)).Value;
            return first.GetString("BodyHash") != row.GetString("BodyHash") ? IdempotencyVerdict.OtherBody
                : first.GetBoolean("Done") is not true && time.GetUtcNow() - first.GetDateTimeOffset("AcceptedAt") < LongestRequest ? IdempotencyVerdict.InFlight
                : IdempotencyVerdict.Go;
        }
    }

    /// <summary>Notes that a request with an idempotency key is done, or given up.</summary>
    public async Task EndAsync(string assignmentId, string key, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var row = await IdempotencyRowAsync(assignmentId, key, body, cancellationToken);
        row["Done"] = true;
        await storage.Upserts.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Replace, cancellationToken);
    }

    private async Task<TableEntity> IdempotencyRowAsync(string assignmentId, string key, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        new(await pseudonyms.OfAsync("idempotency", $"{assignmentId}\n{key}", cancellationToken), "request")
        {
            ["SchemaVersion"] = 1,
            ["BodyHash"] = Convert.ToHexStringLower(SHA256.HashData(body.Span)),
            ["AcceptedAt"] = time.GetUtcNow(),

            // Forgotten with the events of its time.
            ["State"] = "Request",
        };

    private async Task<UpsertRow> RowAsync(string sender, UpsertEvent upsert, DateTimeOffset now, CancellationToken cancellationToken) => new()
    {
        PartitionKey = upsert.CustomerId is { } customer
            ? await pseudonyms.OfAsync(upsert.AssignmentId, customer, cancellationToken)
            : await pseudonyms.OfAsync($"{sender} without customer", upsert.EventId, cancellationToken),
        RowKey = await pseudonyms.OfAsync(sender, upsert.EventId, cancellationToken),
        Sender = sender,
        AssignmentId = upsert.AssignmentId,
        CustomerId = upsert.CustomerId,
        EventTime = upsert.EventTime,
        AcceptedAt = now,
        State = (upsert.Dead is not null ? UpsertState.Dead : upsert.Ignored is not null ? UpsertState.Ignored : UpsertState.Waiting).ToString(),
        Reason = upsert.Dead ?? upsert.Ignored,
        CompletedAt = upsert.Dead is not null || upsert.Ignored is not null ? now : null,
    };

    /// <summary>The place of a body follows from its events, so that a repeat of the post finds it there; the day is that of the arrival.</summary>
    private static string BodyPath(string sender, UpsertRow[] rows, DateTimeOffset now)
    {
        var name = rows.Length == 1 ? rows[0].Id : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(rows.Select(row => row.Id)))));
        return string.Create(CultureInfo.InvariantCulture, $"{sender}/{now:yyyy'/'MM'/'dd}/{name}");
    }

    private async Task WriteValuesAsync(UpsertRow row, UpsertEvent upsert, CancellationToken cancellationToken)
    {
        if (upsert.Values.Count == 0)
        {
            return;
        }

        var json = UpsertRow.WriteValues(upsert.Values);
        if (json.Length <= UpsertRow.InlineCharacters)
        {
            row.Values = json;
            return;
        }

        row.ValuesBlob = $"{row.Body}.{row.RowKey}.values";
        await store.KeepBodyAsync(row.ValuesBlob, Encoding.UTF8.GetBytes(json), cancellationToken);
    }

    private static void Count(UpsertRow row, bool isNew)
    {
        if (isNew)
        {
            var tag = new KeyValuePair<string, object?>("sender", row.Sender);
            CubeMetrics.UpsertsAccepted.Add(1, tag);
            if (row.UpsertState == UpsertState.Dead)
            {
                CubeMetrics.UpsertsDead.Add(1, tag);
            }
        }
    }

    [LoggerMessage(210, LogLevel.Information, "{Count} upserts of sender {Sender} accepted")]
    private static partial void LogAccepted(ILogger logger, string sender, int count);
}
