using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Hosting;

namespace CubeFunctions;

/// <summary>
/// The worker stops at once when it is asked to and disposes services under running functions. This cancels what runs by timer or
/// queue, so that it saves and releases its leases, lets requests finish, and delays the end until all have returned.
/// </summary>
internal sealed class InvocationsInHand(IHostApplicationLifetime lifetime) : IFunctionsWorkerMiddleware, IHostedService
{
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);

    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        var isRequest = context.FunctionDefinition.InputBindings.Values.Any(binding =>
            binding.Type.Equals("httpTrigger", StringComparison.OrdinalIgnoreCase)
        );
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            context.CancellationToken,
            isRequest ? CancellationToken.None : lifetime.ApplicationStopping
        );
        var running = next(new StoppableContext(context, stop.Token));
        _running[context.InvocationId] = running;
        try
        {
            await running;
        }
        finally
        {
            _running.TryRemove(context.InvocationId, out _);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(_running.Values).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
