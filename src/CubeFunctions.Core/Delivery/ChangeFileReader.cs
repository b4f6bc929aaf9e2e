using System.Buffers;
using System.IO.Pipelines;
using CubeFunctions.Core.Changes;

namespace CubeFunctions.Core.Delivery;

/// <summary>Reads a change file from a delivery's cursor on, one line ahead: a cursor names the line that comes next.</summary>
/// <param name="stream">The file, from <paramref name="offset"/> on.</param>
/// <param name="offset">Where that is, in bytes.</param>
/// <param name="expander">Makes lines of a baseline; null where a baseline is passed over.</param>
internal sealed class ChangeFileReader(Stream stream, long offset, BaselineExpander? expander) : IAsyncDisposable
{
    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
    private long _offset = offset;
    private long _baseline;
    private IAsyncEnumerator<ReadOnlyMemory<byte>>? _expanded;

    /// <summary>The next line, or null at the end.</summary>
    public ChangeEntry? Next { get; private set; }

    /// <summary>Goes on to the line after <see cref="Next"/>.</summary>
    /// <exception cref="BaselineGoneException">A baseline's pages are gone.</exception>
    public async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_expanded is { } expanded)
            {
                if (await expanded.MoveNextAsync())
                {
                    Next = ChangeEntry.Parse(expanded.Current[..^1], _baseline);
                    return;
                }

                await expanded.DisposeAsync();
                _expanded = null;
            }

            var start = _offset;
            if (await ReadLineAsync(cancellationToken) is not { } line)
            {
                Next = null;
                return;
            }

            if (!BaselineExpander.IsBaseline(line))
            {
                Next = ChangeEntry.Parse(line, start);
                return;
            }

            (_baseline, _expanded) = (start, expander?.ExpandAsync(line, cancellationToken).GetAsyncEnumerator(cancellationToken));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_expanded is not null)
        {
            await _expanded.DisposeAsync();
        }

        await _pipe.CompleteAsync();
    }

    private async Task<byte[]?> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _pipe.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = read.Buffer.Slice(0, end).ToArray();
                _pipe.AdvanceTo(read.Buffer.GetPosition(1, end));
                _offset += line.Length + 1;
                return line;
            }

            _pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                return null;
            }
        }
    }
}
