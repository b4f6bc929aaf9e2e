using System.Collections.Concurrent;
using System.Threading.Channels;
using CubeFunctions.Tests.Functions.Host.Protocol;
using Grpc.Core;

namespace CubeFunctions.Tests.Functions.Host;

/// <summary>The host's end of the one stream between host and worker: questions with their answers, and the worker's log.</summary>
internal sealed class WorkerChannel : FunctionRpc.FunctionRpcBase, IDisposable
{
    private readonly Channel<StreamingMessage> _outbound = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _asked = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Completes when the worker has said that it is there.</summary>
    public Task Started => _started.Task;

    /// <summary>Cancelled when the stream has ended.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>What the worker logged, oldest first.</summary>
    public ConcurrentQueue<RpcLog> Logs { get; } = new();

    /// <summary>Sends a message that is not answered.</summary>
    public void Send(StreamingMessage message) => _outbound.Writer.TryWrite(message);

    /// <summary>Sends a message and waits for its answer.</summary>
    /// <exception cref="WorkerGoneException">The stream ended before.</exception>
    public async Task<StreamingMessage> AskAsync(StreamingMessage message, CancellationToken cancellationToken)
    {
        message.RequestId = Guid.NewGuid().ToString();
        var answer = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[message.RequestId] = answer;
        if (_ended.IsCancellationRequested || !_outbound.Writer.TryWrite(message))
        {
            throw new WorkerGoneException("The worker's stream has ended.");
        }

        return await answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Ends the stream from the host's side; what was asked and not answered is lost.</summary>
    public void End() => _outbound.Writer.TryComplete();

    public void Dispose() => _ended.Dispose();

    /// <inheritdoc />
    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream,
        IServerStreamWriter<StreamingMessage> responseStream,
        ServerCallContext context
    )
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var reading = ReadAsync(requestStream, over.Token);
        var writing = WriteAsync(responseStream, over.Token);
        await Task.WhenAny(reading, writing);
        await over.CancelAsync();
        await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _ended.CancelAsync();
        foreach (var answer in _asked.Values)
        {
            answer.TrySetException(new WorkerGoneException("The worker's stream ended before the answer."));
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<StreamingMessage> messages, CancellationToken cancellationToken)
    {
        while (await messages.MoveNext(cancellationToken))
        {
            var message = messages.Current;
            switch (message.ContentCase)
            {
                case StreamingMessage.ContentOneofCase.StartStream:
                    _started.TrySetResult();
                    break;
                case StreamingMessage.ContentOneofCase.RpcLog:
                    Logs.Enqueue(message.RpcLog);
                    break;
                default:
                    if (_asked.TryRemove(message.RequestId, out var answer))
                    {
                        answer.TrySetResult(message);
                    }

                    break;
            }
        }
    }

    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> stream, CancellationToken cancellationToken)
    {
        await foreach (var message in _outbound.Reader.ReadAllAsync(cancellationToken))
        {
            await stream.WriteAsync(message, cancellationToken);
        }
    }
}
