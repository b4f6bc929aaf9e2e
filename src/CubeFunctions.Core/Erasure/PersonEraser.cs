using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Erasure;

/// <summary>Erases a person from the storage account: everything that was stored of one customer of one assignment.</summary>
/// <remarks>
/// The tombstone comes first, so that runs under way do not publish the person again. The scope of the assignment's customers goes last:
/// its pages alone name Cube's own
/// ids, and a repeat after a crash has to find them again.
/// </remarks>
internal sealed class PersonEraser(
    PlaceEraser places,
    ScopeEraser scopes,
    KeptScopes kept,
    CampaignAssignments campaigns,
    ErasedPersons erased,
    SoftDeletedCopies copies
)
{
    /// <summary>Erases. May be repeated: a second time finds nothing, and after a crash the rest.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="customerId">The imported id, the CRM's own, as text.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ErasureBusyException">A run or a delivery did not end in time.</exception>
    public async Task<ErasureReport> EraseAsync(string assignmentId, string customerId, CancellationToken cancellationToken)
    {
        var person = new Person(assignmentId, customerId);
        var counts = new ErasureCounts();
        var erasedBefore = await erased.ErasedBeforeAsync(person, cancellationToken);
        var customers = 0;
        foreach (var (feed, scope) in CustomersOf(person))
        {
            customers += (
                await places.FindAsync(PersonSearch.In(person, new ErasureTally(), feed, scope, assignmentKnown: true), cancellationToken)
            ).Count;
        }

        var elsewhere = await places.FindAsync(new PersonSearch(person, counts.Total), cancellationToken);
        if (customers + elsewhere.Count > 0)
        {
            await erased.MarkAsync(person, cancellationToken);
        }

        bool isKnown,
            again;
        do
        {
            var (ids, marked) = (person.Internal.Count, person.Marked);
            isKnown = await EraseAsync(person, elsewhere, counts, cancellationToken);

            // Once more where an internal id was learned late, or scopes were searched before the tombstone stood.
            again = person.Internal.Count > ids || (person.Marked && !marked);
            elsewhere = again ? await places.FindAsync(new PersonSearch(person, counts.Total), cancellationToken) : [];
        } while (again);

        var report = ErasureReport.From(person, counts);
        report.ErasedBefore = erasedBefore;
        report.UnknownAssignment = !report.Found && erasedBefore is null && !isKnown;
        (report.SoftDeleteDays, report.CopiesExpireAt) = await copies.ReadAsync(cancellationToken);
        return report;
    }

    /// <summary>
    /// The lists of the customers of the person's assignment or CRM: what earlier runs read in the other generation is searched as well.
    /// </summary>
    private static IEnumerable<(Feed Feed, Scope Scope)> CustomersOf(Person person) =>
        FeedCatalogue.Generations.Select(generation => (generation.Customers, new Scope(generation.CustomersScope, person.AssignmentId)));

    /// <summary>
    /// Whose customers are kept in the generation that does not have the person's assignment or CRM. Which of them was which is not known:
    /// the same imported id in another one is another person.
    /// </summary>
    private static IReadOnlyList<string> OtherGeneration(Person person, IReadOnlyCollection<(Feed Feed, Scope Scope)> all)
    {
        var customers = all.Where(each => each.Feed.ListsCustomers).Select(each => each.Scope).ToList();
        var own = customers.Where(scope => scope.Id == person.AssignmentId).Select(scope => scope.Kind).ToHashSet();
        return own.Count == 0
            ? []
            : [.. customers.Where(scope => !own.Contains(scope.Kind)).Select(scope => scope.Id).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <returns>Whether anything names the assignment.</returns>
    private async Task<bool> EraseAsync(
        Person person,
        IReadOnlyList<EraseFound> elsewhere,
        ErasureCounts counts,
        CancellationToken cancellationToken
    )
    {
        var all = await kept.ListAsync(cancellationToken);
        var listed = await campaigns.FindAsync([.. all.Where(each => each.Scope.Kind == ScopeKind.Campaign)], cancellationToken);
        counts.CampaignsOfUnknownAssignment = all.Where(each => each.Scope.Kind == ScopeKind.Campaign && !listed.ContainsKey(each.Scope.Id))
            .Select(each => each.Scope.Id)
            .Distinct()
            .Count();
        counts.OtherGeneration = OtherGeneration(person, all);
        foreach (var (feed, scope) in all.Where(each => !each.Feed.ListsCustomers).OrderBy(each => (each.Feed.Setting, each.Scope.Id)))
        {
            var assignment = scope.Kind == ScopeKind.Campaign ? listed.GetValueOrDefault(scope.Id) : scope.Id;
            if (assignment is null ? person.Internal.Count > 0 : assignment == person.AssignmentId)
            {
                await scopes.EraseAsync(
                    PersonSearch.In(person, counts.Of(feed), feed, scope, assignment is not null),
                    assignment is not null,
                    cancellationToken
                );
            }
        }

        await places.EraseAsync(person, elsewhere, cancellationToken);
        foreach (var (feed, scope) in CustomersOf(person).Where(all.Contains))
        {
            await scopes.EraseAsync(
                PersonSearch.In(person, counts.Of(feed), feed, scope, assignmentKnown: true),
                assignmentKnown: true,
                cancellationToken
            );
        }

        return all.Any(each => each.Scope.Kind != ScopeKind.Campaign && each.Scope.Id == person.AssignmentId)
            || listed.Values.Contains(person.AssignmentId, StringComparer.Ordinal)
            || await campaigns.NamesAsync(person.AssignmentId, cancellationToken);
    }
}
