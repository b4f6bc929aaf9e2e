using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Xunit;

namespace CubeFunctions.Tests.Support;

/// <summary>
/// Reads <c>cube-raw</c> the way a stranger would: run manifest, window manifests, pages; checks every size and hash on the way.
/// </summary>
public static class RawLedger
{
    /// <summary>Checks every manifest of the container and returns the records of the windows that match, feed by feed.</summary>
    public static async Task<List<string>> ReadAsync(BlobContainerClient raw, JsonElement runManifest, string feed)
    {
        var records = new List<string>();
        foreach (
            var window in runManifest
                .GetProperty("windows")
                .EnumerateArray()
                .Where(window => window.GetProperty("feed").GetString() == feed)
        )
        {
            var path = window.GetProperty("manifest").GetString()!;
            var manifest = await CheckAsync(raw, path);
            Assert.Equal(window.GetProperty("records").GetInt64(), manifest.GetProperty("records").GetInt64());
            foreach (var page in manifest.GetProperty("pages").EnumerateArray())
            {
                var bytes = await DownloadAsync(raw, FolderOf(path) + page.GetProperty("name").GetString());
                records.AddRange(RecordsOf(bytes).Select(record => record!.ToJsonString()));
            }
        }

        return records;
    }

    /// <summary>Every manifest in the container holds what it says, and no page lies around that no manifest names.</summary>
    public static async Task CheckAllAsync(BlobContainerClient raw, bool leftovers = false)
    {
        var pages = new HashSet<string>();
        var named = new HashSet<string>();
        await foreach (var blob in raw.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken))
        {
            if (blob.Name.EndsWith("/_manifest.json", StringComparison.Ordinal))
            {
                var manifest = await CheckAsync(raw, blob.Name);
                named.UnionWith(
                    manifest
                        .GetProperty("pages")
                        .EnumerateArray()
                        .Select(page => FolderOf(blob.Name) + page.GetProperty("name").GetString())
                );
            }
            else if (!blob.Name.StartsWith("runs/", StringComparison.Ordinal))
            {
                pages.Add(blob.Name);
            }
        }

        if (!leftovers)
        {
            Assert.Empty(pages.Except(named));
        }
    }

    public static async Task<JsonElement> RunAsync(BlobContainerClient raw, string runId) =>
        JsonDocument.Parse(await DownloadAsync(raw, $"runs/{runId}.json")).RootElement;

    public static JsonArray RecordsOf(byte[] page) =>
        JsonNode.Parse(page.AsSpan(page is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0)) switch
        {
            JsonArray array => array,
            JsonObject paged => paged["results"]!.AsArray(),
            _ => throw new FormatException("no page"),
        };

    public static async Task<JsonElement> CheckAsync(BlobContainerClient raw, string path)
    {
        var manifest = JsonDocument.Parse(await DownloadAsync(raw, path)).RootElement;
        long records = 0,
            bytes = 0;
        foreach (var page in manifest.GetProperty("pages").EnumerateArray())
        {
            var content = await DownloadAsync(raw, FolderOf(path) + page.GetProperty("name").GetString());
            Assert.Equal(page.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(content)));
            Assert.Equal(page.GetProperty("bytes").GetInt64(), content.Length);
            Assert.Equal(page.GetProperty("records").GetInt32(), RecordsOf(content).Count);
            records += page.GetProperty("records").GetInt32();
            bytes += content.Length;
        }

        Assert.Equal(manifest.GetProperty("records").GetInt64(), records);
        Assert.Equal(manifest.GetProperty("bytes").GetInt64(), bytes);
        if (manifest.GetProperty("proof").GetString() == "count")
        {
            // Only a person's erasure makes a proven window smaller than Cube said.
            Assert.Equal(
                manifest.TryGetProperty("redacted", out var redacted) && redacted.GetBoolean(),
                records < manifest.GetProperty("reportedCount").GetInt64()
            );

            // Broken entries of the listing have no key.
            var keys = manifest.GetProperty("distinctKeys").GetInt64();
            Assert.True(keys == records || (keys < records && path.StartsWith("campaigns/", StringComparison.Ordinal)), $"{path}: {keys}");
        }

        return manifest;
    }

    private static string FolderOf(string manifest) => manifest[..(manifest.LastIndexOf('/') + 1)];

    private static async Task<byte[]> DownloadAsync(BlobContainerClient raw, string name) =>
        (await raw.GetBlobClient(name).DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content.ToArray();
}
