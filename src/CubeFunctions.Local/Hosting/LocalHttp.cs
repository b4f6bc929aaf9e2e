using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Hosting;

/// <summary>
/// The HTTP endpoints of the app on a port of this machine. Function keys are Azure's; here the loopback address and
/// <see cref="LocalDoor"/> are.
/// </summary>
internal static class LocalHttp
{
    public static async Task<WebApplication> StartAsync(IServiceProvider services, int port, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(options =>
            {
                options.ListenLocalhost(port);
                options.AddServerHeader = false;
            });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(services.GetRequiredService<ILoggerFactory>());
        var app = builder.Build();
        app.UseLocalDoor();
        app.UseRouting();
        app.MapCubeFunctions(services);
        try
        {
            await app.StartAsync(cancellationToken);
            return app;
        }
        catch (IOException exception)
        {
            await app.DisposeAsync();
            throw new LocalHostException($"--port: {port} is in use", exception);
        }
    }
}
