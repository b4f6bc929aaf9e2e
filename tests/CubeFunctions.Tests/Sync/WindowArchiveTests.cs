using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>Pages are removed by the worker that ends a window, and never those that a manifest names.</summary>
public sealed class WindowArchiveTests(AzuriteFixture azurite)
{
    private const string Folder = "responses/campaign=1/window=20261120_20261120/run=20261121T090000000Z-abcdef/";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_stalled_workers_manifest_names_stays_whoever_ends_the_window_after_it(bool abandons)
    {
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), new Uri("http://127.0.0.1:1"));
        var raw = app.Get<RawStore>();
        var stalled = new WindowArchive(raw, Folder, resumes: false);
        var holder = new WindowArchive(raw, Folder, resumes: true);
        await StoreAsync(stalled, attempt: 1);
        await holder.OpenAsync(Token);
        await StoreAsync(holder, attempt: 2);

        // It lost its lease long ago, and writes all the same.
        await stalled.CompleteAsync(Manifest(attempt: 1), Token);
        await StoreAsync(holder, attempt: 2);
        var counts = abandons ? await holder.AbandonAsync(Token) : await holder.CompleteAsync(Manifest(attempt: 2), Token);
        Assert.Equal([BlobPaths.Page(1, 1)], counts!.Pages.Select(page => page.Name));
        Assert.Equal(
            [BlobPaths.ManifestName, BlobPaths.Page(1, 1)],
            (await raw.ListAsync(Folder, Token).ToListAsync(Token)).Order(StringComparer.Ordinal)
        );
    }

    private static async Task StoreAsync(WindowArchive archive, int attempt)
    {
        using var bytes = new MemoryStream("""{"count":0,"results":[]}"""u8.ToArray());
        using var page = await PooledBody.ReadAsync(bytes, bytes.Length, int.MaxValue, static () => { }, Token);
        await archive.WriteAsync(attempt, 1, page!, Token);
    }

    private static WindowManifest Manifest(int attempt) =>
        new()
        {
            RunId = "20261121T090000000Z-abcdef",
            Feed = "responses",
            Scope = "campaign",
            ScopeId = "1",
            Proof = Proof.Count,
            Sweeps = 1,
            ReportedCount = 0,
            Records = 0,
            DistinctKeys = 0,
            Bytes = 24,
            StartedAt = DateTimeOffset.UnixEpoch,
            CompletedAt = DateTimeOffset.UnixEpoch,
            Pages = [new ManifestPage(BlobPaths.Page(attempt, 1), 0, 24, new string('0', 64))],
        };
}
