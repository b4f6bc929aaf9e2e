using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// Creates containers, queues and tables before any other service of the host starts, and so before the first message is taken. In Azure
/// they are there already,
/// by <c>infra</c>.
/// </summary>
/// <remarks>
/// The start does not wait for long: the Functions host ends a worker that does not connect within a minute. Where storage is away, the
/// host starts all the same,
/// so that <c>/api/health</c> can say it, and what is missing is created once storage is back.
/// </remarks>
internal sealed partial class StorageSetup(StorageClients storage, TimeProvider time, ILogger<StorageSetup> logger)
    : BackgroundService,
        IHostedLifecycleService
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);
    private bool _isCreated;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(StartLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        _isCreated = await TryCreateAsync(either.Token, cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_isCreated)
        {
            await Task.Delay(Again, time, stoppingToken);
            _isCreated = await TryCreateAsync(stoppingToken, stoppingToken);
        }
    }

    /// <summary>Whatever it is, the host goes on: messages wait in their queues meanwhile.</summary>
    private async Task<bool> TryCreateAsync(CancellationToken cancellationToken, CancellationToken stopping)
    {
        try
        {
            await storage.EnsureCreatedAsync(cancellationToken);
            return true;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            LogUnreachable(logger, ErrorInfo.From(exception));
            return false;
        }
    }

    [LoggerMessage(130, LogLevel.Error, "CubeStorage: storage answers {Error}")]
    private static partial void LogUnreachable(ILogger logger, ErrorInfo error);
}
