using Microsoft.Extensions.Hosting;

namespace Cube.Simulator.Http;

/// <summary>A host lifetime that leaves Ctrl-C and SIGTERM to the program the simulator runs in.</summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
