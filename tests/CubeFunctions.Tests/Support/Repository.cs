namespace CubeFunctions.Tests.Support;

/// <summary>The repository that the tests were built from.</summary>
public static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "CubeFunctions.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
