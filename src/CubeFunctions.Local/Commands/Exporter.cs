using System.Text.Json;
using System.Text.Json.Serialization;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Local.Commands;

/// <summary>
/// Follows run manifests from the newest on, and copies the pages of windows that hold a day, or a snapshot, which no newer proven window
/// holds.
/// </summary>
internal sealed class Exporter(StorageClients storage, RawStore raw, RunReader runs)
{
    public const string IndexName = "windows.json";
    private const string Runs = "runs/";
    private readonly OptimisticBlobs _blobs = new(storage.Raw);

    /// <summary>Exports.</summary>
    /// <param name="feeds">Names of the feeds; empty for all.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="say">Takes notes for the user.</param>
    /// <param name="cancellationToken">Ends it between two reads.</param>
    public async Task<ExportReport> RunAsync(
        IReadOnlySet<string> feeds,
        string folder,
        Action<string> say,
        CancellationToken cancellationToken
    )
    {
        Directory.CreateDirectory(folder);
        var exported = new List<ExportedWindow>();
        var missing = 0;
        await foreach (var window in NewestAsync(feeds, cancellationToken))
        {
            if (await CopyAsync(window, folder, cancellationToken) is { } files)
            {
                exported.Add(
                    new ExportedWindow(
                        window.Feed,
                        window.Scope,
                        window.ScopeId,
                        window.From,
                        window.To,
                        window.Proof.ToString().ToLowerInvariant(),
                        window.Records,
                        window.Manifest,
                        files
                    )
                );
            }
            else
            {
                missing++;
                say($"A page that {window.Manifest} names is gone: this window is left out.");
            }
        }

        if (exported.Count > 0)
        {
            await File.WriteAllBytesAsync(
                Path.Combine(folder, IndexName),
                JsonSerializer.SerializeToUtf8Bytes(exported, ExportJson.Default.ListExportedWindow),
                cancellationToken
            );
        }

        return new ExportReport(exported, missing);
    }

    private async IAsyncEnumerable<RunWindow> NewestAsync(
        IReadOnlySet<string> feeds,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var ids = new List<string>();
        await foreach (var blob in _blobs.ListAsync(Runs, cancellationToken))
        {
            ids.Add(Path.GetFileNameWithoutExtension(blob.Name));
        }

        ids.Sort(StringComparer.Ordinal);
        ids.Reverse();
        var held = new HashSet<(string Feed, string Scope, string ScopeId, DateOnly? Day)>();
        foreach (var id in ids)
        {
            if (await runs.FindManifestAsync(id, cancellationToken) is not { } run)
            {
                continue;
            }

            foreach (
                var window in run.Windows.Where(window => window.Proof != Proof.None && (feeds.Count == 0 || feeds.Contains(window.Feed)))
            )
            {
                // All of its days are held from now on, not only the first that is news.
                var news = DaysOf(window).Where(day => held.Add((window.Feed, window.Scope, window.ScopeId, day))).ToList();
                if (news.Count > 0)
                {
                    yield return window;
                }
            }
        }
    }

    /// <summary>The days of a window; a snapshot is of no day.</summary>
    private static IEnumerable<DateOnly?> DaysOf(RunWindow window) =>
        window is { From: { } from, To: { } to }
            ? Enumerable.Range(0, to.DayNumber - from.DayNumber + 1).Select(day => (DateOnly?)from.AddDays(day))
            : [null];

    /// <returns>The files, or null where the pages are gone.</returns>
    private async Task<IReadOnlyList<string>?> CopyAsync(RunWindow window, string folder, CancellationToken cancellationToken)
    {
        // An erasure writes the manifest over with other pages: a page that is gone is looked for once more.
        const int Tries = 2;
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (
                await raw.FindManifestAsync(window.Manifest, cancellationToken) is { } manifest
                && await CopyAsync(window, manifest, folder, cancellationToken) is { } files
            )
            {
                return files;
            }
        }

        return null;
    }

    private async Task<IReadOnlyList<string>?> CopyAsync(
        RunWindow window,
        WindowManifest manifest,
        string folder,
        CancellationToken cancellationToken
    )
    {
        var source = window.Manifest[..^BlobPaths.ManifestName.Length];

        // feed/scope=id/window=.../run=.../: the names in between are safe for file systems.
        var place = source
            .Split('/')
            .TakeWhile(part => !part.StartsWith("run=", StringComparison.Ordinal) && !part.StartsWith("window=", StringComparison.Ordinal))
            .Select(part => part.Replace('=', '-'));
        var target = Path.Combine([.. place]);
        Directory.CreateDirectory(Path.Combine(folder, target));
        var name = window is { From: { } from, To: { } to } ? $"{from.Iso()}_{to.Iso()}" : "snapshot";
        var files = new List<string>();
        foreach (var page in manifest.Pages)
        {
            if (await _blobs.OpenAsync(source + page.Name, cancellationToken) is not { } blob)
            {
                return null;
            }

            using (blob)
            {
                var file = Path.Combine(target, $"{name}_{Path.GetFileName(page.Name)}");
                await using var output = File.Create(Path.Combine(folder, file));
                await blob.Content.CopyToAsync(output, cancellationToken);
                files.Add(file.Replace('\\', '/'));
            }
        }

        return files;
    }
}

/// <summary>What was exported.</summary>
/// <param name="Windows">The windows, newest run first.</param>
/// <param name="Missing">Windows whose pages are gone.</param>
internal sealed record ExportReport(IReadOnlyList<ExportedWindow> Windows, int Missing);

/// <summary>One window of an export, in <c>windows.json</c>.</summary>
internal sealed record ExportedWindow(
    string Feed,
    string Scope,
    string ScopeId,
    DateOnly? From,
    DateOnly? To,
    string Proof,
    long Records,
    string Manifest,
    IReadOnlyList<string> Files
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(List<ExportedWindow>))]
internal sealed partial class ExportJson : JsonSerializerContext;
