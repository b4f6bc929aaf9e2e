using System.Globalization;

/// <summary>
/// Loaded into the product by <c>DOTNET_STARTUP_HOOKS</c> where a benchmark asks for it, and only there: writes what the process allocated
/// when it ends. The runtime finds the class by this name, outside of any namespace.
/// </summary>
internal static class StartupHook
{
    public const string FileVariable = "BENCH_ALLOCATED_FILE";

    public static void Initialize() =>
        AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
        {
            if (Environment.GetEnvironmentVariable(FileVariable) is { } file)
            {
                File.WriteAllText(file, GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
            }
        };
}
