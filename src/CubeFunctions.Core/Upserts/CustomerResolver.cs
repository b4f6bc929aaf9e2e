using System.Globalization;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Decides which record in Cube is a customer's, at each delivery: by the newest proven snapshot, and by the record itself, which is
/// read before anything is written to it. The right person or nobody.
/// </summary>
public sealed class CustomerResolver(
    CustomerRecords records,
    CustomerIndex index,
    CustomerSearch search,
    ErasedPersons erased,
    KnownAssignments assignments,
    TenantGeneration generation,
    TimeProvider time
)
{
    /// <summary>How long one reading of the list of customers serves, where no time is known that it has to be younger than.</summary>
    private static readonly TimeSpan SearchedFor = TimeSpan.FromMinutes(10);

    private const string ShortList =
        "waits: Cube counts more customers in the assignment than it lists, and this one may be among those that it leaves out";
    private const string NoSnapshot = "waits for the first proven snapshot of the assignment's customers";

    /// <summary>Why no customer of an assignment can be found yet: there is no proven snapshot; null where there is one.</summary>
    internal async Task<string?> FindBarAsync(string assignmentId, CancellationToken cancellationToken) =>
        await index.HasSnapshotAsync(assignmentId, cancellationToken) ? null
        : await assignments.IsUnknownAsync(assignmentId, cancellationToken)
            ? $"assignment {assignmentId} is not among those that Cube lists; {NoSnapshot}"
        : NoSnapshot;

    /// <summary>Finds the record.</summary>
    /// <param name="mailbox">The customer. A record found is noted in it.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="CubeException">Cube failed in a way that may pass.</exception>
    internal async Task<CustomerTarget> ResolveAsync(MailboxRow mailbox, CancellationToken cancellationToken)
    {
        if (mailbox.CustomerId is "." or ".." || mailbox.CustomerId.AsSpan().ContainsAny('/', '\\'))
        {
            // In an address it would be a step to another one.
            return new CustomerTarget.Impossible("the customer's id cannot stand in an address of Cube's");
        }

        var found = await index.FindAsync(mailbox.AssignmentId, mailbox.CustomerId, cancellationToken);
        if (!found.Snapshot)
        {
            return new CustomerTarget.Unknown(NoSnapshot);
        }

        var byImportedId = await generation.TakesImportedIdAsync(cancellationToken);
        if (found.Matches == 0 && !byImportedId)
        {
            return await FindUnlistedAsync(mailbox, cancellationToken);
        }

        if (found.Matches > 1)
        {
            return Ambiguous();
        }

        var id = byImportedId ? mailbox.CustomerId : IdOf(found);
        var identity = await IdentifyAsync(mailbox, id, cancellationToken);
        return identity == RecordIdentity.Same ? new CustomerTarget.Record(id)
            : found.Matches == 0 && identity == RecordIdentity.Other
                ? new CustomerTarget.Impossible("Cube has another customer's record at the address of this id")
            : found.Matches == 0 || found.IsShort ? MissingOrHidden(found)
            : throw new CubeException(CubeFailureKind.Transient, "the customer is not in Cube any more where the newest snapshot has them");
    }

    /// <summary>
    /// Finds the record of a customer whom the newest snapshot lacks: created since by us, or by a POST that was not answered, or left
    /// out of the index because of an erasure.
    /// </summary>
    internal async Task<CustomerTarget> FindUnlistedAsync(MailboxRow mailbox, CancellationToken cancellationToken)
    {
        if (mailbox.Content.CubeId is { } known && await IdentifyAsync(mailbox, known, cancellationToken) == RecordIdentity.Same)
        {
            return new CustomerTarget.Record(known);
        }

        mailbox.Content.CubeId = null;
        return (mailbox.Content.PostedAt ?? await ErasedAtAsync(mailbox, cancellationToken)) is { } since
            ? await SearchAsync(mailbox, since, cancellationToken)
            : MissingOrHidden(await index.FindAsync(mailbox.AssignmentId, mailbox.CustomerId, cancellationToken));
    }

    /// <summary>Finds the record in a list that is read after an instant.</summary>
    internal async Task<CustomerTarget> SearchAsync(MailboxRow mailbox, DateTimeOffset after, CancellationToken cancellationToken)
    {
        var found = await search.FindAsync(mailbox.AssignmentId, mailbox.CustomerId, after, cancellationToken);
        return found.Matches == 0 ? MissingOrHidden(found)
            : found.Matches > 1 ? Ambiguous()
            : await IdentifyAsync(mailbox, IdOf(found), cancellationToken) == RecordIdentity.Same ? new CustomerTarget.Record(IdOf(found))
            : throw new CubeException(CubeFailureKind.Transient, "the customer left Cube while the list was read");
    }

    private async Task<RecordIdentity> IdentifyAsync(MailboxRow mailbox, string id, CancellationToken cancellationToken)
    {
        var identity = await records.IdentifyAsync(mailbox, id, cancellationToken);
        if (identity == RecordIdentity.Same)
        {
            mailbox.Content.CubeId = id;
        }

        return identity;
    }

    /// <summary>The index no longer has a person who was erased, though Cube may still have the record.</summary>
    private async Task<DateTimeOffset?> ErasedAtAsync(MailboxRow mailbox, CancellationToken cancellationToken) =>
        await erased.ErasedBeforeAsync(new Person(mailbox.AssignmentId, mailbox.CustomerId), cancellationToken) is null
            ? null
            : time.GetUtcNow() - SearchedFor;

    /// <summary>A list that is kept as a gap does not say that it lacks a customer: nobody is created by it.</summary>
    private static CustomerTarget MissingOrHidden(IndexAnswer found) =>
        found.IsShort ? new CustomerTarget.Unknown(ShortList) : new CustomerTarget.Missing();

    private static CustomerTarget.Impossible Ambiguous() => new("more than one customer in Cube has this imported id");

    private static string IdOf(IndexAnswer found) => found.InternalId.ToString(CultureInfo.InvariantCulture);
}
