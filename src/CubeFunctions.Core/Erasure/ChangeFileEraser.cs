using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Erasure;

/// <summary>Takes a person's lines out of the change files of one scope and feed. Its caller has the lease.</summary>
internal sealed class ChangeFileEraser(StorageClients storage, DeliveryStore deliveries, Feed feed, PersonRecords records)
{
    private static readonly BlobHttpHeaders Lines = new() { ContentType = "application/x-ndjson" };
    private readonly PersonRecords _customers = records.OfCustomers();

    /// <summary>Names of the scope's files, in the order of their runs: lines without a record are told by lines before them.</summary>
    public async Task<List<string>> ListAsync(Scope scope, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var blob in storage.ChangeFiles.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{feed.Name}/{scope}/", cancellationToken))
        {
            names.Add(blob.Name);
        }

        return [.. names.OrderBy(name => name[name.IndexOf("/run=", StringComparison.Ordinal)..], StringComparer.Ordinal)];
    }

    /// <summary>Rewrites one file: in its place, by ETag; deletes it where no line is left.</summary>
    /// <remarks>The one place where a file that is visible is ever changed: deliveries that were to go on with a line that goes are moved on first.</remarks>
    /// <param name="scope">The scope that the file is of.</param>
    /// <param name="path">The file.</param>
    /// <param name="beforeRemoval">Called before anything is changed.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Lines removed.</returns>
    public async Task<int> RewriteAsync(Scope scope, string path, Func<Task> beforeRemoval, CancellationToken cancellationToken)
    {
        var blob = storage.ChangeFiles.GetBlockBlobClient(path);
        using var answer = await FindAsync(blob, cancellationToken);
        if (answer is null)
        {
            return 0;
        }

        await using var kept = TempFile.Create();
        var (removed, following, left) = (new List<string>(), new Dictionary<string, string?>(StringComparer.Ordinal), 0);
        await foreach (var line in LineReader.ReadAsync(answer.Content, cancellationToken))
        {
            if (records.Search.MayHold(line.Span) && Matches(line.Span))
            {
                removed.Add(IdOf(line.Span));
                following[removed[^1]] = null;
            }
            else
            {
                for (var i = removed.Count - 1; i >= 0 && following[removed[i]] is null; i--)
                {
                    following[removed[i]] = IdOf(line.Span);
                }

                kept.Write(line.Span);
                left++;
            }
        }

        if (removed.Count == 0)
        {
            return 0;
        }

        await beforeRemoval();
        await deliveries.MoveOnAsync(ChangeStream.NameOf(feed, scope), path, left, following, cancellationToken);
        var conditions = new BlobRequestConditions { IfMatch = answer.Details.ETag };
        if (kept.Length == 0)
        {
            await blob.DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, conditions, cancellationToken);
            return removed.Count;
        }

        await kept.FlushAsync(cancellationToken);
        kept.Position = 0;
        await blob.UploadAsync(kept, new BlobUploadOptions { Conditions = conditions, HttpHeaders = Lines, Metadata = answer.Details.Metadata, TransferOptions = ChangeStore.Transfer }, cancellationToken);
        return removed.Count;
    }

    private static async Task<BlobDownloadStreamingResult?> FindAsync(BlockBlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // The lifecycle rules were quicker.
            return null;
        }
    }

    private static string IdOf(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        return JsonElement.ParseValue(ref reader).GetProperty("id").GetString()!;
    }

    private bool Matches(ReadOnlySpan<byte> line)
    {
        bool? record = null;
        var (customer, key) = (false, "");
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isRecord, isCustomer, isKey) = (reader.ValueTextEquals("record"u8), reader.ValueTextEquals("customer"u8), reader.ValueTextEquals("key"u8));
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            key = isKey ? reader.GetString()! : key;
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            var value = line[start..(int)reader.BytesConsumed];
            record = isRecord && isObject ? records.Matches(value) : record;
            customer |= isCustomer && isObject && _customers.Matches(value);
        }

        return customer || (record ?? records.MatchesKey(ChangeLineWriter.CustomerOf(key, feed)));
    }
}
