using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>Until when the receiver wants to be left alone: a row of <c>CubeChanges</c> that all workers respect. It is about one address: another one is asked at once.</summary>
public sealed class ReceiverPause(StorageClients storage, ChangeSettings settings, TimeProvider time)
{
    private const string Partition = "receiver";
    private const string Key = "pause";
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);
    private DateTimeOffset _looked = DateTimeOffset.MinValue;
    private DateTimeOffset? _until;

    /// <summary>Null when it may be sent to; <see cref="DateTimeOffset.MaxValue"/> when it answered 410, and someone has to say that it wants changes again.</summary>
    public async Task<DateTimeOffset?> UntilAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - _looked > LookEvery || now < _looked)
        {
            var row = await storage.Changes.GetEntityIfExistsAsync<TableEntity>(Partition, Key, cancellationToken: cancellationToken);
            _until = !row.HasValue || row.Value!.GetString("Address") != Address ? null
                : row.Value.GetBoolean("Gone") is true ? DateTimeOffset.MaxValue
                : row.Value.GetDateTimeOffset("Until");
            _looked = now;
        }

        return _until > now ? _until : null;
    }

    /// <summary>The receiver asked for a pause.</summary>
    internal Task SetAsync(DateTimeOffset until, CancellationToken cancellationToken) => WriteAsync(until, gone: false, cancellationToken);

    /// <summary>The receiver answered 410.</summary>
    internal Task SetGoneAsync(CancellationToken cancellationToken) => WriteAsync(DateTimeOffset.MaxValue, gone: true, cancellationToken);

    /// <summary>Someone says that the receiver may be sent to.</summary>
    internal async Task ClearAsync(CancellationToken cancellationToken)
    {
        await storage.Changes.DeleteEntityAsync(Partition, Key, ETag.All, cancellationToken);
        (_until, _looked) = (null, time.GetUtcNow());
    }

    /// <summary>A hash: the address may hold a secret.</summary>
    private string Address => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(settings.Crm?.Url.AbsoluteUri ?? "")).ToString("x32", CultureInfo.InvariantCulture);

    private async Task WriteAsync(DateTimeOffset until, bool gone, CancellationToken cancellationToken)
    {
        var row = new TableEntity(Partition, Key) { ["SchemaVersion"] = 1, ["Address"] = Address, ["Gone"] = gone, ["Until"] = gone ? null : until };
        await storage.Changes.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
        (_until, _looked) = (until, time.GetUtcNow());
    }
}
