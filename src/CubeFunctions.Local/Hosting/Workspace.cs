namespace CubeFunctions.Local.Hosting;

/// <summary>Where the local host keeps its data: below the repository, or below the current folder outside of one.</summary>
internal static class Workspace
{
    /// <summary>The repository's root, or the current folder.</summary>
    public static string Root { get; } =
        Find(Environment.CurrentDirectory) ?? Find(AppContext.BaseDirectory) ?? Environment.CurrentDirectory;

    /// <summary>The data folder; ignored by git.</summary>
    public static string Data { get; } = Path.Combine(Root, ".cube");

    /// <summary>A path as people read it: relative where it is below the current folder.</summary>
    public static string Shown(string path) =>
        Path.GetRelativePath(Environment.CurrentDirectory, path) is var relative && relative.StartsWith("..", StringComparison.Ordinal)
            ? path
            : relative;

    private static string? Find(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "CubeFunctions.sln")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
