using System.Text.Json.Nodes;
using Azure.Storage.Blobs.Models;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>Reads <c>cube-changes</c> the way a stranger would: every file, line by line, in the order of runs; ids that came before are dropped.</summary>
internal static class ChangeLedger
{
    public static async Task<List<JsonObject>> ReadAsync(TestApp app, string? runId = null)
    {
        var names = new List<string>();
        await foreach (var blob in app.Storage.ChangeFiles.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken))
        {
            if (runId is null || blob.Name.Contains($"/run={runId}_", StringComparison.Ordinal))
            {
                names.Add(blob.Name);
            }
        }

        var lines = new List<JsonObject>();
        foreach (var name in names.OrderBy(name => name[(name.IndexOf("/run=", StringComparison.Ordinal) + 1)..], StringComparer.Ordinal))
        {
            lines.AddRange(await LinesAsync(app, name));
        }

        return [.. lines.DistinctBy(line => (string)line["id"]!)];
    }

    public static async Task<string> TextAsync(TestApp app, string name) =>
        (await app.Storage.ChangeFiles.GetBlobClient(name).DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content.ToString();

    public static async Task<Dictionary<string, string>> StatesAsync(TestApp app)
    {
        var states = new Dictionary<string, string>();
        await foreach (var blob in app.Storage.State.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken))
        {
            states[blob.Name] = blob.Properties.ETag!.Value.ToString();
        }

        return states;
    }

    /// <summary>Applies lines in order to an empty store, as a reader would.</summary>
    public static Dictionary<string, JsonObject> Apply(IEnumerable<JsonObject> lines)
    {
        var store = new Dictionary<string, JsonObject>();
        foreach (var line in lines)
        {
            var key = $"{line["feed"]}/{line["scope"]}={line["scopeId"]}/{line["key"]}";
            switch ((string)line["op"]!)
            {
                case "created" or "recorded":
                    Assert.True(store.TryAdd(key, line["record"]!.AsObject()), $"{line["op"]} twice: {key}");
                    break;
                case "updated" or "corrected" or "erased":
                    Assert.True(store.ContainsKey(key), $"{line["op"]} of nothing: {key}");
                    store[key] = line["record"]!.AsObject();
                    break;
                default:
                    Assert.True(store.Remove(key), $"{line["op"]} of nothing: {key}");
                    break;
            }
        }

        return store;
    }

    private static async Task<List<JsonObject>> LinesAsync(TestApp app, string name)
    {
        var text = await TextAsync(app, name);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return [.. text[..^1].Split('\n').Select(line => JsonNode.Parse(line)!.AsObject())];
    }
}
