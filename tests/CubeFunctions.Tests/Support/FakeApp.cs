using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Support;

/// <summary>Something that answers at an address of this machine.</summary>
internal sealed class FakeApp : IAsyncDisposable
{
    private readonly WebApplication _web;
    private int _requests;

    private FakeApp(WebApplication web) => _web = web;

    public string Address { get; private set; } = "";

    public int Requests => _requests;

    /// <summary>The function key of the newest request.</summary>
    public string? LastKey { get; private set; }

    /// <summary>The same answer to everything.</summary>
    public static RequestDelegate Answer(int status, string body, string type) =>
        async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            await context.Response.WriteAsync(body, context.RequestAborted);
        };

    /// <summary>Starts it.</summary>
    /// <param name="answer">Answers requests.</param>
    /// <param name="certificate">For HTTPS, at <c>localhost</c>.</param>
    public static async Task<FakeApp> StartAsync(RequestDelegate answer, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .UseKestrelHttpsConfiguration()
            .ConfigureKestrel(options =>
                options.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        if (certificate is not null)
                        {
                            listen.UseHttps(certificate);
                        }
                    }
                )
            );
        var app = new FakeApp(builder.Build());
        app._web.Run(context =>
        {
            Interlocked.Increment(ref app._requests);
            app.LastKey = context.Request.Headers["x-functions-key"].ToString();
            return answer(context);
        });
        await app._web.StartAsync(TestContext.Current.CancellationToken);
        var port = new Uri(
            app._web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()
        ).Port;
        app.Address = certificate is null ? $"http://127.0.0.1:{port}" : $"https://localhost:{port}";
        return app;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
