using System.Collections.Concurrent;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>Looks for webhook bodies that name a person: as any text or number in them, since each sender has fields of its own.</summary>
internal sealed class InboxScan(StorageClients storage)
{
    private const int Parallelism = 16;

    /// <summary>What lies beside bodies: one event's long values, which a row names.</summary>
    public const string ValuesSuffix = ".values";

    /// <summary>Names of the bodies.</summary>
    public async Task<HashSet<string>> FindAsync(Person person, CancellationToken cancellationToken)
    {
        var search = new IdSearch([person.Imported]);
        var found = new ConcurrentBag<string>();
        var names = storage.Inbox.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, cancellationToken);
        await Parallel.ForEachAsync(
            names,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (blob, token) =>
            {
                if (
                    blob.Name.EndsWith(ValuesSuffix, StringComparison.Ordinal)
                    || blob.Name.StartsWith(ErasureFolder.Prefix, StringComparison.Ordinal)
                )
                {
                    return;
                }

                try
                {
                    var body = (await storage.Inbox.GetBlobClient(blob.Name).DownloadContentAsync(token)).Value.Content.ToMemory();
                    if (search.MayHold(body.Span) && Names(body.Span, person.Imported))
                    {
                        found.Add(blob.Name);
                    }
                }
                catch (RequestFailedException exception) when (exception.Status == 404)
                {
                    // The lifecycle rules were quicker.
                }
            }
        );
        return [.. found];
    }

    /// <summary>Deletes a body, or what lies beside one.</summary>
    public static Task DeleteAsync(StorageClients storage, string name, CancellationToken cancellationToken) =>
        storage.Inbox.GetBlobClient(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken);

    /// <summary>Whether a value in the body is the id.</summary>
    private static bool Names(ReadOnlySpan<byte> body, string id)
    {
        var reader = new Utf8JsonReader(PageReader.WithoutMark(body));
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number && JsonText.Of(ref reader) == id)
            {
                return true;
            }
        }

        return false;
    }
}
