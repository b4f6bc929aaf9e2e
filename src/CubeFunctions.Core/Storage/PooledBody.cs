using System.Buffers;

namespace CubeFunctions.Core.Storage;

/// <summary>A whole body in a rented buffer. Disposing it returns the buffer.</summary>
public sealed class PooledBody : IDisposable
{
    private byte[] _buffer;

    private PooledBody(byte[] buffer, int length)
    {
        _buffer = buffer;
        Length = length;
    }

    /// <summary>Bytes received.</summary>
    public int Length { get; }

    /// <summary>The bytes exactly as received.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, Length);

    /// <summary>The same bytes as a stream.</summary>
    public Stream OpenRead() => new MemoryStream(_buffer, 0, Length, writable: false);

    /// <inheritdoc />
    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">What to read.</param>
    /// <param name="expected">The length that was announced, or null.</param>
    /// <param name="limit">The most bytes to take.</param>
    /// <param name="beforeRead">Called before each read: restarts the clock of silence.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <returns>The body, or null when there are more bytes than <paramref name="limit"/>.</returns>
    internal static async Task<PooledBody?> ReadAsync(
        Stream stream,
        long? expected,
        int limit,
        Action beforeRead,
        CancellationToken cancellationToken
    )
    {
        if (expected > limit)
        {
            return null;
        }

        // One byte more than announced, so that the end is seen without growing.
        var buffer = ArrayPool<byte>.Shared.Rent((int)(expected + 1 ?? 128 * 1024));
        var length = 0;
        try
        {
            while (true)
            {
                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                beforeRead();
                var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    var body = new PooledBody(buffer, length);
                    buffer = [];
                    return body;
                }

                length += read;
                if (length > limit)
                {
                    return null;
                }
            }
        }
        finally
        {
            if (buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
