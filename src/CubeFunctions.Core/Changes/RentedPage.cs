using System.Buffers;

namespace CubeFunctions.Core.Changes;

/// <summary>Bytes of a page in a rented buffer. Disposing it returns the buffer.</summary>
internal sealed class RentedPage(int length) : IDisposable
{
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(length);

    /// <summary>The bytes.</summary>
    public Memory<byte> Bytes => _buffer.AsMemory(0, length);

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
