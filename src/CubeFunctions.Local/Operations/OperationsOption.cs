using System.CommandLine;

namespace CubeFunctions.Local.Operations;

/// <summary><c>--app</c>: whether a command works on storage, or asks a deployed app.</summary>
internal static class OperationsOption
{
    public const string Name = "--app";

    public static Option<string> App { get; } =
        new(Name)
        {
            Description =
                $"Address of a deployed app, such as https://func-cube.azurewebsites.net: asks it instead of storage. The key comes from {AppKey.KeyVariable}.",
        };

    /// <summary>Opens what the command line names.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="needsCube">Whether the command needs a tenant where it works on storage.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<IOperations> OpenAsync(ParseResult parsed, bool needsCube, CancellationToken cancellationToken) =>
        parsed.GetValue(App) is { } address
            ? new AppOperations(new AppClient(AppAddress.Parse(address), AppKey.FromEnvironment()))
            : await StorageOperations.StartAsync(needsCube, cancellationToken);
}
