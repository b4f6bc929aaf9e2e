using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Operations;

/// <summary>Requests with an <c>Idempotency-Key</c>, in <c>CubeRuns</c>: a repeat gets the answer of the first.</summary>
internal sealed class RepeatedRequests(StorageClients storage, Pseudonyms pseudonyms, RetentionSettings retention, TimeProvider time)
    : IJanitorTask
{
    private const string Partition = "request";
    private const int LongestKey = 256;

    /// <summary>Rows that are purged in one round; the next goes on.</summary>
    private const int MostAtOnce = 1000;

    /// <summary>A request that did not end within this time died with its process.</summary>
    private static readonly TimeSpan LongestRequest = TimeSpan.FromMinutes(2);
    private readonly OptimisticTable _table = new(storage.Runs, storage.EnsureCreatedAsync);

    /// <inheritdoc />
    public string Name => "repeated requests";

    /// <inheritdoc />
    public TimeSpan Interval => TimeSpan.FromHours(6);

    /// <summary>Purges keys that are older than the retention: a repeat that comes later is another request.</summary>
    public async Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and At lt {time.GetUtcNow().AddDays(-retention.Days)}");
        var old = await _table
            .QueryAsync<TableEntity>(filter, ["PartitionKey", "RowKey"], cancellationToken)
            .Take(MostAtOnce)
            .ToListAsync(cancellationToken);
        foreach (var batch in old.Chunk(OptimisticTable.MaxBatch))
        {
            await _table.WriteAsync(
                [.. batch.Select(row => RowWrite.Delete(new TableEntity(row.PartitionKey, row.RowKey) { ETag = ETag.All }))],
                cancellationToken
            );
        }
    }

    /// <summary>Does something once for a key.</summary>
    /// <param name="operation">What is done: keys of other operations are other keys.</param>
    /// <param name="key">The key; empty to do it anyway.</param>
    /// <param name="body">The request's body: with the same key it must be the same.</param>
    /// <param name="actAsync">Does it and gives the id of what came of it. A failure leaves the key free.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>The id.</returns>
    /// <exception cref="OperationException">The key came with another body, or the first request is being done.</exception>
    public async Task<string> OnceAsync(
        string operation,
        string key,
        ReadOnlyMemory<byte> body,
        Func<Task<string>> actAsync,
        CancellationToken cancellationToken
    )
    {
        if (key.Length == 0)
        {
            return await actAsync();
        }

        if (key.Length > LongestKey)
        {
            throw OperationException.Invalid($"Idempotency-Key: is longer than {LongestKey} characters");
        }

        var row = new TableEntity(Partition, await HashAsync("key", Encoding.UTF8.GetBytes($"{operation}\n{key}"), cancellationToken))
        {
            ["SchemaVersion"] = 1,
            ["BodyHash"] = await HashAsync("body", body, cancellationToken),
            ["At"] = time.GetUtcNow(),
        };
        if (await _table.AddOrFindAsync(row, cancellationToken) is { } first)
        {
            if (first.Find<string>("BodyHash") != row.Find<string>("BodyHash"))
            {
                throw new OperationException(422, "Idempotency-Key used before", "The same Idempotency-Key came with another body.");
            }

            if (first.Find<string>("Answer") is { } answer)
            {
                return answer;
            }

            if (time.GetUtcNow() - first.Find<DateTimeOffset?>("At") < LongestRequest)
            {
                throw new OperationException(409, "In flight", "The same request is being done just now.")
                {
                    RetryAfter = TimeSpan.FromSeconds(5),
                };
            }

            row.ETag = first.ETag;
        }

        string id;
        try
        {
            id = await actAsync();
        }
        catch
        {
            row.ETag = ETag.All;
            await _table.DeleteAsync(row, CancellationToken.None);
            throw;
        }

        row["Answer"] = id;
        await _table.PutAsync(row, CancellationToken.None);
        return id;
    }

    /// <summary>Salted: a body may hold somebody's id.</summary>
    private ValueTask<string> HashAsync(string what, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        pseudonyms.OfAsync($"request {what}", Convert.ToHexStringLower(SHA256.HashData(bytes.Span)), cancellationToken);
}
