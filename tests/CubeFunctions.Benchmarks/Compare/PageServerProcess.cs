using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>A running <see cref="PageServer"/>.</summary>
internal sealed class PageServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http = new();

    private PageServerProcess(Process process, Tenant tenant, string baseUrl) => (_process, Tenant, BaseUrl) = (process, tenant, baseUrl);

    public Tenant Tenant { get; }

    public string BaseUrl { get; }

    /// <summary>This program itself, as a process.</summary>
    public static string Program { get; } = Environment.ProcessPath!;

    public static async Task<PageServerProcess> StartAsync(Tenant tenant)
    {
        var process = Process.Start(
            new ProcessStartInfo(Program, [PageServer.Verb, JsonSerializer.Serialize(tenant, CompareJson.Default.Tenant)])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        var address = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the page server did not start");
        return new PageServerProcess(process, tenant, address);
    }

    /// <summary>Counts from zero, and serves that version of the data.</summary>
    public async Task ResetAsync(int version = 0)
    {
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"{BaseUrl}{PageServer.ResetPath}?version={version}"));
        using var answer = await _http.GetAsync(address);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<ServerStats> StatsAsync() =>
        (await _http.GetFromJsonAsync(new Uri(BaseUrl + PageServer.StatsPath), CompareJson.Default.ServerStats))!;

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill();
        }

        _process.Dispose();
        _http.Dispose();
    }
}
