using CubeFunctions.Core.Sync;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>Gives each item what writes its change files.</summary>
public sealed class ChangeFiles(ChangeStore store, CustomerLookup customers, Echoes echoes, ILogger<ChangeFiles> logger)
{
    internal ChangeFile Create(ObservedItem item, FeedRecords records, EarlierRecords earlier)
    {
        var assignment = item.Assignment;
        return new ChangeFile(
            item,
            new LineSources(store, records, earlier, customers.Create(item.Feed, assignment), echoes, assignment, logger),
            item.Feed.ListsCustomers ? echoes.UndoneOf(item.Scope.Id, earlier, records) : null
        );
    }
}
