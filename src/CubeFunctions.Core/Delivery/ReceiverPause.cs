using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Delivery;

/// <summary>Until when the receiver wants to be left alone: a row of <c>CubeChanges</c> that all workers respect. It is about one address: another one is asked at once.</summary>
public sealed class ReceiverPause(StorageClients storage, DeliverySettings settings, TimeProvider time)
{
    private const string Partition = "receiver";
    private const string Key = "pause";
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);
    private volatile Look _last = new(DateTimeOffset.MinValue, null);

    /// <summary>A hash: the address may hold a secret.</summary>
    private string Address => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(settings.Crm?.Url.AbsoluteUri ?? "")).ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>Null when it may be sent to; <see cref="DateTimeOffset.MaxValue"/> when it answered 410, and someone has to say that it wants changes again.</summary>
    public async Task<DateTimeOffset?> UntilAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var last = _last;

        // That somebody has lifted a 410 has to be seen at once: the message that says so comes only once.
        if (now - last.At > LookEvery || now < last.At || last.Until == DateTimeOffset.MaxValue)
        {
            _last = last = new Look(now, Until(await FindAsync(cancellationToken)));
        }

        return last.Until > now ? last.Until : null;
    }

    /// <summary>The receiver asked for a pause. One that is longer, or a 410, stays.</summary>
    internal async Task SetAsync(DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken) is { } row && Until(row) >= until)
        {
            _last = new Look(time.GetUtcNow(), Until(row));
            return;
        }

        await WriteAsync(until, gone: false, cancellationToken);
    }

    /// <summary>The receiver answered 410.</summary>
    internal Task SetGoneAsync(CancellationToken cancellationToken) => WriteAsync(DateTimeOffset.MaxValue, gone: true, cancellationToken);

    /// <summary>Someone says that the receiver may be sent to.</summary>
    internal async Task ClearAsync(CancellationToken cancellationToken)
    {
        await storage.Changes.DeleteEntityAsync(Partition, Key, ETag.All, cancellationToken);
        _last = new Look(time.GetUtcNow(), null);
    }

    private async Task<TableEntity?> FindAsync(CancellationToken cancellationToken)
    {
        var row = await storage.Changes.GetEntityIfExistsAsync<TableEntity>(Partition, Key, cancellationToken: cancellationToken);
        return row.HasValue ? row.Value : null;
    }

    private DateTimeOffset? Until(TableEntity? row) => row is null || row.GetString("Address") != Address ? null
        : row.GetBoolean("Gone") is true ? DateTimeOffset.MaxValue
        : row.GetDateTimeOffset("Until");

    private async Task WriteAsync(DateTimeOffset until, bool gone, CancellationToken cancellationToken)
    {
        var row = new TableEntity(Partition, Key) { ["SchemaVersion"] = 1, ["Address"] = Address, ["Gone"] = gone, ["Until"] = gone ? null : until };
        await storage.Changes.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
        _last = new Look(time.GetUtcNow(), until);
    }

    private sealed record Look(DateTimeOffset At, DateTimeOffset? Until);
}
