using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace CubeFunctions.Core.Settings;

/// <summary>
/// Where our data lies: a connection string, or the three services with a credential (Functions' identity-based connections).
/// </summary>
public sealed record StorageSettings
{
    /// <summary>A connection string, or null when the service addresses are set.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Address of the blob service.</summary>
    public Uri? BlobServiceUri { get; init; }

    /// <summary>Address of the queue service.</summary>
    public Uri? QueueServiceUri { get; init; }

    /// <summary>Address of the table service.</summary>
    public Uri? TableServiceUri { get; init; }

    /// <summary>True when the credential is the app's managed identity; otherwise developer tools are asked.</summary>
    public bool ManagedIdentity { get; init; }

    /// <summary>The client id of a user-assigned identity, or null for the system-assigned one.</summary>
    public string? ClientId { get; init; }

    /// <summary>Whether a trace shows each request to storage. Default true.</summary>
    public bool Traced { get; init; } = true;

    internal static StorageSettings Read(SettingsReader reader)
    {
        var connection = reader.Secret(
            "CubeStorage",
            "connection string of the storage account; or the addresses below. Local host: embedded Azurite where all are empty",
            sample: "UseDevelopmentStorage=true"
        );
        var blob = reader.Address("CubeStorage__blobServiceUri", "the storage account's blob service by address, with an identity");
        var queue = reader.Address("CubeStorage__queueServiceUri", "its queue service");
        var table = reader.Address("CubeStorage__tableServiceUri", "its table service");
        var credential = reader.Text("CubeStorage__credential", "`managedidentity` in Azure; empty for developer tools (`az login`)");
        var clientId = reader.Text("CubeStorage__clientId", "client id of a user-assigned identity");
        var traced = reader.Flag(
            "Telemetry__StorageRequests",
            true,
            "whether traces show each request to storage: some ten an item, which a service that bills by volume bills"
        );

        if (connection is null)
        {
            string[] names = ["CubeStorage__blobServiceUri", "CubeStorage__queueServiceUri", "CubeStorage__tableServiceUri"];
            var missing = names.Where(name => !reader.Has(name)).ToList();
            if (missing.Count == names.Length)
            {
                reader.Fault(
                    "CubeStorage",
                    "is missing: a connection string, or CubeStorage__blobServiceUri, __queueServiceUri and __tableServiceUri"
                );
            }
            else
            {
                missing.ForEach(name => reader.Fault(name, "is missing, while other CubeStorage addresses are set"));
            }
        }
        else if (!IsConnectionString(connection))
        {
            reader.Fault("CubeStorage", "is not a storage connection string");
        }

        if (connection is null)
        {
            (string Name, Uri? Uri)[] addresses =
            [
                ("CubeStorage__blobServiceUri", blob),
                ("CubeStorage__queueServiceUri", queue),
                ("CubeStorage__tableServiceUri", table),
            ];
            foreach (var (name, _) in addresses.Where(address => address.Uri is { } uri && uri.Scheme != Uri.UriSchemeHttps))
            {
                reader.Fault(name, "is plain HTTP: an identity's token is sent over HTTPS only");
            }
        }

        if (credential is not null && !credential.Equals("managedidentity", StringComparison.OrdinalIgnoreCase))
        {
            reader.Fault("CubeStorage__credential", $"'{credential}' is not known; leave it out or use managedidentity");
        }

        return new StorageSettings
        {
            ConnectionString = connection,
            BlobServiceUri = blob,
            QueueServiceUri = queue,
            TableServiceUri = table,
            ManagedIdentity = credential is not null,
            ClientId = clientId,
            Traced = traced,
        };
    }

    /// <summary>Asks the clients themselves, which would throw at the first use. Nothing is sent.</summary>
    private static bool IsConnectionString(string text)
    {
        try
        {
            return new BlobServiceClient(text) is not null
                && new QueueServiceClient(text) is not null
                && new TableServiceClient(text) is not null;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
