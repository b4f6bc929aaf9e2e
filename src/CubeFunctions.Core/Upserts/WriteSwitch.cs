using Azure.Data.Tables;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Whether the tenant takes writes. Cube announced them before it switched them on: a tenant that answers "not available" is asked once a day, and upserts
/// wait meanwhile. Shared by a row of <c>CubeCheckpoints</c>.
/// </summary>
public sealed class WriteSwitch(StorageClients storage, CubeSettings settings, TimeProvider time)
{
    private const string Partition = "writes";
    private const string Key = "tenant";
    private static readonly TimeSpan AskAgain = TimeSpan.FromHours(24);

    /// <summary>How long a process goes by what it knows.</summary>
    internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);
    private DateTimeOffset _looked = DateTimeOffset.MinValue;
    private DateTimeOffset? _offUntil;
    private DateTimeOffset _taken = DateTimeOffset.MinValue;

    /// <summary>Until when the tenant is left alone; null when writes may be tried.</summary>
    internal async Task<DateTimeOffset?> OffUntilAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (!settings.Writes)
        {
            return now + AskAgain;
        }

        if (now - _looked > LookEvery)
        {
            var row = await storage.Checkpoints.GetEntityIfExistsAsync<TableEntity>(Partition, Key, cancellationToken: cancellationToken);
            _offUntil = row.HasValue ? row.Value!.GetDateTimeOffset("OffUntil") : null;
            _looked = now;
        }

        return _offUntil > now ? _offUntil : null;
    }

    /// <summary>Whether the tenant has taken a write of this process, lately: then it takes writes.</summary>
    internal bool WereTaken => time.GetUtcNow() - _taken < AskAgain;

    /// <summary>Notes that the tenant took a write.</summary>
    internal void Taken() => _taken = time.GetUtcNow();

    /// <summary>Notes that the tenant answered "not available".</summary>
    internal async Task OffAsync(CancellationToken cancellationToken)
    {
        var until = time.GetUtcNow() + AskAgain;
        await storage.Checkpoints.UpsertEntityAsync(new TableEntity(Partition, Key) { ["SchemaVersion"] = 1, ["OffUntil"] = until }, TableUpdateMode.Replace, cancellationToken);
        (_offUntil, _looked) = (until, time.GetUtcNow());
    }

    /// <summary>Forgets it, so that the next delivery tries.</summary>
    internal async Task OnAsync(CancellationToken cancellationToken)
    {
        await storage.Checkpoints.DeleteEntityAsync(Partition, Key, cancellationToken: cancellationToken);
        (_offUntil, _looked) = (null, time.GetUtcNow());
    }
}
