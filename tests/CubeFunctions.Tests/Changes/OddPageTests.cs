using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Azure.Storage.Blobs.Models;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Sync;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>Bytes that a strict reader of JSON refuses: pages keep them as received, change lines are valid whatever they are.</summary>
public sealed class OddPageTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly Day = new(2026, 11, 20);
    private static readonly string Other = ScriptedCube.Response(Day, 1, "other");
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [OverGenerations("page-half-emoji.json", "response_comment", "\"Ring igjen \uFFFD\"")]
    [OverGenerations("page-half-emoji-in-name.json", "client__short_\uFFFD", "\"S\"")]
    [OverGenerations("page-latin1.json", "response_comment", "\"Bl\uFFFDb\uFFFDr\"")]
    [OverGenerations("page-bom.json", "crm__standard_info__name", "\"Kari Prøve\"")]
    [OverGenerations("page-odd-values.json", "a_big", "12345678901234567890")]
    public async Task An_odd_page_read_first_is_stored_as_received_and_its_records_are_known_when_another_is_news(
        TenantApi api,
        string input,
        string member,
        string value
    )
    {
        var page = Scripted.Input(input);
        await using var cube = await ScriptedCube.StartAsync(api, request => request.Is("/responses") ? page : null);
        var clock = new ShiftedClock(Now, 10);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        var first = await ReadAsync(app, api, page, 1);
        AssertRecord(api, input, member, value, Assert.Single(await ChangeLedger.ReadAsync(app, first.RunId)));

        page = WithOther(input);
        var second = await ReadAsync(app, api, page, 2);
        var news = Assert.Single(await ChangeLedger.NewsAsync(app, second.RunId));
        Assert.Equal(("recorded", "other"), ((string)news["op"]!, (string)news["record"]![api.CallPrefix() + "comment"]!));
        await AssertValidAsync(app, 2);
    }

    [Theory]
    [OverGenerations("page-half-emoji.json", "response_comment", "\"Ring igjen \uFFFD\"")]
    [OverGenerations("page-half-emoji-in-name.json", "client__short_\uFFFD", "\"S\"")]
    [OverGenerations("page-latin1.json", "response_comment", "\"Bl\uFFFDb\uFFFDr\"")]
    [OverGenerations("page-bom.json", "crm__standard_info__name", "\"Kari Prøve\"")]
    [OverGenerations("page-odd-values.json", "a_big", "12345678901234567890")]
    public async Task An_odd_record_that_is_news_makes_a_valid_line_that_keeps_its_values(
        TenantApi api,
        string input,
        string member,
        string value
    )
    {
        var page = Scripted.Page(1, null, [Other]);
        await using var cube = await ScriptedCube.StartAsync(api, request => request.Is("/responses") ? page : null);
        var clock = new ShiftedClock(Now, 10);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        await ReadAsync(app, api, page, 1);

        page = WithOther(input);
        var run = await ReadAsync(app, api, page, 2);
        AssertRecord(api, input, member, value, Assert.Single(await ChangeLedger.NewsAsync(app, run.RunId)));
        await AssertValidAsync(app, 2);
    }

    /// <summary>A run over the day: proven, without a failure, and stored byte for byte.</summary>
    private static async Task<RunManifest> ReadAsync(TestApp app, TenantApi api, Scripted page, long records)
    {
        var run = await app.RunAsync(new RunRequest(RunKind.Manual, [api.Calls()]) { From = Day, To = Day });
        Assert.Equal("", string.Join('|', run.Failures.Select(failure => failure.Reason)));
        Assert.Empty(await app.Get<RunReader>().FailedAsync(run.RunId, TestContext.Current.CancellationToken));
        Assert.DoesNotContain(
            app.Logs.Lines,
            line => line.Level >= LogLevel.Error || line.Text.Contains("Unexpected", StringComparison.Ordinal)
        );
        var window = Assert.Single(run.Windows, window => window.Feed == api.Calls().Name);
        Assert.Equal((RunStatus.Succeeded, Proof.Count, records), (run.Status, window.Proof, window.Records));
        var manifest = (await app.Get<RawStore>().FindManifestAsync(window.Manifest, TestContext.Current.CancellationToken))!;
        using var stored = await app.Get<RawStore>()
            .FindBytesAsync(
                window.Manifest[..^BlobPaths.ManifestName.Length] + Assert.Single(manifest.Pages).Name,
                TestContext.Current.CancellationToken
            );
        Assert.Equal(ScriptedCube.InWordsOf(api, page.Body), stored!.Bytes.ToArray());
        return run;
    }

    /// <summary>The page with another record before its own; all other bytes are the same.</summary>
    private static Scripted WithOther(string input)
    {
        var text = Encoding.Latin1.GetString(Scripted.Input(input).Body);
        var more = text.Replace("\"count\": 1", "\"count\": 2", StringComparison.Ordinal)
            .Replace("\"results\": [", $"\"results\": [{Other},", StringComparison.Ordinal);
        Assert.Equal(text.Length + Other.Length + 1, more.Length);
        return new Scripted(200, Encoding.Latin1.GetBytes(more));
    }

    private static void AssertRecord(TenantApi api, string input, string member, string value, JsonObject line)
    {
        Assert.Equal("recorded", (string)line["op"]!);
        Assert.Equal("410000065", (string)line["customerId"]!);
        var record = line["record"]!.AsObject();
        Assert.Equal(value, record[member.Replace("response_", api.CallPrefix(), StringComparison.Ordinal)]!.ToJsonString(Relaxed));
        var page = Encoding
            .UTF8.GetString(ScriptedCube.InWordsOf(api, Scripted.Input(input).Body))
            .TrimStart('\uFEFF')
            .Replace("\\ud83d", "\uFFFD", StringComparison.Ordinal);
        Assert.Equal(JsonNode.Parse(page)!["results"]![0]!.ToJsonString(Relaxed), record.ToJsonString(Relaxed));
    }

    /// <summary>Change files are valid UTF-8, and each line is JSON that can be written again.</summary>
    private static async Task AssertValidAsync(TestApp app, int files)
    {
        var cancel = TestContext.Current.CancellationToken;
        var names = await app
            .Storage.ChangeFiles.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, cancel)
            .Select(blob => blob.Name)
            .ToListAsync(cancel);
        Assert.Equal(files, names.Count);
        foreach (var name in names)
        {
            var content = (await app.Storage.ChangeFiles.GetBlobClient(name).DownloadContentAsync(cancel)).Value.Content.ToArray();
            Assert.True(Utf8.IsValid(content), name);
            Assert.Single(await ChangeLedger.LinesAsync(app, name), line => line.ToJsonString().Length > 0);
        }
    }
}
