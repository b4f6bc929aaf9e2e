using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Decides for one item what it means that a proven window lacks known records. Absence is not deletion: a lost permission looks the same.
/// </summary>
internal sealed class AbsenceReview(ObservedItem item, EarlierRecords earlier, DeletionCheck deletions)
{
    private bool _heldBack;
    private bool _hasGap;
    private int _left;

    /// <summary>Adds to a comparison's changes those of records that are gone.</summary>
    /// <returns>What is left of the others.</returns>
    public async Task<AbsenceOutcome> ReviewAsync(WindowComparison comparison, DateTimeOffset readAt, CancellationToken cancellationToken)
    {
        var outcome = new AbsenceOutcome();
        var (absent, removed) = (comparison.Absent, comparison.Changes.FindAll(change => change.Op == ChangeOp.Removed));
        var nameless = item.Feed.ListsCustomers
            ? comparison.Changes.FindAll(change => change.Old < 0 && comparison.After(change).Key == KeyHash.None)
            : [];
        if (comparison.IsGap)
        {
            // Nothing is said of those who are absent.
            _hasGap = true;
            outcome.Postponed.AddRange(nameless);
            return outcome;
        }

        if (
            await deletions.IsHeldBackAsync(
                item,
                absent.Count + removed.Count,
                comparison.Known.Entries.Length,
                nameless.Count,
                cancellationToken
            )
        )
        {
            // Of dated feeds as well: a lost permission empties days.
            Postpone(comparison, removed, outcome);
            outcome.Waiting.AddRange(absent);
            outcome.HeldBack = _heldBack = true;
        }
        else
        {
            // As with all that cannot be asked for: a row that leaves in front while another joins at the end does not show in a count.
            Postpone(comparison, removed.FindAll(change => !comparison.Before(change).Flags.IsConfirmed(readAt)), outcome);
            if (absent.Count > 0)
            {
                await ConfirmAsync(comparison, nameless.Count > 0, outcome, readAt, cancellationToken);
            }
        }

        if (outcome.Waiting.Count + outcome.Marked.Count > 0)
        {
            // They say what became of the absent records: not known until that is settled.
            outcome.Postponed.AddRange(nameless);
        }

        _left += outcome.Waiting.Count + outcome.Marked.Count;
        return outcome;
    }

    /// <summary>All windows of the item are compared.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (!_heldBack && !_hasGap)
        {
            await deletions.EndAsync(item, _left, cancellationToken);
        }
    }

    /// <summary>
    /// Records of a dated feed that are absent stay known, and are marked: their days are read again until a later look confirms them or
    /// sees them again.
    /// </summary>
    private static void Postpone(WindowComparison comparison, List<PlannedChange> removed, AbsenceOutcome outcome)
    {
        var postponed = removed.ToHashSet();
        comparison.Changes.RemoveAll(postponed.Contains);
        foreach (var change in removed)
        {
            (comparison.Before(change).Flags.IsMarked() ? outcome.Waiting : outcome.Marked).Add(change.Old);
        }
    }

    /// <summary>A customer is asked for; what cannot be asked for has to be absent again hours later.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <param name="anonymises">
    /// Whether records without any id have come: people whom Cube has anonymised, ids included. Nothing says which of those who are gone
    /// each of them was, so that
    /// all are taken for erased: whoever is told must not keep somebody who wanted to be forgotten.
    /// </param>
    /// <param name="outcome">Takes what is left.</param>
    /// <param name="readAt">When the window was read.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    private async Task ConfirmAsync(
        WindowComparison comparison,
        bool anonymises,
        AbsenceOutcome outcome,
        DateTimeOffset readAt,
        CancellationToken cancellationToken
    )
    {
        var ids = new Dictionary<int, string>();
        var listed = new List<ListedCustomer>();
        if (item.Feed.ListsCustomers)
        {
            var members = await deletions.AddressMembersAsync(cancellationToken);
            var absent = comparison.Absent.ToHashSet();
            await earlier.ReadAsync(
                comparison.Known,
                comparison.Absent.Concat(ListedOf(comparison.Known.Entries, absent)),
                (index, record) =>
                {
                    if (CustomerIds.Find(record.Span, members) is not { } id)
                    {
                        return;
                    }

                    if (absent.Contains(index))
                    {
                        ids[index] = id;
                    }
                    else if (CustomerIds.Find(record.Span, CustomerIds.Imported) is { } imported)
                    {
                        listed.Add(new ListedCustomer(id, imported));
                    }
                },
                cancellationToken
            );
        }

        IReadOnlyDictionary<int, ChangeOp> gone = new Dictionary<int, ChangeOp>();
        if (ids.Count > 0)
        {
            if (await deletions.GoneAsync(item.Scope, ids, listed, cancellationToken) is { } found)
            {
                gone = found;
            }
            else
            {
                ids.Clear();
            }
        }

        foreach (var index in comparison.Absent)
        {
            var flags = comparison.Known.Entries[index].Flags;
            if (ids.ContainsKey(index) ? gone.ContainsKey(index) : flags.IsConfirmed(readAt))
            {
                comparison.Changes.Add(
                    new PlannedChange(anonymises ? ChangeOp.Erased : gone.GetValueOrDefault(index, ChangeOp.Deleted), index, -1)
                );
            }
            else if (ids.ContainsKey(index) || flags.IsMarked())
            {
                outcome.Waiting.Add(index);
            }
            else
            {
                outcome.Marked.Add(index);
            }
        }
    }

    /// <summary>A few known customers whom the snapshot has.</summary>
    private static IEnumerable<int> ListedOf(StateEntry[] known, HashSet<int> absent) =>
        Enumerable
            .Range(0, known.Length)
            .Where(index => !absent.Contains(index) && known[index].Alias != 0 && !known[index].Flags.HasFlag(EntryFlags.Anonymised))
            .Take(DeletionCheck.MaxListed);
}
