namespace CubeFunctions.Local.Hosting;

/// <summary>How the user calls us, for lines that can be copied.</summary>
internal static class Invocation
{
    private static readonly string Prefix = Find();

    /// <summary>A command with its arguments.</summary>
    public static string Of(string arguments) => $"{Prefix} {arguments}";

    private static string Find()
    {
        // Below the artifacts of a clone it was 'dotnet run' that started us, or a developer who can use it.
        var isBuilt = AppContext.BaseDirectory.StartsWith(
            Path.Combine(Workspace.Root, "artifacts") + Path.DirectorySeparatorChar,
            StringComparison.Ordinal
        );
        return isBuilt
            ? $"dotnet run --project {Path.GetRelativePath(Environment.CurrentDirectory, Path.Combine(Workspace.Root, "src", "CubeFunctions.Local"))} --"
            : "cube";
    }
}
