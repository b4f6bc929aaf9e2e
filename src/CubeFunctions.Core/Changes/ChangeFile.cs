using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>Writes the change file of a window: page by page, so that memory does not follow the number of changes.</summary>
internal sealed class ChangeFile(ObservedItem item, ChangeStore store, RecordScanner scanner, EarlierRecords earlier, ChangeContext context, Echoes echoes)
{
    /// <summary>Changes told, and known records read back for them, before the next are looked at.</summary>
    private const int Batch = 4000;
    private const int OldBatch = 2000;

    private readonly string? _assignment = item.ListedAssignment;

    /// <summary>Writes the file unless nothing is to be told.</summary>
    /// <returns>The file, or null where nothing is told.</returns>
    /// <remarks>
    /// Where an earlier try wrote it, that file counts. What it does not tell (Cube may have changed between the tries) is postponed: the state keeps it as it was.
    /// </remarks>
    public async Task<PublishedChangeFile?> WriteAsync(
        ScopeState state, StateEntry[] window, List<PlannedChange> changes, AbsenceOutcome outcome, WindowCapture capture, StoredWindow stored,
        CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return null;
        }

        await using var file = TempFile.Create();
        using var lines = new ChangeLineWriter(file, item.Feed, item.Scope, item.RunId, state.Basis, stored.ReadAt);
        var silent = new HashSet<PlannedChange>();
        await WriteGoneAsync(state, changes, lines, silent, cancellationToken);
        var mayEcho = !item.Feed.Dated && state.Basis.Length > 0 && _assignment is not null && await echoes.AnyAsync(cancellationToken);

        // In place: a first snapshot may tell a million.
        changes.Sort((one, other) => (PageOf(window, one), one.New).CompareTo((PageOf(window, other), other.New)));
        for (var start = changes.FindIndex(change => change.New >= 0); start >= 0 && start < changes.Count;)
        {
            var end = EndOfBatch(changes, window, start);
            await WriteBatchAsync(state, window, changes[start..end], capture, stored, lines, silent, mayEcho ? outcome : null, cancellationToken);
            start = end;
        }

        // What is postponed is told by the next run.
        silent.UnionWith(outcome.Postponed);
        if (lines.Count == 0)
        {
            return null;
        }

        await file.FlushAsync(cancellationToken);
        file.Position = 0;
        var path = BlobPaths.Changes(item.Feed, item.Scope, item.Today, item.RunId, stored.Result.Window);
        if (await store.TryWriteFileAsync(path, file, item.Attempt, cancellationToken))
        {
            return new PublishedChangeFile(path, item.Attempt, lines.Count);
        }

        var there = await IdsAsync(path, cancellationToken);
        outcome.Postponed.RemoveAll(change => there.Contains(IdOf(lines, state, window, change)));
        outcome.Postponed.AddRange(changes.Where(change => !silent.Contains(change) && !there.Contains(IdOf(lines, state, window, change))));
        return new PublishedChangeFile(path, await store.AttemptOfAsync(path, cancellationToken), there.Count);
    }

    /// <summary>Records that are gone: their keys are read back, their fields are not told.</summary>
    private async Task WriteGoneAsync(ScopeState state, List<PlannedChange> changes, ChangeLineWriter lines, HashSet<PlannedChange> silent, CancellationToken cancellationToken)
    {
        var gone = changes.Where(change => change.New < 0).ToList();
        var keys = new Dictionary<int, string>();
        await earlier.ReadAsync(state, gone.Select(change => change.Old), (index, _, key) => keys[index] = lines.KeyText(key, state.Entries[index].Ordinal), cancellationToken);
        foreach (var change in gone)
        {
            if (keys.TryGetValue(change.Old, out var key))
            {
                lines.Write(new ChangeLine(IdOf(lines, state, [], change), change.Op, key, [], default, default, null));
            }
            else
            {
                // The page that named it is gone as well: nobody can be told who it was.
                silent.Add(change);
            }
        }
    }

    private async Task WriteBatchAsync(
        ScopeState state, StateEntry[] window, List<PlannedChange> batch, WindowCapture capture, StoredWindow stored, ChangeLineWriter lines, HashSet<PlannedChange> silent,
        AbsenceOutcome? outcome, CancellationToken cancellationToken)
    {
        var before = new Dictionary<int, Dictionary<string, UInt128>>();
        var olds = batch.Where(change => change.Op is ChangeOp.Updated or ChangeOp.Corrected).Select(change => change.Old);
        await earlier.ReadAsync(state, olds, (index, record, _) => before[index] = scanner.Members(record.Span), cancellationToken);
        if (outcome is not null && item.Feed == FeedCatalogue.Customers)
        {
            await ForgetAsync(state, batch.Where(change => change.Op == ChangeOp.Erased).Select(change => change.Old), cancellationToken);
        }

        foreach (var page in batch.GroupBy(change => window[change.New].Page))
        {
            using var kept = capture.Read(page.Key);
            using var reread = kept is null ? await earlier.FindPageAsync(stored.Result.Manifest, page.Key, cancellationToken) : null;
            var body = kept?.Bytes ?? reread?.Bytes ?? throw new InvalidDataException("A page that a manifest names is gone.");
            var found = Match(window, page, body);

            // Of a person whom Cube has anonymised nothing is joined in: the last snapshot may still hold what was known.
            var named = found.Where(entry => !IsAnonymised(window, entry.Change)).Select(entry => entry.Key[0]);
            var customers = await context.CustomersAsync([.. named], cancellationToken);
            var labels = await context.LabelsAsync(cancellationToken);
            var brought = outcome is null ? [] : await echoes.FindAsync(_assignment!, found.ConvertAll(entry => entry.Record), cancellationToken);
            for (var i = 0; i < found.Count; i++)
            {
                var (change, record, key) = found[i];
                var echo = brought.GetValueOrDefault(i);
                if (echo?.IsLaterThan(stored.StartedAt) == true)
                {
                    outcome!.Postponed.Add(change);
                    continue;
                }

                var members = change.Op is ChangeOp.Updated or ChangeOp.Corrected || echo is not null ? scanner.Members(record.Span) : [];
                var undone = outcome?.Undone.GetValueOrDefault(change);
                var changed = undone ?? (before.GetValueOrDefault(change.Old) is { } old ? Difference(old, members) : null);
                if (changed is { Count: 0 })
                {
                    // Only Changes__IgnoreFields has changed.
                    silent.Add(change);
                    continue;
                }

                var line = new ChangeLine(
                    IdOf(lines, state, window, change), change.Op, lines.KeyText(key, window[change.New].Ordinal), changed ?? [], record,
                    IsAnonymised(window, change) ? default : customers.GetValueOrDefault(key[0]), ChangeContext.LabelsOf(record.Span, labels));
                foreach (var part in echo is null || undone is not null ? [line] : Parts(echo, line, members, change.Op == ChangeOp.Updated ? state.Sources[state.Entries[change.Old].Source].StartedAt : default))
                {
                    lines.Write(part);
                }
            }
        }
    }

    /// <summary>What we know of people whom Cube has anonymised goes too: their earlier records name them last.</summary>
    private async Task ForgetAsync(ScopeState state, IEnumerable<int> erased, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        await earlier.ReadAsync(state, erased, (_, record, _) =>
        {
            if (CustomerIds.Find(record.Span, CustomerIds.Imported) is { } id)
            {
                ids.Add(id);
            }
        }, cancellationToken);
        await echoes.ForgetAsync(_assignment!, ids, cancellationToken);
    }

    private List<(PlannedChange Change, ReadOnlyMemory<byte> Record, string[] Key)> Match(StateEntry[] window, IEnumerable<PlannedChange> changes, ReadOnlyMemory<byte> body)
    {
        var wanted = changes.GroupBy(change => (window[change.New].Key, window[change.New].Content)).ToDictionary(group => group.Key, group => new Queue<PlannedChange>(group));
        var found = new List<(PlannedChange, ReadOnlyMemory<byte>, string[])>();
        scanner.Visit(
            body, digest => wanted.TryGetValue((digest.Key, digest.Content), out var queue) && queue.Count > 0,
            (digest, record, key) => found.Add((wanted[(digest.Key, digest.Content)].Dequeue(), record, key)));
        return found;
    }

    /// <summary>What an upsert brought and what was made in Cube are told apart, field by field: only the latter is for the CRM.</summary>
    private IEnumerable<ChangeLine> Parts(Echo echo, ChangeLine line, Dictionary<string, UInt128> members, DateTimeOffset knownSince)
    {
        if (line.Op != ChangeOp.Updated)
        {
            return [line with { IsEcho = line.Op == ChangeOp.Created && item.Feed == FeedCatalogue.Customers && echo.ExplainsAll(members) }];
        }

        var brought = echo.Explained(line.Changed, members, knownSince);
        List<string> made = [.. line.Changed.Except(brought).Union(echo.Undone(scanner.Members(line.Record.Span, withEmpty: true), knownSince)).Order(StringComparer.Ordinal)];
        return brought.Count == 0 ? [line with { Changed = made }]
            : made.Count == 0 ? [line with { IsEcho = true }]
            : [line with { Id = ChangeLineWriter.IdOfEcho(line.Id), Changed = brought, IsEcho = true }, line with { Changed = made }];
    }

    private static bool IsAnonymised(StateEntry[] window, PlannedChange change) => window[change.New].Flags.HasFlag(EntryFlags.Anonymised);

    /// <summary>Records that are gone come first.</summary>
    private static int PageOf(StateEntry[] window, PlannedChange change) => change.New >= 0 ? window[change.New].Page : 0;

    /// <summary>Whole pages until enough records have to be read back.</summary>
    private static int EndOfBatch(List<PlannedChange> changes, StateEntry[] window, int start)
    {
        var (end, olds) = (start, 0);
        while (end < changes.Count && ((olds < OldBatch && end - start < Batch) || window[changes[end].New].Page == window[changes[end - 1].New].Page))
        {
            olds += changes[end++].Old >= 0 ? 1 : 0;
        }

        return end;
    }

    private static List<string> Difference(Dictionary<string, UInt128> before, Dictionary<string, UInt128> after) =>
    [
        .. before.Keys.Union(after.Keys).Where(name => before.GetValueOrDefault(name) != after.GetValueOrDefault(name)).Order(StringComparer.Ordinal),
    ];

    private static string IdOf(ChangeLineWriter lines, ScopeState state, StateEntry[] window, PlannedChange change)
    {
        var before = change.Old >= 0 ? state.Entries[change.Old] : default;
        var after = change.New >= 0 ? window[change.New] : default;
        return change.New >= 0
            ? lines.IdOf(change.Op, after.Key, after.Ordinal, before.Content, after.Content)
            : lines.IdOf(change.Op, before.Key, before.Ordinal, before.Content, 0);
    }

    private async Task<HashSet<string>> IdsAsync(string path, CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        using var reader = new StreamReader(await store.ReadFileAsync(path, 0, cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            using var document = JsonDocument.Parse(line);
            ids.Add(document.RootElement.GetProperty("id").GetString()!);
        }

        return ids;
    }
}
