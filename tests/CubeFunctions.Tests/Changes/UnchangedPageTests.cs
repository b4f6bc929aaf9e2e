using System.Collections.Concurrent;
using System.Globalization;
using Azure.Storage.Blobs.Models;
using Cube.Simulator;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Sync;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>Pages of a snapshot that are those of the last proven reading, byte for byte, while others differ.</summary>
public sealed class UnchangedPageTests(AzuriteFixture azurite)
{
    private const int Customers = 400;
    private const int PageSize = 25;
    private const int Pages = Customers / PageSize;
    private const long FirstId = 10_000_000;
    private static readonly RunRequest Snapshot = RunRequest.Snapshot([FeedCatalogue.Customers]);
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = Customers,
        PageSize = PageSize,
    };

    [Theory]
    [OverGenerations]
    public async Task They_are_not_parsed_and_what_is_known_is_as_if_they_were(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var notes = new PageNotes();
        await using var app = await StartAsync(cube, notes);
        var assignment = cube.Data.AssignmentIds[0];
        await app.RunAsync(Snapshot);
        var random = new Random(14);
        for (var day = 1; day <= 5; day++)
        {
            long[] edited = [.. Enumerable.Range(0, 3).Select(_ => FirstId + random.Next(Customers / 2)).Distinct()];
            Array.ForEach(edited, id => cube.Data.EditCustomer(assignment, id, "city", $"By {day}"));
            if (day == 3)
            {
                // The count of all pages is another.
                cube.Data.DeleteCustomer(assignment, FirstId + Customers - 1);
            }

            notes.Clear();
            var run = await app.RunAsync(Snapshot);
            Assert.Equal(0, run.Items.Unproven);
            Assert.Equal(
                edited.Append(FirstId + Customers - 1).Where(id => day == 3 || id < FirstId + Customers - 1).Order(),
                (await ChangeLedger.ReadAsync(app, run.RunId))
                    .Select(line => long.Parse((string)line["key"]!, CultureInfo.InvariantCulture))
                    .Order()
            );
            if (day != 3)
            {
                int[] changed = [.. edited.Select(PageOf).Distinct().Order()];
                Assert.Equal(changed, notes.Parsed.Order());
                Assert.Equal(Enumerable.Range(1, Pages).Except(changed), notes.Unparsed.Order());
            }
        }

        await AssertAsIfReadAnewAsync(app, cube);
    }

    [Theory]
    [OverGenerations("customers")]
    [OverGenerations("customer-index")]
    [OverGenerations("customer-index without pages")]
    public async Task They_are_read_back_where_what_is_known_of_them_is_lost_or_of_an_earlier_version(TenantApi api, string file)
    {
        await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var notes = new PageNotes();
        await using var app = await StartAsync(cube, notes);
        var assignment = cube.Data.AssignmentIds[0];
        await app.RunAsync(Snapshot);
        var blob = app.Storage.State.GetBlobClient(PathOf(file.Split(' ')[0], cube.Data.PlaceOf(assignment)));
        if (file.Contains(' ', StringComparison.Ordinal))
        {
            var bytes = (await blob.DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content.ToArray();
            await blob.UploadAsync(
                BinaryData.FromBytes(bytes[..(16 + (16 * Customers))]),
                overwrite: true,
                TestContext.Current.CancellationToken
            );
        }
        else
        {
            await blob.DeleteAsync(DeleteSnapshotsOption.None, null, TestContext.Current.CancellationToken);
        }

        notes.Clear();
        cube.Data.EditCustomer(assignment, FirstId, "city", "Ålesund");
        Assert.Equal(0, (await app.RunAsync(Snapshot)).Items.Unproven);
        Assert.Equal(Enumerable.Range(1, Pages), notes.Parsed.Order());
        await AssertAsIfReadAnewAsync(app, cube);

        // Once.
        notes.Clear();
        cube.Data.EditCustomer(assignment, FirstId, "city", "Bodø");
        await app.RunAsync(Snapshot);
        Assert.Equal([1], notes.Parsed);
    }

    [Theory]
    [OverGenerations(false)]
    [OverGenerations(true)]
    public async Task An_index_that_is_lost_is_made_anew_though_no_page_differs(TenantApi api, bool isOverwritten)
    {
        await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Snapshot);
        var blob = app.Storage.State.GetBlobClient(PathOf("customer-index", cube.Data.PlaceOf(cube.Data.AssignmentIds[0])));
        await (
            isOverwritten
                ? blob.UploadAsync(BinaryData.FromString("no index"), overwrite: true, TestContext.Current.CancellationToken)
                : (Task)blob.DeleteAsync(DeleteSnapshotsOption.None, null, TestContext.Current.CancellationToken)
        );
        var run = await app.RunAsync(Snapshot);
        Assert.False(Assert.Single(run.Windows, window => window.Feed == "customers").Unchanged);
        await AssertAsIfReadAnewAsync(app, cube);

        // Once.
        run = await app.RunAsync(Snapshot);
        Assert.True(Assert.Single(run.Windows, window => window.Feed == "customers").Unchanged);
    }

    [Theory]
    [OverGenerations]
    public async Task An_index_is_not_replaced_by_one_of_a_worker_that_began_before_it_was_written(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Snapshot);
        var index = app.Get<CustomerIndex>();
        var assignment = cube.Data.PlaceOf(cube.Data.AssignmentIds[0]).Id;
        var before = await index.FindStateAsync(assignment, TestContext.Current.CancellationToken);
        cube.Data.EditCustomer(cube.Data.AssignmentIds[0], FirstId, "city", "Ålesund");
        await app.RunAsync(Snapshot);
        await Assert.ThrowsAsync<Core.Storage.LeaseLostException>(() =>
            index.SaveAsync(assignment, before, [], null, isShort: false, TestContext.Current.CancellationToken)
        );
        await AssertAsIfReadAnewAsync(app, cube);
    }

    /// <summary>What is known points to pages of which somebody wrote other bytes, or to a manifest that is none any more.</summary>
    [Theory]
    [OverGenerations("page-")]
    [OverGenerations("_manifest")]
    public async Task What_was_written_over_in_storage_costs_what_it_said_and_no_run(TenantApi api, string part)
    {
        await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Snapshot);
        var written = 0;
        await foreach (
            var blob in app.Storage.Raw.GetBlobsAsync(BlobTraits.None, BlobStates.None, "customers/", TestContext.Current.CancellationToken)
        )
        {
            if (blob.Name.Contains(part, StringComparison.Ordinal))
            {
                await app
                    .Storage.Raw.GetBlobClient(blob.Name)
                    .UploadAsync(
                        BinaryData.FromBytes((byte[])[0xFF, 0x00, (byte)'{']),
                        overwrite: true,
                        TestContext.Current.CancellationToken
                    );
                written++;
            }
        }

        Assert.True(written > 0);
        cube.Data.EditCustomer(cube.Data.AssignmentIds[0], FirstId, "city", "Ålesund");
        var run = await app.RunAsync(Snapshot);
        Assert.Equal((0, 0), (run.Items.Failed, run.Items.Unproven));
        Assert.Contains(await ChangeLedger.ReadAsync(app, run.RunId), line => (string?)line["op"] == "updated");
        await RawLedger.CheckAsync(app.Storage.Raw, Assert.Single(run.Windows, window => window.Feed == "customers").Manifest);
    }

    [Theory]
    [OverGenerations]
    public async Task Reading_them_back_keeps_to_the_time_budget_and_asks_Cube_for_none_again(TenantApi api)
    {
        var clock = new ShiftedClock(DateTimeOffset.UtcNow);
        await using var cube = await CubeSimulator.StartAsync(Options.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var notes = new PageNotes();
        await using var app = await StartAsync(cube, notes, clock, ("Sync__TimeBudgetSeconds", "20"));
        var assignment = cube.Data.AssignmentIds[0];
        await app.RunAsync(Snapshot);
        await app.Storage.State.DeleteBlobAsync(
            PathOf("customers", cube.Data.PlaceOf(assignment)),
            cancellationToken: TestContext.Current.CancellationToken
        );
        cube.Data.EditCustomer(assignment, FirstId, "city", "Alta");
        cube.Requests.Clear();
        notes.Clear();
        notes.Recalling = () => clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(0, (await app.RunAsync(Snapshot)).Items.Unproven);
        Assert.Equal(2, notes.Claims);
        Assert.Equal(Pages, cube.Requests.Count("/customers"));
        await AssertAsIfReadAnewAsync(app, cube);
    }

    [Theory]
    [OverGenerations]
    public async Task A_customer_of_theirs_who_comes_again_on_a_page_that_differs_is_a_repeat(TenantApi api)
    {
        var second = (string[])["3", "4"];
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                !request.Is("/customers") ? null
                : request.Page == 1 ? Scripted.Page(4, "http://x/?page=2", ((string[])["1", "2"]).Select(Record))
                : Scripted.Page(4, null, second.Select(Record))
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube.BaseUrl, null);
        await app.RunAsync(Snapshot);

        // As long as it is read, a row moves: its page is the old one, and the next has it again.
        var reads = 0;
        var script = cube.Script;
        cube.Script = request =>
        {
            second = request.Is("/customers") && request.Page == 2 && ++reads == 1 ? ["3", "2"] : ["3", "5"];
            return script(request);
        };
        var run = await app.RunAsync(Snapshot);
        var window = Assert.Single(run.Windows, window => window.Feed == "customers");
        var manifest = await app.Get<Core.Storage.RawStore>().FindManifestAsync(window.Manifest, TestContext.Current.CancellationToken);
        Assert.Equal((Proof.Count, 2, 4), (manifest!.Proof, manifest.Sweeps, manifest.DistinctKeys));
        var place = api == TenantApi.DataOwners ? "31-B2C" : "31";
        Assert.Equal(1, (await app.Get<CustomerIndex>().FindAsync(place, "C5", TestContext.Current.CancellationToken)).Matches);
        Assert.Equal(1, (await app.Get<CustomerIndex>().FindAsync(place, "C2", TestContext.Current.CancellationToken)).Matches);
        Assert.Equal(0, (await app.Get<CustomerIndex>().FindAsync(place, "C4", TestContext.Current.CancellationToken)).Matches);
    }

    private static string Record(string id) => $$"""{"id":{{id}},"customer_id":"C{{id}}"}""";

    /// <summary>Where the state of what is known lies; the index of customers calls each place an assignment.</summary>
    private static string PathOf(string file, Scope place) => file == "customers" ? $"{file}/{place}" : $"{file}/assignment={place.Id}";

    private static int PageOf(long id) => (int)((id - FirstId) / PageSize) + 1;

    private async Task<TestApp> StartAsync(
        CubeSimulator cube,
        PageNotes notes,
        TimeProvider? time = null,
        params (string Name, string Value)[] settings
    ) =>
        await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube.BaseUrl,
            time,
            host => host.Services.AddSingleton<IWindowObserver>(notes),
            settings
        );

    /// <summary>State and index equal those of a deployment that has just begun.</summary>
    private async Task AssertAsIfReadAnewAsync(TestApp app, CubeSimulator cube)
    {
        await using var fresh = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await fresh.RunAsync(Snapshot);
        var scope = cube.Data.PlaceOf(cube.Data.AssignmentIds[0]);
        var states = new List<ScopeState>();
        var indexes = new List<CustomerIndexFile>();
        foreach (var one in (TestApp[])[app, fresh])
        {
            states.Add(await one.Get<ChangeStore>().ReadStateAsync(FeedCatalogue.Customers, scope, TestContext.Current.CancellationToken));
            indexes.Add((await one.Get<CustomerIndex>().ReadAsync(scope.Id, TestContext.Current.CancellationToken))!);
        }

        Assert.NotEmpty(states[0].Entries);
        Assert.Equal(states[1].Entries, states[0].Entries);
        Assert.Equal(states[1].Entries.Count(entry => entry.Alias != 0), indexes[0].Count);
        Assert.Equal(
            Enumerable.Range(0, indexes[1].Count).Select(i => (indexes[1].HashAt(i), indexes[1].InternalAt(i))),
            Enumerable.Range(0, indexes[0].Count).Select(i => (indexes[0].HashAt(i), indexes[0].InternalAt(i)))
        );
    }

    /// <summary>Notes the pages that come by.</summary>
    private sealed class PageNotes : IWindowObserver, IItemObservation, IWindowObservation
    {
        public ConcurrentBag<int> Parsed { get; } = [];

        public ConcurrentBag<int> Unparsed { get; } = [];

        /// <summary>Claims of the customers' item.</summary>
        public int Claims { get; private set; }

        public Action Recalling { get; set; } = static () => { };

        public void Clear()
        {
            Claims = 0;
            Parsed.Clear();
            Unparsed.Clear();
        }

        public IItemObservation? Begin(ObservedItem item)
        {
            Claims += item.Feed.ListsCustomers ? 1 : 0;
            return item.Feed.ListsCustomers ? this : null;
        }

        public IWindowObservation BeginWindow(Window window) => this;

        public Task PageAsync(ObservedPage page, CancellationToken cancellationToken)
        {
            (page.Records is null ? Unparsed : Parsed).Add(page.Number);
            return Task.CompletedTask;
        }

        public Task<IReadOnlyCollection<int>> RecallAsync(UnparsedPages pages, CancellationToken cancellationToken)
        {
            Recalling();
            return Task.FromResult<IReadOnlyCollection<int>>([]);
        }

        public void Restart() { }

        public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task CommitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task CompletedAsync(bool isGap, bool hasEarlierReading, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<bool> IsIntactAsync(CancellationToken cancellationToken) => Task.FromResult(true);

        public Task StoredAsync(StoredWindow window, CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() { }
    }
}
