namespace CubeFunctions.Core.Storage;

/// <summary>Every container, table and queue of the product, by its name in the storage account.</summary>
public static class StorageNames
{
    /// <summary>Pages as Cube sent them, with their manifests and the run manifests.</summary>
    public const string Raw = "cube-raw";

    /// <summary>Change files.</summary>
    public const string ChangeFiles = "cube-changes";

    /// <summary>Webhook bodies, as received.</summary>
    public const string Inbox = "cube-inbox";

    /// <summary>What is known of each scope and feed, for comparing.</summary>
    public const string State = "cube-state";

    /// <summary>Runs and their work items.</summary>
    public const string RunsTable = "CubeRuns";

    /// <summary>Checkpoints, leases per scope and feed, and the shared pause.</summary>
    public const string CheckpointsTable = "CubeCheckpoints";

    /// <summary>Upsert events.</summary>
    public const string UpsertsTable = "CubeUpserts";

    /// <summary>Mailboxes, one a customer.</summary>
    public const string CustomersTable = "CubeCustomers";

    /// <summary>Deliveries of changes to the CRM.</summary>
    public const string ChangesTable = "CubeChanges";

    /// <summary>Notifies a worker of a sync item.</summary>
    public const string SyncQueue = "cube-sync";

    /// <summary>Notifies a worker of a customer to be delivered to Cube.</summary>
    public const string UpsertsQueue = "cube-upserts";

    /// <summary>Notifies a worker of changes to be delivered to the CRM.</summary>
    public const string ChangesQueue = "cube-changes";

    /// <summary>What the Functions host appends to a queue's name for messages it gave up on.</summary>
    public const string PoisonSuffix = "-poison";

    /// <summary>All blob containers.</summary>
    public static IReadOnlyList<string> Containers { get; } = [Raw, ChangeFiles, Inbox, State];

    /// <summary>All tables. <see cref="ChangesTable"/> comes last: it exists only when everything else does.</summary>
    public static IReadOnlyList<string> Tables { get; } = [CheckpointsTable, RunsTable, UpsertsTable, CustomersTable, ChangesTable];

    /// <summary>All queues, the poison queues among them.</summary>
    public static IReadOnlyList<string> Queues { get; } =
    [SyncQueue, UpsertsQueue, ChangesQueue, SyncQueue + PoisonSuffix, UpsertsQueue + PoisonSuffix, ChangesQueue + PoisonSuffix];
}
