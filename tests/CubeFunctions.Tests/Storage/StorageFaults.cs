using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;

namespace CubeFunctions.Tests.Storage;

/// <summary>
/// Stands between a storage client and storage: does what is asked and loses the answer, or does nothing at all. Counts what is sent.
/// </summary>
internal sealed class StorageFaults : HttpPipelinePolicy
{
    private int _lose;
    private int _keep;
    private int _requests;

    /// <summary>Requests that went out, repeats among them.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Whether nothing gets through.</summary>
    public bool Away { get; set; }

    /// <summary>Whether requests hang until they are given up.</summary>
    public bool Hangs { get; set; }

    /// <summary>Whether writes are done and never answered.</summary>
    public bool Mute { get; set; }

    /// <summary>Loses the answers to so many writes, once so many others were answered.</summary>
    public void LoseAnswers(int count = 1, int after = 0)
    {
        Volatile.Write(ref _lose, count);
        Volatile.Write(ref _keep, after);
    }

    public TableClient Table(string connection, string name)
    {
        var options = new TableClientOptions();
        options.AddPolicy(this, HttpPipelinePosition.BeforeTransport);
        Quick(options.Retry);
        return new TableClient(connection, name, options);
    }

    public BlobContainerClient Container(string connection, string name)
    {
        var options = new BlobClientOptions();
        options.AddPolicy(this, HttpPipelinePosition.BeforeTransport);
        Quick(options.Retry);
        return new BlobContainerClient(connection, name, options);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        Interlocked.Increment(ref _requests);
        if (Away)
        {
            throw new IOException("storage is away");
        }

        if (Hangs)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, message.CancellationToken);
        }

        await ProcessNextAsync(message, pipeline);
        if (
            message.Request.Method != RequestMethod.Get
            && message.Request.Method != RequestMethod.Head
            && (Mute || (Interlocked.Decrement(ref _keep) < 0 && Interlocked.Decrement(ref _lose) >= 0))
        )
        {
            throw new IOException("the answer was lost");
        }
    }

    private static void Quick(RetryOptions retry) =>
        (retry.MaxRetries, retry.Delay, retry.MaxDelay) = (2, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2));
}
