using System.CommandLine;
using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CubeFunctions.Core.Storage;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>ls</c>: what is stored, a level of folders at a time.</summary>
internal static class ListCommand
{
    private static readonly Argument<string> Prefix = new("prefix")
    {
        Description = "What the names begin with, such as cube-raw/responses/; all containers where it is left out.",
        DefaultValueFactory = _ => "",
    };

    private static readonly Option<bool> All = new("--all") { Description = "Every blob below, not only the next level." };

    public static Command Create()
    {
        var command = new Command("ls", "List what is stored, in embedded storage too.") { Prefix, All };
        command.SetAction(
            (parsed, cancellationToken) =>
                CommandLine.RunAsync(token => RunAsync(parsed.GetValue(Prefix)!, parsed.GetValue(All), token), cancellationToken)
        );
        return command;
    }

    private static async Task<int> RunAsync(string prefix, bool all, CancellationToken cancellationToken)
    {
        var addresses =
            prefix.Length > 0 ? [BlobAddress.Parse(prefix)] : StorageNames.Containers.Select(name => new BlobAddress(name, "")).ToList();
        await using var app = await LocalApp.StartAsync(needsCube: false, Console.Error.WriteLine, LogLevel.Warning, cancellationToken);
        var storage = app.Services.GetRequiredService<StorageClients>();
        var lines = 0;
        foreach (var address in addresses)
        {
            await foreach (var line in LinesAsync(address, address.ClientOf(storage), all, cancellationToken))
            {
                lines++;
                await Console.Out.WriteLineAsync(line);
            }
        }

        if (lines > 0)
        {
            return 0;
        }

        await Console.Error.WriteLineAsync(
            prefix.Length > 0 ? $"Nothing begins with '{prefix}'." : $"Nothing is stored yet: '{Invocation.Of("sync")}' fills it."
        );
        return CommandLine.Failed;
    }

    private static async IAsyncEnumerable<string> LinesAsync(
        BlobAddress address,
        BlobContainerClient container,
        bool all,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var items = await PageOfAsync(address.Path);

        // A folder that is named without its slash is entered.
        if (!all && items is [{ IsPrefix: true } only] && only.Prefix == address.Path + "/")
        {
            items = await PageOfAsync(only.Prefix);
        }

        foreach (var item in items)
        {
            yield return item.IsPrefix
                ? $"{"",12}  {"",16}  {address.Container}/{item.Prefix}"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{item.Blob.Properties.ContentLength,12:N0}  {item.Blob.Properties.LastModified,16:yyyy-MM-dd HH:mm}  {address.Container}/{item.Blob.Name}"
                );
        }

        async Task<List<BlobHierarchyItem>> PageOfAsync(string path)
        {
            var found = new List<BlobHierarchyItem>();
            try
            {
                await foreach (
                    var item in container.GetBlobsByHierarchyAsync(
                        BlobTraits.None,
                        BlobStates.None,
                        all ? null : "/",
                        path,
                        cancellationToken
                    )
                )
                {
                    found.Add(item);
                }
            }
            catch (RequestFailedException exception) when (StorageErrors.IsNotCreated(exception))
            {
                // Nothing was stored in this container yet.
            }

            return found;
        }
    }
}
