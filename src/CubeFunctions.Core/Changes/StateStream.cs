namespace CubeFunctions.Core.Changes;

/// <summary>
/// A state as its file has it: what comes before the entries, then these as they lie in memory, of which no copy is made.
/// </summary>
/// <param name="start">What comes before them.</param>
/// <param name="entries">The entries.</param>
internal sealed class StateStream(ReadOnlyMemory<byte> start, StateEntry[] entries) : Stream
{
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => start.Length + StateFormat.BytesOf(entries).Length;

    public override long Position
    {
        get => _position;
        set => _position = checked((int)value);
    }

    public override int Read(Span<byte> buffer)
    {
        var left = _position < start.Length ? start.Span[_position..] : StateFormat.BytesOf(entries)[(_position - start.Length)..];
        left = left[..Math.Min(left.Length, buffer.Length)];
        left.CopyTo(buffer);
        _position += left.Length;
        return left.Length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken) : new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) =>
        Position =
            offset
            + origin switch
            {
                SeekOrigin.Begin => 0,
                SeekOrigin.Current => Position,
                _ => Length,
            };

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
