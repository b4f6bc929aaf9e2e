using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>Takes a person's lines out of the change files of a scope and feed.</summary>
/// <remarks>The one place where a file that is visible is ever changed: in its place, by ETag; observers are called first.</remarks>
internal sealed class ChangeFileEraser(StorageClients storage, IEnumerable<IChangeFileObserver> observers) : IPersonalData
{
    private readonly OptimisticBlobs _files = new(storage.ChangeFiles);

    /// <inheritdoc />
    public IReadOnlyList<StorageResource> Covers { get; } = [new(StorageKind.Container, StorageNames.ChangeFiles)];

    /// <inheritdoc />
    public async Task<EraseFound?> FindAsync(PersonSearch search, CancellationToken cancellationToken)
    {
        if (search.Place is not { } place)
        {
            return null;
        }

        var customers = place.Records.OfCustomers();
        var names = await _files.ListAsync(place.Folder, cancellationToken).Select(blob => blob.Name).ToListAsync(cancellationToken);
        var found = new List<string>();

        // In the order of their runs: a line without a record is known by lines of the same key before it.
        foreach (var name in names.OrderBy(name => name[name.IndexOf("/run=", StringComparison.Ordinal)..], StringComparer.Ordinal))
        {
            if (await HoldsAsync(place, customers, name, cancellationToken))
            {
                found.Add(name);
            }
        }

        return found.Count == 0
            ? null
            : async token =>
            {
                foreach (var name in found)
                {
                    var lines = await RewriteAsync(place, customers, name, token);
                    search.Tally.Add(Erased.Lines, lines);
                    search.Tally.Add(Erased.Files, lines > 0 ? 1 : 0);
                }
            };
    }

    private async Task<bool> HoldsAsync(SearchedScope place, PersonRecords customers, string path, CancellationToken cancellationToken)
    {
        using var answer = await _files.OpenAsync(path, cancellationToken);
        var holds = false;

        // To its end: later lines may depend on what each of these shows of its key.
        await foreach (
            var line in answer is null
                ? AsyncEnumerable.Empty<ReadOnlyMemory<byte>>()
                : LineReader.ReadAsync(answer.Content, cancellationToken)
        )
        {
            holds |= Matches(place, customers, line.Span);
        }

        return holds;
    }

    /// <returns>Lines removed.</returns>
    private async Task<int> RewriteAsync(SearchedScope place, PersonRecords customers, string path, CancellationToken cancellationToken)
    {
        using var answer = await _files.OpenAsync(path, cancellationToken);
        if (answer is null)
        {
            // The lifecycle rules were quicker.
            return 0;
        }

        await using var kept = TempFile.Create();
        var (removed, following, left) = (new List<string>(), new Dictionary<string, string?>(StringComparer.Ordinal), 0);
        await foreach (var line in LineReader.ReadAsync(answer.Content, cancellationToken))
        {
            if (Matches(place, customers, line.Span))
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

        foreach (var observer in removed.Count > 0 ? observers : [])
        {
            await observer.RemovingAsync(new LinesToRemove(place.Feed, place.Scope, path, left, following), cancellationToken);
        }

        if (
            removed.Count > 0
            && await ReplaceAsync(path, kept, answer.Details, cancellationToken) is not (StorageOutcome.Saved or StorageOutcome.Gone)
        )
        {
            throw new ErasureBusyException($"A change file of {place.Feed} of {place.Scope} is being written by another worker");
        }

        return removed.Count;
    }

    private async Task<StorageOutcome> ReplaceAsync(
        string path,
        FileStream kept,
        Azure.Storage.Blobs.Models.BlobDownloadDetails old,
        CancellationToken cancellationToken
    )
    {
        if (kept.Length == 0)
        {
            return await _files.DeleteAsync(path, old.ETag, cancellationToken);
        }

        await kept.FlushAsync(cancellationToken);
        kept.Position = 0;
        var body = new BlobBody(kept, "application/x-ndjson")
        {
            Metadata = new Dictionary<string, string>(old.Metadata),
            Transfer = ChangeStore.Transfer,
        };
        return (await _files.SaveAsync(path, body, old.ETag, cancellationToken)).Outcome;
    }

    private static string IdOf(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        return JsonElement.ParseValue(ref reader).GetProperty("id").GetString()!;
    }

    private static bool Matches(SearchedScope place, PersonRecords customers, ReadOnlySpan<byte> line)
    {
        if (!place.Records.Search.MayHold(line))
        {
            return false;
        }

        bool? record = null;
        var (customer, key) = (false, "");
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isRecord, isCustomer, isKey) = (
                reader.ValueTextEquals("record"u8),
                reader.ValueTextEquals("customer"u8),
                reader.ValueTextEquals("key"u8)
            );
            var isId = reader.ValueTextEquals("customerId"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            key = isKey ? reader.GetString()! : key;
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            var value = line[start..(int)reader.BytesConsumed];
            record = isRecord && isObject ? place.Records.Matches(value) : record;
            customer |=
                (isCustomer && isObject && customers.Matches(value)) || (isId && place.Records.MatchesImported(JsonText.Of(ref reader)));
        }

        return customer || (record ?? place.Records.MatchesKey(ChangeKeys.CustomerOf(key, place.Feed)));
    }
}
