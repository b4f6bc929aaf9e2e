using System.Globalization;
using Azure.Data.Tables;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Dashboard;

/// <summary>Fills an app's storage as weeks of work would have, so that a page of it can be looked at.</summary>
internal static class Tenants
{
    private static readonly string[] First =
    [
        "Winter offers",
        "Renewals",
        "Broadband",
        "Welcome calls",
        "Win-back",
        "Insurance",
        "Solar",
        "Fibre",
        "Loyalty",
        "Survey",
        "Mobile",
        "Energy",
    ];
    private static readonly string[] Second = ["Oslo", "Bergen", "Trondheim", "North", "West", "Business", "Students", "Q3", "Q4", "VIP"];
    private static readonly string[] CampaignFeeds = ["responses", "sms", "callflow_customers"];
    private static readonly string[] AssignmentFeeds = ["customers", "crm_custom_fields"];

    /// <summary>Campaigns that are all fresh, their assignments, two weeks of runs, and names.</summary>
    public static async Task FillAsync(TestApp app, int campaigns, string? firstName = null)
    {
        var now = Now();
        var scopes = new List<CheckpointRow>();
        for (var i = 0; i < campaigns; i++)
        {
            scopes.AddRange(
                CampaignFeeds.Select(feed =>
                    Checkpoint(ScopeKind.Campaign, $"{101 + i}", feed, now.AddMinutes(feed == "callflow_customers" ? -260 : -3 - (i % 11)))
                )
            );
            if (i % 2 == 0)
            {
                scopes.AddRange(
                    AssignmentFeeds.Select(feed => Checkpoint(ScopeKind.Assignment, $"{11 + (i / 2)}", feed, now.AddMinutes(-250)))
                );
            }
        }

        await Parallel.ForEachAsync(
            scopes.GroupBy(row => row.PartitionKey),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token },
            async (rows, token) =>
                await app.Storage.Checkpoints.SubmitTransactionAsync(
                    rows.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)),
                    token
                )
        );
        var runs = Enumerable.Range(0, 14 * 6).Select(i => Ended(now.AddHours(-4 * i).AddMinutes(-2), campaigns, i)).ToList();
        await app.Storage.Runs.SubmitTransactionAsync(
            runs.Select(run => new TableTransactionAction(TableTransactionActionType.Add, run)),
            Token
        );
        var listing = string.Join(
            ',',
            Enumerable
                .Range(0, campaigns)
                .Select(i =>
                    $$"""{"campaign__id":{{101 + i}},"campaign__name":"{{(i == 0 && firstName is not null ? firstName : $"{First[i % First.Length]} {Second[i / First.Length % Second.Length]}{(i < 120 ? "" : $" {(i / 120) + 1}")}")}}"}"""
                )
        );
        await ListAsync(app, runs[0].RowKey, $"[{listing}]");
    }

    /// <summary>One of each thing that can go wrong.</summary>
    public static async Task SpoilAsync(TestApp app)
    {
        var now = Now();
        var failed = Ended(now.AddMinutes(-18), 3, 0);
        (failed.Status, failed.Failed, failed.Unproven, failed.Succeeded) = (RunStatus.PartiallySucceeded, 3, 1, 250);
        await app.Storage.Runs.AddEntityAsync(failed, Token);
        foreach (
            var (campaign, feed, state, reason) in new[]
            {
                ("104", "responses", ItemState.Failed, "Forbidden: Cube answers 403"),
                ("109", "responses", ItemState.Failed, "Forbidden: Cube answers 403"),
                ("112", "sms", ItemState.Failed, "Cube answers 502, for 3 tries"),
                ("117", "callflow_customers", ItemState.Unproven, "2,004 records read, Cube counts 2,011"),
            }
        )
        {
            await app.Storage.Runs.AddEntityAsync(Item(failed.RowKey, campaign, feed, state, reason, failed.CompletedAt), Token);
            await SetProvenAsync(app, campaign, feed, now.AddHours(feed == "callflow_customers" ? -41 : -5));
        }

        await SetProvenAsync(app, "131", "responses", now.AddHours(-2));
        await SetProvenAsync(app, "132", "sms", now.AddDays(-2));
        await app.Storage.Checkpoints.AddEntityAsync(
            new GapRow
            {
                PartitionKey = "campaign=106",
                RowKey = "gap|responses|2026-11-20",
                State = GapState.Open,
                ReportedCount = 1204,
                Records = 1202,
                Since = now.AddDays(-3),
                ReadAt = now.AddHours(-3),
            },
            Token
        );
        await app.Storage.Changes.AddEntityAsync(
            new HeldBackRow
            {
                RowKey = "customers|assignment=14",
                Changes = 412,
                CreatedAt = now.AddHours(-9),
                CompletedAt = now.AddHours(-1),
                Reason = "412 of 2,310 customers are absent at once",
            },
            Token
        );
        await app.Storage.Changes.AddEntityAsync(
            new DeliveryRow
            {
                PartitionKey = "responses|campaign=108",
                RowKey = DeliveryRow.FileKey(1, "20261126_20261126", "r1"),
                State = DeliveryState.Dead,
                Path = "responses/a.ndjson",
                Changes = 36,
                CreatedAt = now.AddHours(-50),
                Reason = "the receiver answers 422, for 48 hours",
            },
            Token
        );
        for (var i = 0; i < 7; i++)
        {
            await app.Storage.Upserts.AddEntityAsync(
                new TableEntity($"{i:x32}", $"{0xa1c4e0 + (i * 7919):x32}")
                {
                    ["SchemaVersion"] = 1,
                    ["Sender"] = i < 5 ? "hubspot" : "dataverse",
                    ["State"] = "Dead",
                    ["AssignmentId"] = "11",
                    ["AcceptedAt"] = now.AddHours(-i - 2),
                    ["EventTime"] = now.AddHours(-i - 2),
                    ["Reason"] = i % 3 == 0 ? "Cube refuses email: not an address" : "Cube refuses phone: too long",
                },
                Token
            );
            await app.Storage.Upserts.AddEntityAsync(
                new TableEntity($"{i + 100:x32}", $"{i + 100:x32}")
                {
                    ["SchemaVersion"] = 1,
                    ["Sender"] = "hubspot",
                    ["State"] = "Waiting",
                    ["AcceptedAt"] = now.AddMinutes(-i),
                    ["EventTime"] = now.AddMinutes(-i),
                },
                Token
            );
        }

        await Flag(app, "cube").ExtendAsync(now.AddMinutes(22), "Cube answered 429", "campaign 120 responses", Token);
    }

    /// <summary>A run in progress.</summary>
    public static async Task BeginRunAsync(TestApp app, int done, int waiting)
    {
        var now = Now();
        var run = new RunRow
        {
            RowKey = RunId.New(now.AddMinutes(-4)),
            Kind = RunKind.Scheduled,
            Status = RunStatus.Running,
            StartedAt = now.AddMinutes(-4),
            Today = Today(now).Iso(),
            Items = done + waiting,
        };
        await app.Storage.Runs.AddEntityAsync(run, Token);
        foreach (var chunk in Enumerable.Range(0, done + waiting).Chunk(100))
        {
            await app.Storage.Runs.SubmitTransactionAsync(
                chunk.Select(i => new TableTransactionAction(
                    TableTransactionActionType.Add,
                    Item(
                        run.RowKey,
                        $"{101 + i}",
                        "responses",
                        i < done ? ItemState.Succeeded : ItemState.Waiting,
                        null,
                        i < done ? now : null
                    )
                )),
                Token
            );
        }

        for (var i = done; i < Math.Min(done + 6, done + waiting); i++)
        {
            await MergeAsync(
                app,
                $"{101 + i}",
                "responses",
                row => (row["LeaseHolder"], row["LeaseUntil"]) = ($"{run.RowKey}|item|responses|campaign={101 + i}", now.AddMinutes(5))
            );
        }
    }

    /// <summary>Counts what waits and what failed, as the janitor does each minute.</summary>
    public static Task CountAsync(TestApp app) => app.Get<BacklogCounter>().CountAsync(Token);

    public static SharedFlag Flag(TestApp app, string name) =>
        ((IEnumerable<SharedFlag>)app.Services.GetService(typeof(IEnumerable<SharedFlag>))!).Single(flag => flag.Name == name);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now() => TimeProvider.System.GetUtcNow();

    private static DateOnly Today(DateTimeOffset now) => DateOnly.FromDateTime(now.UtcDateTime);

    private static CheckpointRow Checkpoint(ScopeKind kind, string id, string feed, DateTimeOffset proven) =>
        new()
        {
            PartitionKey = new Scope(kind, id).ToString(),
            RowKey = feed,
            Feed = feed,
            ScopeKind = Scope.NameOf(kind),
            ScopeId = id,
            Through = feed is "responses" or "sms" ? Today(proven).AddDays(-1).Iso() : null,
            ProvenAt = proven,

            // As large as after weeks.
            Readings =
                $"[{string.Join(',', Enumerable.Repeat("""{"From":"2026-11-24","To":"2026-11-25","Manifest":"responses/campaign=101/window=20261124_20261125/run=20261126T101500000Z-abcdef/_manifest.json","At":"2026-11-26T10:15:00+00:00","Compared":true}""", 8))}]",
        };

    private static RunRow Ended(DateTimeOffset started, int campaigns, int age)
    {
        var isSnapshot = age % 6 == 3;
        var day = started.UtcDateTime;
        var weight = day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 0.2 : 0.8 + (0.03 * (day.Day * 7 % 11));
        long Of(double each) => (long)(campaigns * each * weight);
        return new RunRow
        {
            RowKey = RunId.New(started),
            Kind = isSnapshot ? RunKind.Snapshot : RunKind.Scheduled,
            Status = RunStatus.Succeeded,
            StartedAt = started,
            CompletedAt = started.AddSeconds(38 + (age * 17 % 40)),
            Today = Today(started).Iso(),
            Items = campaigns * 2,
            Succeeded = campaigns * 2,
            Pages = campaigns * 3,
            Records = Of(isSnapshot ? 900 : 61),
            Bytes = campaigns * 90_000L,
            DayRecords = isSnapshot
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"callflow_customers={campaigns * 310L},crm_custom_fields={campaigns * 4L},customers={(campaigns * 1200L) - (age * 9)}"
                )
                : string.Create(CultureInfo.InvariantCulture, $"responses={Of(47)},sms={Of(13)}"),
        };
    }

    private static ItemRow Item(string run, string campaign, string feed, ItemState state, string? reason, DateTimeOffset? completed) =>
        new()
        {
            PartitionKey = run,
            RowKey = $"item|{feed}|campaign={campaign}",
            Feed = feed,
            ScopeKind = "campaign",
            ScopeId = campaign,
            Kind = RunKind.Scheduled,
            Today = Today(Now()).Iso(),
            State = state,
            Reason = reason,
            CompletedAt = completed,
        };

    private static Task SetProvenAsync(TestApp app, string campaign, string feed, DateTimeOffset at) =>
        MergeAsync(app, campaign, feed, row => row["ProvenAt"] = at);

    private static async Task MergeAsync(TestApp app, string campaign, string feed, Action<TableEntity> change)
    {
        var row = new TableEntity($"campaign={campaign}", feed);
        change(row);
        await app.Storage.Checkpoints.UpdateEntityAsync(row, Azure.ETag.All, TableUpdateMode.Merge, Token);
    }

    private static async Task ListAsync(TestApp app, string run, string listing)
    {
        var folder = BlobPaths.Window(FeedCatalogue.Campaigns, Scope.Tenant, Window.Snapshot, run);
        await app.Storage.Raw.GetBlobClient(folder + BlobPaths.Page(1, 1)).UploadAsync(new BinaryData(listing), Token);
        var manifest = new WindowManifest
        {
            RunId = run,
            Feed = "campaigns",
            Scope = "tenant",
            ScopeId = "all",
            Proof = Proof.Count,
            Sweeps = 1,
            ReportedCount = 1,
            Records = 1,
            DistinctKeys = 1,
            Bytes = listing.Length,
            StartedAt = Now(),
            CompletedAt = Now(),
            Pages = [new ManifestPage(BlobPaths.Page(1, 1), 1, listing.Length, "")],
        };
        var item = new ItemRow
        {
            PartitionKey = run,
            RowKey = ItemRow.KeyOf(FeedCatalogue.Campaigns, Scope.Tenant),
            Feed = "campaigns",
            ScopeKind = "tenant",
            ScopeId = "all",
            State = ItemState.Succeeded,
        };
        item.WriteWindows([
            new WindowResult(null, null, Proof.Count, 1, 1, listing.Length, folder + BlobPaths.ManifestName, Unchanged: false),
        ]);
        await app.Storage.Runs.AddEntityAsync(item, Token);
        await app.Get<RawStore>().TryWriteAsync(folder + BlobPaths.ManifestName, manifest, ManifestJson.Default.WindowManifest, Token);
    }
}
