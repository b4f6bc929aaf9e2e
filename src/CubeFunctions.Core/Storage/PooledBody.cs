using System.Buffers;

namespace CubeFunctions.Core.Storage;

/// <summary>A whole body in a rented buffer. Disposing it returns the buffer.</summary>
public sealed class PooledBody : IDisposable
{
    /// <summary>
    /// Not the shared pool: that keeps buffers of each size for each thread, so that pages of a megabyte, which grew to it, took tens of
    /// them. This one keeps as many as were in use at once.
    /// </summary>
    private static readonly ArrayPool<byte> Buffers = ArrayPool<byte>.Create(maxArrayLength: 64 << 20, maxArraysPerBucket: 64);

    /// <summary>Bytes that a body of unknown length is expected to have: the largest of late, forgotten by and by.</summary>
    private static int _usual = 128 * 1024;

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
            Buffers.Return(buffer);
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
        var buffer = Buffers.Rent((int)(expected ?? Volatile.Read(ref _usual)) + 1);
        var length = 0;
        try
        {
            while (true)
            {
                if (length == buffer.Length)
                {
                    var larger = Buffers.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    Buffers.Return(buffer);
                    buffer = larger;
                }

                beforeRead();
                var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    Volatile.Write(ref _usual, Math.Max(length, _usual - (_usual >> 4)));
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
                Buffers.Return(buffer);
            }
        }
    }
}
