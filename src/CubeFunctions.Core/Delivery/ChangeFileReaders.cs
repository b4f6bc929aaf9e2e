using System.Text.Json;
using Azure;
using CubeFunctions.Core.Changes;

namespace CubeFunctions.Core.Delivery;

/// <summary>Opens change files for deliveries.</summary>
public sealed class ChangeFileReaders(ChangeStore files, BaselineExpander expander, DeliverySettings settings)
{
    /// <summary>Opens a delivery's file where it is to go on.</summary>
    /// <returns>Null when the file is gone.</returns>
    internal async Task<ChangeFileReader?> OpenAsync(DeliveryRow row, CancellationToken cancellationToken)
    {
        if (row.NextId.Length == 0)
        {
            return await OpenAtAsync(row.Path, 0, cancellationToken);
        }

        try
        {
            if (await OpenAtAsync(row.Path, row.Offset, cancellationToken) is not { } reader)
            {
                return null;
            }

            // The lines of a baseline all begin where the baseline does.
            while (reader.Next is { } entry && entry.Start == row.Offset && entry.Id != row.NextId)
            {
                await reader.AdvanceAsync(cancellationToken);
            }

            if (reader.Next?.Id == row.NextId)
            {
                return reader;
            }

            await reader.DisposeAsync();
        }
        catch (Exception exception) when (exception is JsonException or RequestFailedException { Status: 416 })
        {
            // A person's erasure took lines out in front: the offset now points into the middle of a line, or behind the end.
        }

        return await SeekAsync(row.Path, row.NextId, cancellationToken) ?? await OpenAtAsync(row.Path, 0, cancellationToken);
    }

    /// <summary>Opens a file at the change of an id.</summary>
    /// <returns>Null when the file is gone or has none of that id.</returns>
    internal async Task<ChangeFileReader?> SeekAsync(string path, string id, CancellationToken cancellationToken)
    {
        if (await OpenAtAsync(path, 0, cancellationToken) is not { } reader)
        {
            return null;
        }

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

    private async Task<ChangeFileReader?> OpenAtAsync(string path, long offset, CancellationToken cancellationToken)
    {
        if (await files.FindFileAsync(path, offset, cancellationToken) is not { } stream)
        {
            return null;
        }

        var reader = new ChangeFileReader(stream, offset, settings.Crm?.Baseline == true ? expander : null);
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
