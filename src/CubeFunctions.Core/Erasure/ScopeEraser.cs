using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;





namespace CubeFunctions.Core.Erasure;

/// <summary>Erases a person from one scope and feed: change files, what is known, pages; under its lease, so that no run reads or compares it meanwhile.</summary>
internal sealed class ScopeEraser(
    StorageClients storage, RawStore raw, ChangeStore changes, DeliveryStore deliveries, CheckpointStore checkpoints, ChangeSettings settings, ErasedPersons erased, TimeProvider time)
{
    /// <summary>How long a run may hold a scope before the command gives up: a little longer than one message is worked on by default.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly string _holder = $"erase|{Guid.NewGuid():N}";

    /// <summary>Erases. The person learns the internal ids that are found on the way.</summary>
    /// <param name="person">The person.</param>
    /// <param name="feed">The feed.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="assignmentKnown">Whether the scope is known to be of the person's assignment; else the internal id alone tells.</param>
    /// <param name="tally">Takes the counts.</param>
    /// <param name="last">Work to be done under the same lease, before the pages that name the person's ids go.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task EraseAsync(
        Person person, Feed feed, Scope scope, bool assignmentKnown, ErasedFeed tally, Func<CancellationToken, Task> last, CancellationToken cancellationToken)
    {
        await using var lease = await HoldAsync(person, feed, scope, assignmentKnown, cancellationToken);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            await EraseAsync(person, feed, scope, new PersonRecords(person, feed, assignmentKnown), tally, last, either.Token);

            // Again at the end: what was read of the tombstones meanwhile may be older than the last of them.
            lease.Row.ErasedAt = time.GetUtcNow();
            await lease.ReleaseAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is Sync.LeaseLostException || (exception is OperationCanceledException && lease.Lost.IsCancellationRequested))
        {
            throw new ErasureBusyException($"{feed} of {scope.KindName} {scope.Id} was taken over by another worker");
        }
    }

    private async Task EraseAsync(
        Person person, Feed feed, Scope scope, PersonRecords records, ErasedFeed tally, Func<CancellationToken, Task> last, CancellationToken cancellationToken)
    {
        Task MarkAsync() => erased.MarkAsync(person, cancellationToken);
        var windows = new WindowEraser(raw, settings, feed, records);
        var scans = new List<WindowScan>();
        foreach (var folder in WindowFolder.Of(await NamesAsync(feed, scope, cancellationToken)))
        {
            if (await windows.ScanAsync(folder, cancellationToken) is { IsEmpty: false } scan)
            {
                scans.Add(scan);
            }
        }

        tally.LeftAlone += records.LeftAlone;

        // Records of the imported id may have told an internal one that nobody knew: it has to stand in the tombstone before they go.
        foreach (var id in records.Learned)
        {
            person.Learn(id);
        }

        var files = new ChangeFileEraser(storage, deliveries, feed, records);
        foreach (var name in await files.ListAsync(scope, cancellationToken))
        {
            var lines = await files.RewriteAsync(scope, name, MarkAsync, cancellationToken);
            tally.Lines += lines;
            tally.Files += lines > 0 ? 1 : 0;
        }

        tally.StateEntries += await new StateEraser(changes, feed, scope).EraseAsync(person, windows.Keys, MarkAsync, cancellationToken);
        await last(cancellationToken);
        foreach (var scan in scans)
        {
            await MarkAsync();
            tally.Records += await windows.ApplyAsync(scan, cancellationToken);
            tally.Pages += scan.Hits.Count;
            tally.Manifests += scan.Hits.Count > 0 ? 1 : 0;
            tally.Leftovers += scan.Deleted.Count;
        }
    }

    private async Task<List<string>> NamesAsync(Feed feed, Scope scope, CancellationToken cancellationToken)
    {
        var folder = $"{feed.Name}/{scope}/";
        var names = new List<string>();
        await foreach (var name in raw.ListAsync(folder, cancellationToken))
        {
            names.Add(folder + name);
        }

        return names;
    }

    private async Task<ScopeLease> HoldAsync(Person person, Feed feed, Scope scope, bool assignmentKnown, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var lease = await checkpoints.TryHoldAsync(feed, scope, _holder, row =>
            {
                // Processes that read the tombstones before this read them again; and a campaign that left the list still has its assignment.
                row.ErasedAt = time.GetUtcNow();
                row.AssignmentId = assignmentKnown ? person.AssignmentId : row.AssignmentId;
            }, cancellationToken);
            if (lease is not null)
            {
                return lease;
            }

            if (time.GetElapsedTime(started) > Patience)
            {
                throw new ErasureBusyException($"{feed} of {scope.KindName} {scope.Id} is being read by a run");
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }
    }
}
