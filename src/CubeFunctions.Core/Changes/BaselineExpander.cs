using System.Runtime.CompilerServices;
using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Makes of a baseline line the lines that it stands for, from the pages that its manifest names: one a record, <c>created</c> or
/// <c>recorded</c>.
/// </summary>
/// <remarks>
/// The same line gives the same lines with the same ids, in the same order, as long as the pages stand. One page is in memory at a time.
/// </remarks>
public sealed class BaselineExpander(RecordLookup lookup, CustomerLookup customers, ErasedPersons erased)
{
    /// <summary>Whether a change line stands for a reading.</summary>
    public static bool IsBaseline(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("op"u8))
            {
                reader.Read();
                return reader.ValueTextEquals("baseline"u8);
            }

            reader.Skip();
        }

        return false;
    }

    /// <summary>Expands a baseline line.</summary>
    /// <param name="line">The line, as it stands in the change file.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Lines, each ended by a line feed.</returns>
    /// <exception cref="BaselineGoneException">The manifest or one of its pages is gone.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ExpandAsync(
        ReadOnlyMemory<byte> line,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var baseline = Parse(line.Span);
        var records = lookup.RecordsOf(baseline.Feed);
        records.Erased = await erased.ForAsync(baseline.Feed, baseline.AssignmentId, baseline.RunId, erasedAt: null, cancellationToken);
        var earlier = lookup.EarlierOf(records);
        var manifest = await earlier.FindManifestAsync(baseline.Manifest, cancellationToken) ?? throw new BaselineGoneException();
        var ordinals = await OrdinalsAsync(baseline, manifest, records, earlier, cancellationToken);
        var context = customers.Create(baseline.Feed, baseline.AssignmentId);
        for (var number = 1; number <= manifest.Pages.Count; number++)
        {
            using var body = await earlier.FindPageAsync(baseline.Manifest, number, cancellationToken) ?? throw new BaselineGoneException();
            var page = records.Read(body.Bytes);
            var wanted = Enumerable.Range(0, page.Digests.Length).Where(i => Covers(baseline, manifest, page.Digests[i])).ToList();
            var keys = wanted.ConvertAll(i => records.KeyOf(page.Bounds[i].Of(body.Bytes.Span)));
            var subjects = wanted
                .Select(
                    (i, place) =>
                        new LineSubject(
                            page.Bounds[i].Of(body.Bytes),
                            keys[place][0],
                            CustomerIds.Find(page.Bounds[i].Of(body.Bytes.Span), CustomerIds.Imported),
                            !page.Digests[i].Anonymised
                        )
                )
                .ToList();
            var extras = await context.DescribeAsync(subjects, newerThan: null, cancellationToken);
            for (var i = 0; i < subjects.Count; i++)
            {
                yield return LineOf(baseline, page.Digests[wanted[i]], keys[i], subjects[i], extras[i], ordinals);
            }
        }
    }

    private static byte[] LineOf(
        Baseline baseline,
        in RecordDigest digest,
        string[] key,
        LineSubject subject,
        LineExtras extras,
        Dictionary<KeyHash, List<ulong>> ordinals
    )
    {
        var ordinal = 0;
        if (ordinals.TryGetValue(digest.Key, out var contents))
        {
            ordinal = contents.IndexOf(digest.Content);
            contents[ordinal] = 0;
        }

        using var stream = new MemoryStream();
        using var writer = new ChangeLineWriter(
            stream,
            new LineHeader(baseline.Feed, baseline.Scope, baseline.AssignmentId, baseline.RunId, "", baseline.At)
        );
        writer.Write(
            new ChangeLine
            {
                Id = ChangeKeys.IdOf(baseline, digest.Key, ordinal),
                Op = baseline.Feed.Dated ? ChangeOp.Recorded : ChangeOp.Created,
                Key = ChangeKeys.TextOf(baseline.Feed, baseline.Scope, key, ordinal),
                CustomerId = extras.CustomerId,
                Record = subject.Record,
                Customer = extras.Customer,
                Labels = extras.Labels,
            }
        );
        return stream.ToArray();
    }

    /// <summary>Contents of records of equal keys, in the order of their ordinals. Keys that occur once are left out.</summary>
    private static async Task<Dictionary<KeyHash, List<ulong>>> OrdinalsAsync(
        Baseline baseline,
        WindowManifest manifest,
        FeedRecords records,
        EarlierRecords earlier,
        CancellationToken cancellationToken
    )
    {
        var all = new List<(KeyHash Key, ulong Content)>((int)manifest.Records);
        for (var number = 1; number <= manifest.Pages.Count; number++)
        {
            using var body = await earlier.FindPageAsync(baseline.Manifest, number, cancellationToken) ?? throw new BaselineGoneException();
            all.AddRange(
                records
                    .Read(body.Bytes)
                    .Digests.Where(digest => Covers(baseline, manifest, digest))
                    .Select(digest => (digest.Key, digest.Content))
            );
        }

        all.Sort();
        var ordinals = new Dictionary<KeyHash, List<ulong>>();
        for (var start = 0; start < all.Count;)
        {
            var end = start + 1;
            while (end < all.Count && all[end].Key == all[start].Key)
            {
                end++;
            }

            if (end > start + 1)
            {
                ordinals[all[start].Key] = all[start..end].ConvertAll(record => record.Content);
            }

            start = end;
        }

        return ordinals;
    }

    private static bool Covers(Baseline baseline, WindowManifest manifest, in RecordDigest digest)
    {
        if (baseline.Days is not { } days || manifest is not { From: { } from, To: { } to })
        {
            return true;
        }

        var day = Math.Clamp(digest.Day, from.DayNumber, to.DayNumber);
        return days.From <= day && day <= days.To;
    }

    private static Baseline Parse(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        var json = JsonElement.ParseValue(ref reader);
        string Text(string name) => json.GetProperty(name).GetString()!;
        int DayOf(string name) =>
            Days.TryParse(Text(name), out var day) ? day.DayNumber : throw new FormatException("A baseline names no day.");
        DayRange? days = json.TryGetProperty("from", out _) ? new DayRange(DayOf("from"), DayOf("to")) : null;
        var feed = FeedCatalogue.All.First(feed => feed.Name == Text("feed") && new Scope(feed.Scope, "").KindName == Text("scope"));
        return new Baseline(
            Text("id"),
            feed,
            new Scope(feed.Scope, Text("scopeId")),
            json.GetProperty("assignmentId").GetString(),
            Text("runId"),
            json.GetProperty("at").GetDateTimeOffset(),
            Text("manifest"),
            days,
            json.GetProperty("records").GetInt32()
        );
    }
}

/// <summary>The pages that a baseline line names are gone: the lifecycle rules were quicker, or a person was erased.</summary>
public sealed class BaselineGoneException() : Exception("The pages that a baseline names are gone.");
