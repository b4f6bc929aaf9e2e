using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs.Models;
using CubeFunctions.Core.Changes;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>
/// Reads <c>cube-changes</c> the way a stranger would: every file, line by line, in the order of runs; ids that came before are dropped.
/// </summary>
internal static class ChangeLedger
{
    /// <summary>Every line, baselines expanded.</summary>
    public static Task<List<JsonObject>> ReadAsync(TestApp app, string? runId = null) => ReadAsync(app, runId, ExpandAsync);

    /// <summary>The lines that carry a record each: what is delivered unless baselines are asked for.</summary>
    public static Task<List<JsonObject>> NewsAsync(TestApp app, string? runId = null) =>
        ReadAsync(app, runId, (_, _) => Task.FromResult(new List<JsonObject>()));

    private static async Task<List<JsonObject>> ReadAsync(
        TestApp app,
        string? runId,
        Func<TestApp, JsonObject, Task<List<JsonObject>>> expandAsync
    )
    {
        var names = new List<string>();
        await foreach (
            var blob in app.Storage.ChangeFiles.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken)
        )
        {
            if (runId is null || blob.Name.Contains($"/run={runId}_", StringComparison.Ordinal))
            {
                names.Add(blob.Name);
            }
        }

        var lines = new List<JsonObject>();
        foreach (var name in names.OrderBy(name => name[(name.IndexOf("/run=", StringComparison.Ordinal) + 1)..], StringComparer.Ordinal))
        {
            foreach (var line in await LinesAsync(app, name))
            {
                lines.AddRange((string)line["op"]! == "baseline" ? await expandAsync(app, line) : [line]);
            }
        }

        return [.. lines.DistinctBy(line => (string)line["id"]!)];
    }

    public static async Task<string> TextAsync(TestApp app, string name) =>
        (
            await app.Storage.ChangeFiles.GetBlobClient(name).DownloadContentAsync(TestContext.Current.CancellationToken)
        ).Value.Content.ToString();

    public static async Task<Dictionary<string, string>> StatesAsync(TestApp app)
    {
        var states = new Dictionary<string, string>();
        await foreach (
            var blob in app.Storage.State.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, TestContext.Current.CancellationToken)
        )
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
                case "updated" or "corrected" or "erased" when line["record"] is not null:
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

    /// <summary>
    /// Of each record, what was taken came in the order in which it was published. Lists are streams of their own: two CRMs may know a
    /// customer each by the same imported id.
    /// </summary>
    public static void AssertInOrder(IEnumerable<JsonObject> published, IEnumerable<JsonObject> taken)
    {
        var order = published
            .Select((change, place) => (Id: (string)change["id"]!, place))
            .ToDictionary(change => change.Id, change => change.place);
        AtLeastOne.All(
            taken.GroupBy(change => $"{change["feed"]}/{change["scope"]}={change["scopeId"]}/{change["key"]}"),
            changes =>
            {
                int[] places = [.. changes.Select(change => order[(string)change["id"]!])];
                Assert.True(
                    places.Order().SequenceEqual(places),
                    string.Join('\n', changes.Zip(places, (change, place) => $"{place} {changes.Key} {change["runId"]} {change["at"]}"))
                );
            }
        );
    }

    /// <summary>The lines that a baseline line stands for.</summary>
    public static async Task<List<JsonObject>> ExpandAsync(TestApp app, JsonObject baseline)
    {
        var lines = new List<JsonObject>();
        await foreach (
            var line in app.Get<BaselineExpander>()
                .ExpandAsync(Encoding.UTF8.GetBytes(baseline.ToJsonString()), TestContext.Current.CancellationToken)
        )
        {
            lines.Add(JsonNode.Parse(line.Span)!.AsObject());
        }

        // Fewer where a person was erased since.
        Assert.InRange(lines.Count, 0, (int)baseline["records"]!);
        return lines;
    }

    /// <summary>The lines of a file as they stand there.</summary>
    public static async Task<List<JsonObject>> LinesAsync(TestApp app, string name)
    {
        var text = await TextAsync(app, name);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return [.. text[..^1].Split('\n').Select(line => JsonNode.Parse(line)!.AsObject())];
    }
}
