using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Cube.Simulator;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>Every container, table and queue of an account in use is searched for persons, or is named here as holding none.</summary>
public sealed class ContractTests(AzuriteFixture azurite)
{
    /// <summary>What holds nothing personal, and why.</summary>
    private static readonly Dictionary<StorageResource, string> Impersonal = new()
    {
        [new(StorageKind.Table, "CubeRuns")] = "runs and items: ids of campaigns and assignments, counts, reasons",
        [new(StorageKind.Table, "CubeCheckpoints")] = "checkpoints, leases, pauses: ids of campaigns and assignments",
        [new(StorageKind.Table, "CubeChanges")] = "deliveries: names of files and hashes of lines",
        [new(StorageKind.Queue, "cube-sync")] = "keys of items",
        [new(StorageKind.Queue, "cube-sync-poison")] = "keys of items",
        [new(StorageKind.Queue, "cube-upserts")] = "salted hashes of customers",
        [new(StorageKind.Queue, "cube-upserts-poison")] = "salted hashes of customers",
        [new(StorageKind.Queue, "cube-changes")] = "names of streams",
        [new(StorageKind.Queue, "cube-changes-poison")] = "names of streams",
    };

    [Theory]
    [OverGenerations]
    public async Task Whatever_an_account_holds_is_searched_for_persons_or_holds_nothing_personal(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Victim.Options with { Api = api }, null, Victim.Settings);
        await Victim.SeedAsync(lane);
        var held = await ResourcesAsync(lane.Storage);
        var covered = lane.App.Services.GetServices<IPersonalData>().SelectMany(place => place.Covers).ToHashSet();
        Assert.True(
            held.Count >= StorageNames.Containers.Count + StorageNames.Tables.Count + StorageNames.Queues.Count,
            string.Join(", ", held)
        );
        Assert.Equal("", string.Join(", ", held.Where(resource => !covered.Contains(resource) && !Impersonal.ContainsKey(resource))));
        Assert.Equal("", string.Join(", ", covered.Where(resource => Impersonal.ContainsKey(resource) || !held.Contains(resource))));

        // The list is true: of a person who is everywhere, what holds nothing personal has no trace.
        var places = (await AccountDump.OfAsync(lane.App))
            .Find(Victim.Traces)
            .Select(place => place[..(place.IndexOfAny(['/', ' ']) + 1)])
            .Distinct();
        Assert.Equal(["CubeCustomers ", "CubeUpserts ", "cube-changes/", "cube-inbox/", "cube-raw/"], places.Order(StringComparer.Ordinal));
    }

    private static async Task<List<StorageResource>> ResourcesAsync(string storage)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        List<StorageResource> held =
        [
            .. await new BlobServiceClient(storage)
                .GetBlobContainersAsync(cancellationToken: cancellationToken)
                .Select(container => new StorageResource(StorageKind.Container, container.Name))
                .ToListAsync(cancellationToken),
            .. await new TableServiceClient(storage)
                .QueryAsync(cancellationToken: cancellationToken)
                .Select(table => new StorageResource(StorageKind.Table, table.Name))
                .ToListAsync(cancellationToken),
            .. await new QueueServiceClient(storage)
                .GetQueuesAsync(cancellationToken: cancellationToken)
                .Select(queue => new StorageResource(StorageKind.Queue, queue.Name))
                .ToListAsync(cancellationToken),
        ];
        return held;
    }
}
