using Azure;
using CubeFunctions.Core.Settings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Storage;

/// <summary>Creates containers, queues and tables before a host takes its first message. In Azure they are there already, by <c>infra</c>.</summary>
internal sealed partial class StorageSetup(StorageClients storage, ChangeSettings changes, ILogger<StorageSetup> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (changes.CrmUrl is not null)
        {
            LogNoDelivery(logger);
        }

        try
        {
            await storage.EnsureCreatedAsync(cancellationToken);
        }
        catch (RequestFailedException exception)
        {
            // The host starts all the same, so that /api/health can say it: messages wait in their queues meanwhile.
            LogUnreachable(logger, exception.ErrorCode ?? "unreachable");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(131, LogLevel.Error, "Changes__Crm__Url is set, but delivery to the CRM is not available in this version: nothing is sent there")]
    private static partial void LogNoDelivery(ILogger logger);

    [LoggerMessage(130, LogLevel.Error, "CubeStorage: storage answers {Error}")]
    private static partial void LogUnreachable(ILogger logger, string error);
}
