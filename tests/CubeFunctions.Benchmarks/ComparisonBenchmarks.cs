using System.Globalization;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Benchmarks;

/// <summary>
/// What it costs to find out which of many customers have changed (one in a hundred has), against a floor that only parses the same pages:
/// digests of all
/// records, the comparison with what is known, and the state file read and written. Storage and Cube are left out. Needs nothing.
/// </summary>
[MemoryDiagnoser]
[Config(typeof(Settings))]
public class ComparisonBenchmarks
{
    private const int PageSize = 500;
    private static readonly RecordReader Reader = new(
        FeedCatalogue.Customers,
        new ContentRules(FeedCatalogue.Customers, new ChangeSettings())
    );
    private byte[] _known = [];
    private List<byte[]> _pages = [];

    [Params(100_000, 1_000_000)]
    public int Customers { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var source = new StateSource("customers/_manifest.json", null, null, DateTimeOffset.UnixEpoch, "r1", DateTimeOffset.UnixEpoch);
        _pages = Pages(changed: false);
        using var known = new MemoryStream();
        StateFormat
            .Open(
                new ScopeState
                {
                    Run = "r1",
                    Basis = "r1",
                    Sources = [source],
                    Entries = Entries(),
                }
            )
            .CopyTo(known);
        _known = known.ToArray();
        _pages = Pages(changed: true);
    }

    [Benchmark(Baseline = true)]
    public long Parse()
    {
        var tokens = 0L;
        foreach (var page in _pages)
        {
            var reader = new Utf8JsonReader(page);
            while (reader.Read())
            {
                tokens++;
            }
        }

        return tokens;
    }

    [Benchmark]
    public async Task<int> Compare()
    {
        using var known = new MemoryStream(_known);
        var state = await StateFormat.ReadAsync(known, CancellationToken.None);
        var window = Entries();
        var comparison = new WindowComparison(state, window, null);
        await StateFormat.Open(state with { Entries = window }).CopyToAsync(Stream.Null);
        return comparison.Changes.Count == Customers / 100
            ? comparison.Changes.Count
            : throw new InvalidOperationException($"{comparison.Changes.Count} changes were found.");
    }

    private StateEntry[] Entries()
    {
        var entries = new StateEntry[Customers];
        var count = 0;
        for (var page = 0; page < _pages.Count; page++)
        {
            foreach (var digest in Reader.Read(_pages[page]).Digests)
            {
                entries[count++] = new StateEntry(digest.Key, digest.Content, digest.Alias, 0, page + 1, 0, 0, EntryFlags.None);
            }
        }

        Array.Sort(entries);
        return entries;
    }

    private List<byte[]> Pages(bool changed) =>
        [
            .. Enumerable
                .Range(0, Customers)
                .Chunk(PageSize)
                .Select(chunk =>
                    Encoding.UTF8.GetBytes(
                        $$"""{"count":{{Customers}},"next":null,"previous":null,"results":[{{string.Join(',', chunk.Select(number => Record(number, changed && number % 100 == 0)))}}]}"""
                    )
                ),
        ];

    private static string Record(int number, bool changed) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"id":{{10_000_000 + number}},"customer_id":"CRM-{{number:D7}}","assignment_id":17,"name":"Kari Eksempel {{number}}","gender":"F","birth_date":"1970-01-01","address_street":"Storgata","address_street_no":{{number % 200}},"zip_code":"2317","city":"{{(changed ? "Ålesund" : "Hamar")}}","county":"Innlandet","country":"Norge","phone_1":"9{{number:D7}}","phone_2":"","email":"kari{{number}}@example.com","active products":"Strøm","Antall år":{{number % 9}},"updated":"2026-06-10 09:00","updated_by":"Kari Agent","update_method":"Import new"}"""
        );

    private sealed class Settings : ManualConfig
    {
        public Settings() =>
            AddJob(
                Job.Default.WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(10), logOutput: false))
                    .WithStrategy(RunStrategy.Monitoring)
                    .WithWarmupCount(1)
                    .WithIterationCount(5)
            );
    }
}
