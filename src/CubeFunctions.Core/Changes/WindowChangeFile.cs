using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>Writes the change file of one window: page by page, so that memory does not follow the number of changes.</summary>
internal sealed partial class WindowChangeFile(
    ObservedItem item,
    LineSources sources,
    UndoneWrites? undone,
    WindowComparison comparison,
    WindowCapture capture,
    StoredWindow stored
)
{
    /// <summary>Changes written, and known records read back for them, before the next are looked at.</summary>
    private const int Batch = 4000;
    private const int OldBatch = 2000;

    /// <summary>Upserts that one file is linked to.</summary>
    private const int MaxCauses = 32;

    private readonly LineHeader _header = new(
        item.Feed,
        item.Scope,
        sources.AssignmentId,
        item.RunId,
        comparison.Known.Basis,
        stored.ReadAt
    );

    /// <summary>Changes that take no line: the customer is no longer known, or only fields that are ignored differ.</summary>
    private readonly HashSet<PlannedChange> _silent = [];

    /// <summary>Changes of the imported id: to a reader that knows customers by it one is gone and another has come.</summary>
    private readonly HashSet<PlannedChange> _rekeyed = [];

    /// <summary>Upserts that wrote to its customers.</summary>
    private readonly HashSet<UpsertCause> _causes = [];

    /// <summary>The window, compared with what is known.</summary>
    public WindowComparison Comparison => comparison;

    /// <summary>Adds updates of customers who are as they were known, though an upsert had brought something else.</summary>
    public async Task AddUndoneAsync(AbsenceOutcome outcome, CancellationToken cancellationToken)
    {
        if (undone is not null && !comparison.Known.IsFirst)
        {
            outcome.Undone = await undone.FindAsync(comparison, stored, cancellationToken);
            comparison.Changes.AddRange(outcome.Undone.Keys);
        }
    }

    /// <summary>Writes the file unless nothing is to be published.</summary>
    /// <returns>The file, or null.</returns>
    /// <remarks>
    /// Where an earlier try wrote it, that file counts. What it does not hold (Cube may have changed between the tries) is postponed: the
    /// snapshot keeps it as it was.
    /// </remarks>
    public async Task<PublishedChangeFile?> WriteAsync(AbsenceOutcome outcome, CancellationToken cancellationToken)
    {
        if (comparison.Changes.Count == 0 && comparison.BaselineRecords.Count == 0)
        {
            return null;
        }

        await using var file = TempFile.Create();
        using var lines = new ChangeLineWriter(file, _header);
        WriteBaselines(lines);
        await WriteGoneAsync(lines, cancellationToken);
        var mayEcho =
            !item.Feed.Dated
            && !comparison.Known.IsFirst
            && sources.AssignmentId is not null
            && await sources.Echoes.AnyAsync(cancellationToken);
        var changes = comparison.Changes;
        changes.Sort((one, other) => (PageOf(one), one.New).CompareTo((PageOf(other), other.New)));
        for (var start = changes.FindIndex(change => change.New >= 0); start >= 0 && start < changes.Count;)
        {
            var end = EndOfBatch(start);
            await WriteBatchAsync(
                lines,
                changes[start..end].FindAll(change => !_silent.Contains(change)),
                outcome,
                mayEcho,
                cancellationToken
            );
            start = end;
        }

        // What is postponed is published by the next run.
        _silent.UnionWith(outcome.Postponed);
        LogChanges(
            sources.Logger,
            item.Feed.Name,
            item.Scope.KindName,
            item.Scope.Id,
            stored.Result.Window.Name,
            lines.Changes,
            lines.BaselineRecords
        );
        if (lines.Changes + lines.BaselineRecords == 0)
        {
            return null;
        }

        await file.FlushAsync(cancellationToken);
        file.Position = 0;
        return await SaveAsync(file, lines, outcome, cancellationToken);
    }

    private async Task<PublishedChangeFile> SaveAsync(
        FileStream content,
        ChangeLineWriter lines,
        AbsenceOutcome outcome,
        CancellationToken cancellationToken
    )
    {
        var path = BlobPaths.Changes(item.Feed, item.Scope, item.Today, item.RunId, stored.Result.Window);
        if (await sources.Store.TryWriteFileAsync(path, content, item.Attempt, cancellationToken))
        {
            lines.Count();
            return new PublishedChangeFile(path, item.Attempt, lines.Changes, lines.BaselineRecords, _causes);
        }

        var (there, baselines) = (new HashSet<string>(StringComparer.Ordinal), 0);
        using var reader = await sources.Store.FindFileAsync(path, 0, cancellationToken) is { } file
            ? new StreamReader(file)
            : StreamReader.Null;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            using var document = JsonDocument.Parse(line);
            baselines += document.RootElement.TryGetProperty("manifest", out _)
                ? document.RootElement.GetProperty("records").GetInt32()
                : 0;
            there.Add(document.RootElement.GetProperty("id").GetString()!);
        }

        outcome.Postponed.RemoveAll(change => there.Contains(comparison.IdOf(_header, change)));
        outcome.Postponed.AddRange(
            comparison.Changes.Where(change => !_silent.Contains(change) && !there.Contains(comparison.IdOf(_header, change)))
        );
        return new PublishedChangeFile(
            path,
            await sources.Store.AttemptOfAsync(path, cancellationToken),
            there.Count - (baselines > 0 ? 1 : 0),
            baselines,
            _causes
        );
    }

    private void WriteBaselines(ChangeLineWriter lines)
    {
        foreach (var (range, records) in comparison.BaselineRecords.OrderBy(days => days.Key.From))
        {
            var days = comparison.Baseline!.DaysOf(range);
            lines.Write(
                new Baseline(
                    ChangeKeys.IdOf(_header, days),
                    item.Feed,
                    item.Scope,
                    sources.AssignmentId,
                    item.RunId,
                    stored.ReadAt,
                    stored.Result.Manifest,
                    days,
                    records
                )
            );
        }
    }

    /// <summary>
    /// Records that are gone, before anything that has come: an imported id may have been handed on. Their keys and ids are read back,
    /// their fields are not published.
    /// </summary>
    private async Task WriteGoneAsync(ChangeLineWriter lines, CancellationToken cancellationToken)
    {
        _silent.UnionWith(comparison.Changes.Where(IsNameless));
        var gone = comparison.Changes.FindAll(change => (change.New < 0 || IsRekeyed(change)) && !_silent.Contains(change));
        var known = new Dictionary<int, (string[] Key, string? ImportedId)>();
        await sources.Earlier.ReadAsync(
            comparison.Known,
            gone.Select(change => change.Old),
            (index, record) => known[index] = (sources.Records.KeyOf(record.Span), ImportedIdOf(record)),
            cancellationToken
        );
        var named = gone.FindAll(change => known.ContainsKey(change.Old));
        _silent.UnionWith(gone.Where(change => change.New < 0 && !known.ContainsKey(change.Old)));
        var extras = await sources.Context.DescribeAsync(
            named.ConvertAll(change => new LineSubject(default, known[change.Old].Key[0], known[change.Old].ImportedId, IsJoined: false)),
            newerThan: null,
            cancellationToken
        );
        await ForgetAsync(
            named.Where(change => change.Op == ChangeOp.Erased).Select(change => known[change.Old].ImportedId),
            cancellationToken
        );
        for (var i = 0; i < named.Count; i++)
        {
            var (change, id) = (named[i], comparison.IdOf(_header, named[i]));
            var rekeyed = change.New >= 0 && _rekeyed.Add(change);
            lines.Write(
                new ChangeLine
                {
                    Id = rekeyed ? ChangeKeys.IdOfPart(id, "rekeyed") : id,
                    Op = rekeyed ? ChangeOp.Deleted : change.Op,
                    Key = ChangeKeys.TextOf(item.Feed, item.Scope, known[change.Old].Key, comparison.Before(change).Ordinal),
                    CustomerId = extras[i].CustomerId,
                }
            );
        }
    }

    /// <summary>People whom Cube has anonymised with their ids: the record says nothing of anybody.</summary>
    private bool IsNameless(PlannedChange change) =>
        item.Feed.ListsCustomers && (change.New >= 0 ? comparison.After(change) : comparison.Before(change)).Key == KeyHash.None;

    /// <summary>What we know of people whom Cube has anonymised goes too.</summary>
    private async Task ForgetAsync(IEnumerable<string?> importedIds, CancellationToken cancellationToken)
    {
        if (item.Feed.ListsCustomers && sources.AssignmentId is { } assignment)
        {
            await sources.Echoes.ForgetAsync(assignment, importedIds.OfType<string>(), cancellationToken);
        }
    }

    private bool IsRekeyed(PlannedChange change) =>
        change.Op == ChangeOp.Updated
        && change.New >= 0
        && comparison.Before(change).Alias is var before and not 0
        && comparison.After(change).Alias != before;

    private async Task WriteBatchAsync(
        ChangeLineWriter lines,
        List<PlannedChange> batch,
        AbsenceOutcome outcome,
        bool mayEcho,
        CancellationToken cancellationToken
    )
    {
        var before = new Dictionary<int, EarlierRecord>();
        await sources.Earlier.ReadAsync(
            comparison.Known,
            batch.Where(change => change.Old >= 0).Select(change => change.Old),
            (index, record) => before[index] = new EarlierRecord(sources.Records.Members(record.Span), ImportedIdOf(record)),
            cancellationToken
        );
        if (mayEcho && item.Feed.ListsCustomers)
        {
            // What we know of people whom Cube has anonymised goes too: their earlier records name them last.
            var erased = batch
                .Where(change => change.Op == ChangeOp.Erased)
                .Select(change => before.GetValueOrDefault(change.Old)?.ImportedId)
                .OfType<string>();
            await sources.Echoes.ForgetAsync(sources.AssignmentId!, erased, cancellationToken);
        }

        foreach (var page in batch.GroupBy(PageOf))
        {
            var records = await RecordsAsync(page.Key, [.. page], cancellationToken);
            var subjects = records.ConvertAll(entry => new LineSubject(
                entry.Record,
                entry.Key[0],
                ImportedIdOf(entry.Record) ?? before.GetValueOrDefault(entry.Change.Old)?.ImportedId,
                !IsAnonymised(entry.Change)
            ));
            var extras = await sources.Context.DescribeAsync(subjects, stored.StartedAt, cancellationToken);
            var echoes = mayEcho
                ? await sources.Echoes.FindAsync(sources.AssignmentId!, records.ConvertAll(entry => entry.Record), cancellationToken)
                : [];
            for (var i = 0; i < records.Count; i++)
            {
                var entry = records[i];
                var echo = _rekeyed.Contains(entry.Change) ? null : echoes.GetValueOrDefault(i);
                if (echo?.IsLaterThan(stored.StartedAt) == true)
                {
                    outcome.Postponed.Add(entry.Change);
                    continue;
                }

                foreach (var line in LinesOf(entry, extras[i], before.GetValueOrDefault(entry.Change.Old), echo, outcome))
                {
                    lines.Write(line);
                }
            }
        }
    }

    private IEnumerable<ChangeLine> LinesOf(
        ChangedRecord entry,
        LineExtras extras,
        EarlierRecord? before,
        Echo? echo,
        AbsenceOutcome outcome
    )
    {
        var (change, record, key) = entry;
        var isUpdate = change.Op is ChangeOp.Updated or ChangeOp.Corrected;
        var members = isUpdate || echo is not null ? sources.Records.Members(record.Span) : [];
        var setBack = outcome.Undone.GetValueOrDefault(change);
        var isRekeyed = _rekeyed.Contains(change);
        var changed = setBack ?? (isUpdate && !isRekeyed && before is not null ? Difference(before.Members, members) : null);
        if (changed is { Count: 0 })
        {
            // Only Changes__IgnoreFields has changed.
            _silent.Add(change);
            return [];
        }

        var id = comparison.IdOf(_header, change);
        _causes.UnionWith(
            (echo?.TracesSince(KnownSince(change)) ?? []).Take(MaxCauses - _causes.Count).Select(trace => new UpsertCause(trace, id))
        );
        var line = new ChangeLine
        {
            Id = id,
            Op = isRekeyed ? ChangeOp.Created : change.Op,
            Key = ChangeKeys.TextOf(item.Feed, item.Scope, key, comparison.After(change).Ordinal),
            CustomerId = extras.CustomerId,
            Changed = changed ?? [],
            Record = record,
            Customer = extras.Customer,
            Labels = extras.Labels,
        };
        return echo is null || setBack is not null ? [line] : PartsOf(echo, line, members, KnownSince(change));
    }

    /// <summary>
    /// What an upsert brought and what was made in Cube are published apart, field by field: only the latter is for the CRM.
    /// </summary>
    private IEnumerable<ChangeLine> PartsOf(Echo echo, ChangeLine line, Dictionary<string, Hash128> members, DateTimeOffset knownSince)
    {
        if (line.Op != ChangeOp.Updated)
        {
            return [line with { IsEcho = line.Op == ChangeOp.Created && item.Feed.ListsCustomers && echo.ExplainsAll(members) }];
        }

        var brought = echo.Explained(line.Changed, members, knownSince);
        List<string> made =
        [
            .. line
                .Changed.Except(brought)
                .Union(echo.Undone(sources.Records.Members(line.Record.Span, withEmpty: true), knownSince))
                .Order(StringComparer.Ordinal),
        ];
        return brought.Count == 0 ? [line with { Changed = made }]
            : made.Count == 0 ? [line with { IsEcho = true }]
            :
            [
                line with
                {
                    Id = ChangeKeys.IdOfPart(line.Id, ChangeLineWriter.FromCrm),
                    Changed = brought,
                    IsEcho = true,
                },
                line with
                {
                    Changed = made,
                },
            ];
    }

    /// <summary>The changed records of one page: as they were kept when it came by, else from the stored page.</summary>
    private async Task<List<ChangedRecord>> RecordsAsync(int page, List<PlannedChange> changes, CancellationToken cancellationToken)
    {
        var found = new List<ChangedRecord>(changes.Count);
        foreach (var change in changes)
        {
            if (capture.Find(comparison.After(change)) is { } record)
            {
                found.Add(new ChangedRecord(change, record, sources.Records.KeyOf(record.Span)));
            }
        }

        if (found.Count == changes.Count)
        {
            return found;
        }

        using var body =
            await sources.Earlier.FindPageAsync(stored.Result.Manifest, page, cancellationToken)
            ?? throw new InvalidDataException("A page that a manifest names is gone.");
        found.Clear();
        var wanted = changes
            .GroupBy(change => (comparison.After(change).Key, comparison.After(change).Content))
            .ToDictionary(group => group.Key, group => new Queue<PlannedChange>(group));
        sources.Records.Visit(
            body.Bytes,
            digest => wanted.TryGetValue((digest.Key, digest.Content), out var queue) && queue.Count > 0,
            (digest, record) =>
                found.Add(
                    new ChangedRecord(wanted[(digest.Key, digest.Content)].Dequeue(), record.ToArray(), sources.Records.KeyOf(record.Span))
                )
        );
        return found;
    }

    private static string? ImportedIdOf(ReadOnlyMemory<byte> record) => CustomerIds.Find(record.Span, CustomerIds.Imported);

    private bool IsAnonymised(PlannedChange change) => comparison.After(change).Flags.HasFlag(EntryFlags.Anonymised);

    private DateTimeOffset KnownSince(PlannedChange change) =>
        change.Old >= 0 ? comparison.Known.Sources[comparison.Before(change).Source].StartedAt : default;

    /// <summary>Records that are gone come first.</summary>
    private int PageOf(PlannedChange change) => change.New >= 0 ? comparison.After(change).Page : 0;

    /// <summary>Whole pages until enough records have to be read back.</summary>
    private int EndOfBatch(int start)
    {
        var changes = comparison.Changes;
        var (end, olds) = (start, 0);
        while (end < changes.Count && ((olds < OldBatch && end - start < Batch) || PageOf(changes[end]) == PageOf(changes[end - 1])))
        {
            olds += changes[end++].Old >= 0 ? 1 : 0;
        }

        return end;
    }

    private static List<string> Difference(Dictionary<string, Hash128> before, Dictionary<string, Hash128> after)
    {
        var names = new List<string>();
        foreach (var (name, hash) in after)
        {
            if (before.GetValueOrDefault(name) != hash)
            {
                names.Add(name);
            }
        }

        foreach (var (name, hash) in before)
        {
            if (hash != default && !after.ContainsKey(name))
            {
                names.Add(name);
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    [LoggerMessage(
        310,
        LogLevel.Information,
        "{Feed} of {ScopeKind} {ScopeId}, window {Window}: {Count} changes, {Baseline} records of a first reading"
    )]
    private static partial void LogChanges(
        ILogger logger,
        string feed,
        string scopeKind,
        string scopeId,
        string window,
        int count,
        int baseline
    );

    /// <summary>A changed record of the window.</summary>
    private sealed record ChangedRecord(PlannedChange Change, ReadOnlyMemory<byte> Record, string[] Key);

    /// <summary>What is needed of a record as it was known.</summary>
    private sealed record EarlierRecord(Dictionary<string, Hash128> Members, string? ImportedId);
}
