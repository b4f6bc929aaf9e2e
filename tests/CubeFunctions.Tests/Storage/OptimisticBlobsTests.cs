using Azure.Storage.Blobs;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Storage;

public sealed class OptimisticBlobsTests(AzuriteFixture azurite)
{
    private readonly StorageFaults _faults = new();
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_blob_is_created_and_replaced_once_though_answers_are_lost(int lost)
    {
        var (ours, _) = await OpenAsync();
        _faults.LoseAnswers(lost);
        var first = await ours.CreateAsync("a", Text("one"), _token);
        Assert.True(first.IsSaved);
        _faults.LoseAnswers(lost);
        var second = await ours.SaveAsync("a", Text("two"), first.ETag, _token);
        Assert.True(second.IsSaved);
        var read = (await ours.FindAsync("a", _token))!;
        Assert.Equal(("two", second.ETag), (read.Data!.ToString(), read.ETag));
        Assert.True((await ours.FindAsync("a", second.ETag, _token))!.IsUnchanged);
        Assert.False((await ours.FindAsync("a", first.ETag, _token))!.IsUnchanged);
        _faults.LoseAnswers(lost);
        Assert.Equal(StorageOutcome.Saved, await ours.DeleteAsync("a", second.ETag, _token));
        Assert.Null(await ours.FindAsync("a", _token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_blob_of_somebody_else_stays_as_it_is(int lost)
    {
        var (ours, others) = await OpenAsync();
        var first = await ours.CreateAsync("a", Text("one"), _token);
        Assert.True((await others.SaveAsync("a", Text("theirs"), first.ETag, _token)).IsSaved);
        _faults.LoseAnswers(lost);
        Assert.Equal(StorageOutcome.Exists, (await ours.CreateAsync("a", Text("ours"), _token)).Outcome);
        _faults.LoseAnswers(lost);
        Assert.Equal(StorageOutcome.Changed, (await ours.SaveAsync("a", Text("ours"), first.ETag, _token)).Outcome);
        Assert.Equal(StorageOutcome.Changed, await ours.DeleteAsync("a", first.ETag, _token));
        Assert.Equal("theirs", (await ours.FindAsync("a", _token))!.Data!.ToString());
        Assert.Equal(StorageOutcome.Saved, await others.DeleteAsync("a", default, _token));
        Assert.Equal(StorageOutcome.Gone, (await ours.SaveAsync("a", Text("ours"), first.ETag, _token)).Outcome);
        Assert.Equal(StorageOutcome.Saved, await ours.DeleteAsync("a", first.ETag, _token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_blob_that_goes_up_in_blocks_recognises_itself_at_any_of_them(int answered)
    {
        var (ours, _) = await OpenAsync();
        var bytes = new byte[10_000];
        var body = new BlobBody(new MemoryStream(bytes), "application/octet-stream")
        {
            Transfer = new()
            {
                InitialTransferSize = 4000,
                MaximumTransferSize = 4000,
                MaximumConcurrency = 1,
            },
        };
        _faults.LoseAnswers(1, answered);
        var created = await ours.CreateAsync("large", body, _token);
        Assert.True(created.IsSaved);
        Assert.Equal(bytes.Length, (await ours.FindAsync("large", _token))!.Data!.ToMemory().Length);
        Assert.Equal(created.ETag, (await ours.FindPropertiesAsync("large", _token))!.ETag);
    }

    [Fact]
    public async Task A_missing_container_is_empty_and_created_by_the_first_write()
    {
        var account = await azurite.NewAccountAsync();
        var blobs = new OptimisticBlobs(_faults.Container(account, "none"));
        Assert.Null(await blobs.FindAsync("a", _token));
        Assert.Null(await blobs.OpenAsync("a", _token));
        Assert.Null(await blobs.OpenAtAsync("a", 0, 100, _token));
        Assert.Null(await blobs.FindPropertiesAsync("a", _token));
        Assert.Empty(await blobs.ListAsync("", _token).ToListAsync(_token));
        Assert.Equal(StorageOutcome.Saved, await blobs.DeleteAsync("a", default, _token));
        _faults.LoseAnswers();
        Assert.True(
            (
                await blobs.CreateAsync(
                    "folder/a",
                    Text("one") with
                    {
                        Metadata = new Dictionary<string, string> { ["attempt"] = "7" },
                    },
                    _token
                )
            ).IsSaved
        );
        Assert.Equal(["folder/a"], await blobs.ListAsync("folder/", _token).Select(blob => blob.Name).ToListAsync(_token));
        var read = (await blobs.FindAsync("folder/a", _token))!;
        Assert.Equal(("one", "7"), (read.Data!.ToString(), read.Metadata["attempt"]));
        using var open = await blobs.OpenAsync("folder/a", _token);
        Assert.Equal("text/plain", open!.Details.ContentType);
        await using var stream = await blobs.OpenAtAsync("folder/a", 1, 100, _token);
        using var reader = new StreamReader(stream!);
        Assert.Equal("ne", await reader.ReadToEndAsync(_token));
    }

    private static BlobBody Text(string text) => new(BinaryData.FromString(text).ToStream(), "text/plain");

    private async Task<(OptimisticBlobs Ours, OptimisticBlobs Others)> OpenAsync()
    {
        var account = await azurite.NewAccountAsync();
        var container = _faults.Container(account, "blobs");
        await container.CreateAsync(cancellationToken: _token);
        return (new OptimisticBlobs(container), new OptimisticBlobs(new BlobContainerClient(account, "blobs")));
    }
}
