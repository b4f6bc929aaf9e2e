using System.Text;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Local.Commands;

/// <summary>
/// Writes the change lines of each feed and scope into one file, in the order of runs, with baselines expanded from the pages that they
/// name.
/// </summary>
internal sealed class ChangeExporter(StorageClients storage, BaselineExpander expander)
{
    private const string Folder = "changes";
    private const string Run = "/run=";
    private readonly OptimisticBlobs _blobs = new(storage.ChangeFiles);

    /// <summary>Exports.</summary>
    /// <param name="feeds">Names of the feeds; empty for all.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="say">Takes notes for the user.</param>
    /// <param name="cancellationToken">Ends it between two lines.</param>
    public async Task<ChangeExport> RunAsync(
        IReadOnlySet<string> feeds,
        string folder,
        Action<string> say,
        CancellationToken cancellationToken
    )
    {
        var files = new List<string>();
        await foreach (var blob in _blobs.ListAsync("", cancellationToken))
        {
            if (blob.Name.Split('/') is [var feed, _, _, _] && (feeds.Count == 0 || feeds.Contains(feed)))
            {
                files.Add(blob.Name);
            }
        }

        var exported = new ChangeExport([], 0);
        foreach (
            var scope in files
                .GroupBy(name => name[..name.IndexOf("/date=", StringComparison.Ordinal)])
                .OrderBy(group => group.Key, StringComparer.Ordinal)
        )
        {
            var target = Path.Combine([Folder, .. scope.Key.Replace('=', '-').Split('/')]) + ".ndjson";
            Directory.CreateDirectory(Path.Combine(folder, Path.GetDirectoryName(target)!));
            await using var output = File.Create(Path.Combine(folder, target));
            var lines = 0;
            foreach (var name in scope.OrderBy(name => name[name.IndexOf(Run, StringComparison.Ordinal)..], StringComparer.Ordinal))
            {
                try
                {
                    lines += await CopyAsync(name, output, cancellationToken);
                }
                catch (BaselineGoneException)
                {
                    exported = exported with { Missing = exported.Missing + 1 };
                    say($"Pages that a baseline in {name} names are gone: records are missing.");
                }
            }

            exported.Files.Add((target.Replace('\\', '/'), lines));
        }

        return exported;
    }

    private async Task<int> CopyAsync(string name, FileStream output, CancellationToken cancellationToken)
    {
        if (await _blobs.OpenAsync(name, cancellationToken) is not { } blob)
        {
            return 0;
        }

        var lines = 0;
        using (blob)
        {
            // Change files are always valid UTF-8, a line each ended by a line feed.
            using var reader = new StreamReader(blob.Content, Encoding.UTF8);
            while (await reader.ReadLineAsync(cancellationToken) is { } text)
            {
                var line = Encoding.UTF8.GetBytes(text);
                if (!BaselineExpander.IsBaseline(line))
                {
                    await output.WriteAsync(line, cancellationToken);
                    output.WriteByte((byte)'\n');
                    lines++;
                    continue;
                }

                await foreach (var expanded in expander.ExpandAsync(line, cancellationToken))
                {
                    await output.WriteAsync(expanded, cancellationToken);
                    lines++;
                }
            }
        }

        return lines;
    }
}

/// <summary>What was exported.</summary>
/// <param name="Files">Files below the folder, with their lines.</param>
/// <param name="Missing">Change files with a baseline whose pages are gone.</param>
internal sealed record ChangeExport(List<(string Name, int Lines)> Files, int Missing);
