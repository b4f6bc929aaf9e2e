using Azure;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Storage;

/// <summary>The clients of our containers, tables and queues, made once.</summary>
public sealed class StorageClients
{
    private readonly BlobServiceClient _blobs;
    private readonly QueueServiceClient _queues;
    private readonly TableServiceClient _tables;

    /// <summary>Makes the clients. Nothing is sent yet.</summary>
    public StorageClients(StorageSettings settings)
    {
        var blobOptions = Configured(new BlobClientOptions(), settings);

        // The Functions host reads and writes base64 messages unless configured otherwise.
        var queueOptions = Configured(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }, settings);
        var tableOptions = Configured(new TableClientOptions(), settings);
        if (settings.ConnectionString is { } connection)
        {
            _blobs = new BlobServiceClient(connection, blobOptions);
            _queues = new QueueServiceClient(connection, queueOptions);
            _tables = new TableServiceClient(connection, tableOptions);
        }
        else
        {
            var credential = Credential(settings);
            _blobs = new BlobServiceClient(settings.BlobServiceUri, credential, blobOptions);
            _queues = new QueueServiceClient(settings.QueueServiceUri, credential, queueOptions);
            _tables = new TableServiceClient(settings.TableServiceUri, credential, tableOptions);
        }

        Raw = _blobs.GetBlobContainerClient(StorageNames.Raw);
        ChangeFiles = _blobs.GetBlobContainerClient(StorageNames.ChangeFiles);
        Inbox = _blobs.GetBlobContainerClient(StorageNames.Inbox);
        State = _blobs.GetBlobContainerClient(StorageNames.State);
        Runs = _tables.GetTableClient(StorageNames.RunsTable);
        Checkpoints = _tables.GetTableClient(StorageNames.CheckpointsTable);
        Upserts = _tables.GetTableClient(StorageNames.UpsertsTable);
        Customers = _tables.GetTableClient(StorageNames.CustomersTable);
        Changes = _tables.GetTableClient(StorageNames.ChangesTable);
    }

    /// <summary>Pages, manifests, run manifests.</summary>
    public BlobContainerClient Raw { get; }

    /// <summary>Change files.</summary>
    public BlobContainerClient ChangeFiles { get; }

    /// <summary>Webhook bodies.</summary>
    public BlobContainerClient Inbox { get; }

    /// <summary>What is known of each scope and feed.</summary>
    public BlobContainerClient State { get; }

    /// <summary>Runs and items.</summary>
    public TableClient Runs { get; }

    /// <summary>Checkpoints, leases, the shared pause.</summary>
    public TableClient Checkpoints { get; }

    /// <summary>Upsert events.</summary>
    public TableClient Upserts { get; }

    /// <summary>Mailboxes.</summary>
    public TableClient Customers { get; }

    /// <summary>Deliveries to the CRM.</summary>
    public TableClient Changes { get; }

    /// <summary>The client of one of our queues.</summary>
    public QueueClient Queue(string name) => _queues.GetQueueClient(name);

    /// <summary>
    /// Creates what is missing. One cheap read when everything is there, so that a deployment whose identity may not create anything starts
    /// as well.
    /// </summary>
    /// <exception cref="RequestFailedException">Storage refused or cannot be reached.</exception>
    public async Task EnsureCreatedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Changes.GetEntityAsync<TableEntity>("exists", "exists", ["PartitionKey"], cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == TableErrorCode.ResourceNotFound)
        {
            // No such row: the table answers, and it is the last that is created.
            return;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == TableErrorCode.TableNotFound)
        {
            // The table itself is missing.
        }

        await CreateAsync(StorageNames.Containers, StorageNames.Queues, StorageNames.Tables, cancellationToken);
    }

    /// <summary>Creates what a run needs, and no more.</summary>
    internal Task CreateSyncLaneAsync(CancellationToken cancellationToken) =>
        CreateAsync(
            [StorageNames.Raw, StorageNames.ChangeFiles, StorageNames.State],
            [StorageNames.SyncQueue],
            [StorageNames.CheckpointsTable, StorageNames.RunsTable],
            cancellationToken
        );

    /// <summary>Writes a blob; its container is created where it is missing, since a run alone creates only what its lane needs.</summary>
    internal static async Task<BlobContentInfo> UploadAsync(
        BlobContainerClient container,
        string path,
        Stream content,
        BlobUploadOptions options,
        CancellationToken cancellationToken
    )
    {
        var blob = container.GetBlockBlobClient(path);
        try
        {
            return await blob.UploadAsync(content, options, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            content.Position = 0;
            return await blob.UploadAsync(content, options, cancellationToken);
        }
    }

    /// <summary>Side by side, but the last table: whoever finds that one finds all.</summary>
    private async Task CreateAsync(
        IEnumerable<string> containers,
        IEnumerable<string> queues,
        IReadOnlyList<string> tables,
        CancellationToken cancellationToken
    )
    {
        await Task.WhenAll([
            .. containers.Select(name =>
                (Task)_blobs.GetBlobContainerClient(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken)
            ),
            .. queues.Select(name => Queue(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken)),
            .. tables.SkipLast(1).Select(name => _tables.CreateTableIfNotExistsAsync(name, cancellationToken)),
        ]);
        await _tables.CreateTableIfNotExistsAsync(tables[^1], cancellationToken);
    }

    private static T Configured<T>(T options, StorageSettings settings)
        where T : ClientOptions
    {
        options.Retry.MaxRetries = 4;
        options.Retry.Delay = TimeSpan.FromMilliseconds(400);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(10);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(60);

        // Addresses of blobs are not logged by the SDK: tens of thousands a run.
        options.Diagnostics.IsLoggingEnabled = false;
        options.Diagnostics.IsDistributedTracingEnabled = settings.Traced;
        return options;
    }

    private static TokenCredential Credential(StorageSettings settings) =>
        settings.ManagedIdentity
            ? new ManagedIdentityCredential(
                settings.ClientId is { } id ? ManagedIdentityId.FromUserAssignedClientId(id) : ManagedIdentityId.SystemAssigned
            )
            : new DefaultAzureCredential(
                new DefaultAzureCredentialOptions
                {
                    // Developer tools only: what runs in Azure names its managed identity.
                    ExcludeManagedIdentityCredential = true,
                    ExcludeWorkloadIdentityCredential = true,
                    ExcludeInteractiveBrowserCredential = true,
                }
            );
}
