using System.Text;
using System.Text.Json;
using CubeFunctions.Local.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Support;

/// <summary>The app's endpoints on a free port, with a client.</summary>
public sealed class TestHttp : IAsyncDisposable
{
    private readonly WebApplication _web;

    private TestHttp(WebApplication web) => _web = web;

    /// <summary>A sender: not ours, so that it makes no spans.</summary>
    public HttpClient Client { get; } = new(new SocketsHttpHandler { ActivityHeadersPropagator = null });

    /// <param name="app">The app.</param>
    /// <param name="readKey">The key of functions that read; null where no key is asked for, as in <c>cube dev</c>.</param>
    /// <param name="actKey">The key of functions that act.</param>
    public static async Task<TestHttp> StartAsync(TestApp app, string? readKey = null, string actKey = "")
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore().AddSingleton(app.Get<ILoggerFactory>());
        var web = builder.Build();
        web.UseRouting();
        if (readKey is not null)
        {
            web.UseFunctionKeys(readKey, actKey);
        }

        web.MapCubeFunctions(app.Services);
        await web.StartAsync(TestContext.Current.CancellationToken);
        var http = new TestHttp(web);
        http.Client.BaseAddress = new Uri(
            web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/api/"
        );
        return http;
    }

    /// <summary>Posts JSON and reads the answer.</summary>
    public async Task<(int Status, JsonElement Answer)> PostAsync(string path, string json, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Where an upsert stands.</summary>
    public async Task<(string State, string? Reason)> UpsertAsync(string id)
    {
        var answer = JsonDocument.Parse(await Client.GetStringAsync($"upserts/{id}", TestContext.Current.CancellationToken)).RootElement;
        return (answer.GetProperty("state").GetString()!, answer.TryGetProperty("reason", out var reason) ? reason.GetString() : null);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _web.DisposeAsync();
    }
}
