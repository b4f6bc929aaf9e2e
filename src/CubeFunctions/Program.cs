using CubeFunctions;
using CubeFunctions.Core.Settings;
using Microsoft.Extensions.Hosting;

try
{
    WorkerApplication.CreateBuilder(args).Build().Run();
    return 0;
}
catch (SettingsException exception)
{
    // One line, since the host logs each line of standard error by itself.
    await Console.Error.WriteLineAsync($"CubeFunctions cannot start: {string.Join("; ", exception.Faults)}");
    return 2;
}
