using System.IO.Compression;

namespace CubeFunctions.Core.Storage;

/// <summary>Compressed content of a row in up to four columns. A column holds 64 KiB: what one does not hold goes on in the next.</summary>
internal static class PackedColumns
{
    private const int ColumnBytes = 60_000;
    private const int Columns = 4;

    /// <summary>Packs what is written.</summary>
    /// <param name="write">Writes it.</param>
    /// <returns>The four columns, the first of which is never null.</returns>
    /// <exception cref="InvalidOperationException">It is more than they hold.</exception>
    public static byte[]?[] Pack(Action<Stream> write)
    {
        using var target = new MemoryStream();
        using (var packed = new BrotliStream(target, CompressionLevel.Fastest))
        {
            write(packed);
        }

        var chunks = target.ToArray().Chunk(ColumnBytes).ToList();
        return chunks.Count > Columns
            ? throw new InvalidOperationException("It is more than a row holds.")
            : [.. Enumerable.Range(0, Columns).Select(chunks.ElementAtOrDefault)];
    }

    /// <summary>Undoes <see cref="Pack"/>.</summary>
    public static BrotliStream Open(params byte[]?[] columns) =>
        new(new MemoryStream([.. columns.SelectMany(static column => column ?? [])]), CompressionMode.Decompress);
}
