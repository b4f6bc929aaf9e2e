using Cube.Simulator;
using CubeFunctions.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace CubeFunctions.Tests.Dashboard;

/// <summary>The browser, a simulated tenant, and apps to look at: those that nobody changes are filled once.</summary>
public sealed class DashboardFixture(AzuriteFixture azurite) : IAsyncLifetime
{
    internal const string ReadKey = "read-key-of-a-test";
    internal const string ActKey = "act-key-of-a-test";
    private readonly Dictionary<string, (TestApp App, TestHttp Http)> _kept = [];
    private readonly Browser _browser = new();
    private CubeSimulator? _cube;

    public async ValueTask InitializeAsync() =>
        _cube = await CubeSimulator.StartAsync(
            new SimulatorOptions
            {
                Campaigns = 2,
                CampaignsPerAssignment = 2,
                CustomersPerAssignment = 40,
                ResponsesPerCampaignPerDay = 2,
            },
            null,
            CancellationToken.None
        );

    /// <summary>An app that tests only look at.</summary>
    /// <param name="name">Its name; filled when it is first asked for.</param>
    /// <param name="fillAsync">Fills its storage.</param>
    internal async Task<(TestApp App, TestHttp Http)> LookAtAsync(string name, Func<TestApp, Task> fillAsync)
    {
        if (!_kept.TryGetValue(name, out var kept))
        {
            _kept[name] = kept = await StartAsync(fillAsync);
        }

        return kept;
    }

    /// <summary>An app that asks for keys as the Functions host does; the caller disposes both.</summary>
    internal async Task<(TestApp App, TestHttp Http)> StartAsync(Func<TestApp, Task> fillAsync)
    {
        var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), _cube!);
        await fillAsync(app);
        await Tenants.CountAsync(app);
        return (app, await TestHttp.StartAsync(app, ReadKey, ActKey));
    }

    internal async Task<DashboardPage> OpenAsync(
        TestHttp http,
        string fragment = $"#key={ReadKey}",
        bool dark = false,
        int width = 1440,
        int height = 900
    )
    {
        var context = await _browser.OpenAsync(
            new BrowserNewContextOptions
            {
                ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
                ReducedMotion = ReducedMotion.Reduce,
                ViewportSize = new() { Width = width, Height = height },
                Locale = "en-GB",
                TimezoneId = "Europe/Oslo",
            }
        );
        return await DashboardPage.OpenAsync(context, new Uri(http.Client.BaseAddress!, $"dashboard{fragment}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        foreach (var (app, http) in _kept.Values)
        {
            await http.DisposeAsync();
            await app.DisposeAsync();
        }

        await _cube!.DisposeAsync();
    }
}
