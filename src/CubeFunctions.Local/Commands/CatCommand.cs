using System.CommandLine;
using CubeFunctions.Core.Storage;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>cat</c>: one blob, byte for byte.</summary>
internal static class CatCommand
{
    private static readonly Argument<string> Blob = new("blob") { Description = "Its name, as ls prints it." };

    public static Command Create()
    {
        var command = new Command("cat", "Print one blob, byte for byte.") { Blob };
        command.SetAction(
            (parsed, cancellationToken) => CommandLine.RunAsync(token => RunAsync(parsed.GetValue(Blob)!, token), cancellationToken)
        );
        return command;
    }

    private static async Task<int> RunAsync(string name, CancellationToken cancellationToken)
    {
        var address = BlobAddress.Parse(name);
        await using var app = await LocalApp.StartAsync(needsCube: false, Console.Error.WriteLine, LogLevel.Warning, cancellationToken);
        var container = address.ClientOf(app.Services.GetRequiredService<StorageClients>());
        if (address.Path.Length == 0 || await new OptimisticBlobs(container).OpenAsync(address.Path, cancellationToken) is not { } blob)
        {
            await Console.Error.WriteLineAsync(
                $"There is no blob '{address}'; '{Invocation.Of($"ls {address.Container}/")}' shows what there is."
            );
            return CommandLine.Failed;
        }

        using (blob)
        {
            await using var output = Console.OpenStandardOutput();
            await blob.Content.CopyToAsync(output, cancellationToken);
        }

        return 0;
    }
}
