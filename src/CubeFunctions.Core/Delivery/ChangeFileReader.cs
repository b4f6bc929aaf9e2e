using System.Buffers;
using System.IO.Pipelines;
using CubeFunctions.Core.Changes;

namespace CubeFunctions.Core.Delivery;

/// <summary>Reads a change file from a delivery's cursor on, one line ahead: a cursor names the line that comes next.</summary>
internal sealed class ChangeFileReader : IAsyncDisposable
{
    private readonly PipeReader _pipe;
    private long _offset;

    private ChangeFileReader(Stream stream, long offset) => (_pipe, _offset) = (PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024)), offset);

    /// <summary>The next line, or null at the end.</summary>
    public ChangeEntry? Next { get; private set; }

    /// <summary>Opens the file at the cursor.</summary>
    /// <exception cref="Azure.RequestFailedException">404: the file is gone.</exception>
    public static async Task<ChangeFileReader> OpenAsync(ChangeStore files, DeliveryRow row, CancellationToken cancellationToken)
    {
        if (row.NextId.Length == 0)
        {
            return await OpenAsync(files, row.Path, 0, cancellationToken);
        }

        try
        {
            var reader = await OpenAsync(files, row.Path, row.Offset, cancellationToken);
            if (reader.Next?.Id == row.NextId)
            {
                return reader;
            }

            await reader.DisposeAsync();
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or Azure.RequestFailedException { Status: 416 })
        {
            // A person's erasure took lines out in front: the offset now points into the middle of a line, or behind the end.
        }

        return await SeekAsync(files, row.Path, row.NextId, cancellationToken) ?? await OpenAsync(files, row.Path, 0, cancellationToken);
    }

    /// <summary>Opens the file at the change of an id; null when it has none.</summary>
    /// <exception cref="Azure.RequestFailedException">404: the file is gone.</exception>
    public static async Task<ChangeFileReader?> SeekAsync(ChangeStore files, string path, string id, CancellationToken cancellationToken)
    {
        var reader = await OpenAsync(files, path, 0, cancellationToken);
        while (reader.Next is { } entry)
        {
            if (entry.Id == id)
            {
                return reader;
            }

            await reader.AdvanceAsync(cancellationToken);
        }

        await reader.DisposeAsync();
        return null;
    }

    /// <summary>Goes on to the line after <see cref="Next"/>.</summary>
    public async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _pipe.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = read.Buffer.Slice(0, end).ToArray();
                _pipe.AdvanceTo(read.Buffer.GetPosition(1, end));
                Next = ChangeEntry.Parse(line, _offset);
                _offset += line.Length + 1;
                return;
            }

            _pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                Next = null;
                return;
            }
        }
    }

    public ValueTask DisposeAsync() => _pipe.CompleteAsync();

    private static async Task<ChangeFileReader> OpenAsync(ChangeStore files, string path, long offset, CancellationToken cancellationToken)
    {
        var reader = new ChangeFileReader(await files.ReadFileAsync(path, offset, cancellationToken), offset);
        try
        {
            await reader.AdvanceAsync(cancellationToken);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }
}
