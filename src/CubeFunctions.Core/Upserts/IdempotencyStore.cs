using System.Security.Cryptography;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

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

/// <summary>Requests with an idempotency key, in <c>CubeUpserts</c>.</summary>
public sealed class IdempotencyStore(UpsertStore store, Pseudonyms pseudonyms, TimeProvider time)
{
    /// <summary>The state of all of them, beside those of events.</summary>
    internal const string Request = "Request";

    /// <summary>A request that did not end within this time died with its process.</summary>
    private static readonly TimeSpan LongestRequest = TimeSpan.FromMinutes(2);

    /// <summary>Notes a request, before it is done.</summary>
    public async Task<IdempotencyVerdict> BeginAsync(
        string assignmentId,
        string key,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken
    )
    {
        var row = await RowAsync(assignmentId, key, body, cancellationToken);
        return await store.Rows.AddOrFindAsync(row, cancellationToken) is not { } first ? IdempotencyVerdict.Go
            : first.Find<string>("BodyHash") != row.Find<string>("BodyHash") ? IdempotencyVerdict.OtherBody
            : !first.Find<bool>("Done") && time.GetUtcNow() - first.Find<DateTimeOffset?>("AcceptedAt") < LongestRequest
                ? IdempotencyVerdict.InFlight
            : IdempotencyVerdict.Go;
    }

    /// <summary>Notes that a request is done, or given up.</summary>
    public async Task EndAsync(string assignmentId, string key, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var row = await RowAsync(assignmentId, key, body, cancellationToken);
        row["Done"] = true;
        row.ETag = ETag.All;
        await store.Rows.WriteAsync(RowWrite.Replace(row), cancellationToken);
    }

    private async Task<TableEntity> RowAsync(
        string assignmentId,
        string key,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken
    ) =>
        new(await pseudonyms.OfAsync("idempotency", $"{assignmentId}\n{key}", cancellationToken), "request")
        {
            ["SchemaVersion"] = 1,
            ["BodyHash"] = Convert.ToHexStringLower(SHA256.HashData(body.Span)),
            ["AcceptedAt"] = time.GetUtcNow(),

            // Forgotten with the events of its time.
            ["State"] = Request,
        };
}
