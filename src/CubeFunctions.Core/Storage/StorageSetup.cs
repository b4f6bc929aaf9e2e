using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Storage;

/// <summary>Creates containers, queues and tables before a host takes its first message. In Azure they are there already, by <c>infra</c>.</summary>
internal sealed partial class StorageSetup(StorageClients storage, ILogger<StorageSetup> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await storage.EnsureCreatedAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, the host starts all the same, so that /api/health can say it: messages wait in their queues meanwhile.
            LogUnreachable(logger, ErrorInfo.From(exception));
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(130, LogLevel.Error, "CubeStorage: storage answers {Error}")]
    private static partial void LogUnreachable(ILogger logger, ErrorInfo error);
}
