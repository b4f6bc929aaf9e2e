using Cube.Simulator;
using CubeFunctions.Core;
using CubeFunctions.Local.Azurite;
using Microsoft.Extensions.Configuration;

namespace CubeFunctions.Local.Hosting;

/// <summary>What the settings leave to us: an embedded Azurite, a simulated tenant.</summary>
internal sealed class LocalEnvironment : IAsyncDisposable
{
    private EmbeddedAzurite? _azurite;
    private CubeSimulator? _simulator;

    private LocalEnvironment(string dataPlace) => DataPlace = dataPlace;

    public string DataPlace { get; private set; }

    /// <summary>Checks the settings before anything is started, with stand-ins for what will be started.</summary>
    public static void CheckBeforeStart(Dictionary<string, string?> values, bool needsCube)
    {
        var trial = new Dictionary<string, string?>(values, StringComparer.OrdinalIgnoreCase);
        if (!values.Has("CubeStorage"))
        {
            trial["CubeStorage"] = "UseDevelopmentStorage=true";
        }

        if (UsesSimulator(values) || !needsCube)
        {
            PointAt(trial, "http://localhost", "none", onlyMissing: !UsesSimulator(values));
        }

        AppSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(trial).Build());
    }

    public static async Task<LocalEnvironment> StartAsync(
        Dictionary<string, string?> values,
        bool needsCube,
        Action<string> say,
        CancellationToken cancellationToken
    )
    {
        var environment = new LocalEnvironment("the storage account of CubeStorage");
        try
        {
            if (!values.Has("CubeStorage"))
            {
                var folder = Path.Combine(Workspace.Data, "azurite");
                environment._azurite = await EmbeddedAzurite.AttachAsync(folder, say, cancellationToken);
                environment.DataPlace = Workspace.Shown(folder);
                values["CubeStorage"] = environment._azurite.ConnectionString;
            }

            if (UsesSimulator(values) && needsCube)
            {
                var options = new SimulatorOptions();
                environment._simulator = await CubeSimulator.StartAsync(options, TimeProvider.System, cancellationToken);
                PointAt(values, environment._simulator.BaseUrl.ToString(), options.Token, onlyMissing: false);
                say($"Cube__BaseUrl is not set: a simulated tenant answers at {environment._simulator.BaseUrl}");
            }
            else if (!needsCube)
            {
                PointAt(values, "http://localhost", "none", onlyMissing: !UsesSimulator(values));
            }

            return environment;
        }
        catch
        {
            await environment.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_simulator is not null)
        {
            await _simulator.DisposeAsync();
        }

        if (_azurite is not null)
        {
            await _azurite.DisposeAsync();
        }
    }

    /// <summary>The simulator stands in when nothing at all is said of the tenant; a credential without an address is a fault.</summary>
    private static bool UsesSimulator(Dictionary<string, string?> values) =>
        !values.Has("Cube__BaseUrl") && !values.Has("Cube__Token") && !values.Has("Cube__Username") && !values.Has("Cube__Password");

    private static void PointAt(Dictionary<string, string?> values, string baseUrl, string token, bool onlyMissing)
    {
        if (!onlyMissing || !values.Has("Cube__BaseUrl"))
        {
            values["Cube:BaseUrl"] = baseUrl;
        }

        if (!onlyMissing || (!values.Has("Cube__Token") && !values.Has("Cube__Username") && !values.Has("Cube__Password")))
        {
            values["Cube:Token"] = token;
        }
    }
}
