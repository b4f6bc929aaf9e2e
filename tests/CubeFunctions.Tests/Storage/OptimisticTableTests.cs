using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Storage;

public sealed class OptimisticTableTests(AzuriteFixture azurite)
{
    private readonly StorageFaults _faults = new();
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Writes()
    {
        var data = new TheoryData<string, bool>();
        foreach (var name in new[] { "add", "replace", "merge", "merge columns", "put new", "put over", "delete" })
        {
            data.Add(name, true);
            data.Add(name, false);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task A_write_recognises_itself_when_its_answer_was_lost(string name, bool asClass)
    {
        var (ours, _) = await OpenAsync();
        var write = await WriteAsync(ours, name, asClass);
        _faults.LoseAnswers();
        Assert.Equal(StorageOutcome.Saved, await ours.WriteAsync(write, _token));

        // Its row object has the new ETag: the next write goes on top.
        var requests = _faults.Requests;
        Assert.Equal(
            StorageOutcome.Saved,
            await ours.WriteAsync(
                write.Action == TableTransactionActionType.Delete ? RowWrite.Add(write.Row) : RowWrite.Replace(write.Row),
                _token
            )
        );
        Assert.Equal(requests + 1, _faults.Requests);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task A_write_that_nobody_answered_is_recognised_by_the_next_of_its_row(string name, bool asClass)
    {
        var (ours, _) = await OpenAsync();
        var write = await WriteAsync(ours, name, asClass);
        _faults.Mute = true;
        var lost = await Assert.ThrowsAnyAsync<Exception>(() => ours.WriteAsync(write, _token));
        Assert.True(StorageErrors.IsTrouble(lost, _token), lost.ToString());
        _faults.Mute = false;
        Set(write.Row, "second");
        Assert.Equal(StorageOutcome.Saved, await ours.WriteAsync(write, _token));
        var stored = await ours.FindAsync<TableEntity>("p", "row", _token);
        Assert.Equal(
            write.Action == TableTransactionActionType.Delete ? null
                : name == "merge columns" ? "columns"
                : "second",
            stored?.GetString("Text")
        );
    }

    [Fact]
    public async Task A_write_that_never_arrived_is_simply_done_again()
    {
        var (ours, _) = await OpenAsync();
        var row = await ExistingAsync(ours, asClass: true);
        _faults.Away = true;
        await Assert.ThrowsAnyAsync<Exception>(() => ours.SaveAsync(row, _token));
        _faults.Away = false;
        var requests = _faults.Requests;
        Assert.Equal(StorageOutcome.Saved, await ours.SaveAsync(row, _token));
        Assert.Equal(requests + 1, _faults.Requests);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_change_by_somebody_else_is_told_from_a_lost_answer(int lost)
    {
        var (ours, others) = await OpenAsync();
        var row = (PlainRow)await ExistingAsync(ours, asClass: true);
        var theirs = (await others.FindAsync<PlainRow>("p", "row", _token))!;
        theirs.Text = "theirs";
        Assert.Equal(StorageOutcome.Saved, await others.SaveAsync(theirs, _token));
        foreach (
            var write in new[]
            {
                RowWrite.Replace(row),
                RowWrite.Merge(row),
                RowWrite.Merge(row, [new("Text", "ours")]),
                RowWrite.Delete(row),
            }
        )
        {
            _faults.LoseAnswers(lost);
            Assert.Equal(StorageOutcome.Changed, await ours.WriteAsync(write, _token));
        }

        _faults.LoseAnswers(lost);
        Assert.Equal(StorageOutcome.Exists, await ours.AddAsync(new PlainRow { RowKey = "row", Text = "ours" }, _token));
        Assert.Equal("theirs", (await ours.AddOrFindAsync(new PlainRow { RowKey = "row", Text = "ours" }, _token))?.Text);
        await others.DeleteAsync(theirs, _token);
        Assert.Equal(StorageOutcome.Gone, await ours.SaveAsync(row, _token));
        Assert.Equal(StorageOutcome.Gone, await ours.WriteAsync(RowWrite.Merge(row), _token));
        Assert.Equal(StorageOutcome.Saved, await ours.DeleteAsync(row, _token));
        Assert.Null(await ours.AddOrFindAsync(new PlainRow { RowKey = "row" }, _token));
    }

    [Fact]
    public async Task An_unanswered_write_that_somebody_else_went_on_from_is_not_taken_for_the_last()
    {
        var (ours, others) = await OpenAsync();
        var row = (PlainRow)await ExistingAsync(ours, asClass: true);
        _faults.Mute = true;
        await Assert.ThrowsAnyAsync<Exception>(() => ours.SaveAsync(row, _token));
        _faults.Mute = false;
        var theirs = (await others.FindAsync<PlainRow>("p", "row", _token))!;
        Assert.Equal(StorageOutcome.Saved, await others.SaveAsync(theirs, _token));
        Assert.Equal(StorageOutcome.Changed, await ours.SaveAsync(row, _token));
    }

    [Fact]
    public async Task A_batch_recognises_itself_whatever_it_is_made_of()
    {
        var (ours, _) = await OpenAsync();
        List<PlainRow> rows = [.. Enumerable.Range(0, 6).Select(number => new PlainRow { RowKey = $"{number}" })];
        Assert.Equal(StorageOutcome.Saved, (await ours.WriteAsync([.. rows.Skip(1).Select(RowWrite.Add)], _token)).Outcome);
        RowWrite[] all =
        [
            RowWrite.Delete(rows[1]),
            RowWrite.Add(rows[0]),
            RowWrite.Replace(rows[2]),
            RowWrite.Merge(rows[3]),
            RowWrite.Merge(rows[4], [new("Text", "x")]),
            RowWrite.Put(rows[5]),
        ];
        _faults.LoseAnswers();
        Assert.Equal(new BatchOutcome(StorageOutcome.Saved, null), await ours.WriteAsync(all, _token));
        Assert.Null(await ours.FindAsync<PlainRow>("p", "1", _token));

        // Each of its rows, alone and together, in any order.
        _faults.LoseAnswers();
        Assert.Equal(
            StorageOutcome.Saved,
            (await ours.WriteAsync([RowWrite.Replace(rows[5]), RowWrite.Add(rows[1]), RowWrite.Replace(rows[0])], _token)).Outcome
        );
        foreach (var row in rows)
        {
            Assert.Equal(StorageOutcome.Saved, await ours.SaveAsync(row, _token));
        }

        _faults.LoseAnswers();
        Assert.Equal(StorageOutcome.Saved, (await ours.WriteAsync([.. rows.Select(RowWrite.Delete)], _token)).Outcome);
        Assert.Empty(await ours.QueryAsync<PlainRow>(row => row.PartitionKey == "p", null, _token).ToListAsync(_token));
    }

    [Fact]
    public async Task A_batch_that_nobody_answered_is_gone_on_from()
    {
        var (ours, _) = await OpenAsync();
        PlainRow[] rows = [new() { RowKey = "a" }, new() { RowKey = "b" }, new() { RowKey = "c" }];
        await ours.AddAsync(rows[1], _token);
        await ours.AddAsync(rows[2], _token);
        _faults.Mute = true;
        await Assert.ThrowsAnyAsync<Exception>(() =>
            ours.WriteAsync([RowWrite.Add(rows[0]), RowWrite.Replace(rows[1]), RowWrite.Merge(rows[2], [new("Text", "x")])], _token)
        );
        _faults.Mute = false;
        Assert.Equal(StorageOutcome.Saved, (await ours.WriteAsync([.. rows.Select(RowWrite.Save)], _token)).Outcome);
    }

    [Fact]
    public async Task A_batch_is_saved_whole_or_names_the_row_that_hinders_it()
    {
        var (ours, others) = await OpenAsync();
        PlainRow[] rows = [new() { RowKey = "a" }, new() { RowKey = "b" }, new() { RowKey = "c" }];
        await ours.WriteAsync([.. rows.Select(RowWrite.Add)], _token);
        var theirs = (await others.FindAsync<PlainRow>("p", "b", _token))!;
        await others.SaveAsync(theirs, _token);
        rows[0].Text = "ours";
        Assert.Equal(new BatchOutcome(StorageOutcome.Changed, rows[1]), await ours.WriteAsync([.. rows.Select(RowWrite.Replace)], _token));
        Assert.Null((await ours.FindAsync<PlainRow>("p", "a", _token))!.Text);
        Assert.Equal(
            new BatchOutcome(StorageOutcome.Exists, rows[1]),
            await ours.WriteAsync([RowWrite.Replace(rows[0]), RowWrite.Add(rows[1])], _token)
        );
        await others.DeleteAsync(theirs, _token);
        Assert.Equal(new BatchOutcome(StorageOutcome.Gone, rows[1]), await ours.WriteAsync([.. rows.Select(RowWrite.Replace)], _token));

        // What is to be deleted and gone already hinders nothing.
        Assert.Equal(StorageOutcome.Saved, (await ours.WriteAsync([RowWrite.Delete(rows[1]), RowWrite.Replace(rows[0])], _token)).Outcome);
        Assert.Equal(StorageOutcome.Saved, (await ours.WriteAsync([RowWrite.Delete(rows[1]), RowWrite.Delete(rows[0])], _token)).Outcome);
        Assert.Equal(["c"], await ours.QueryAsync<PlainRow>("", ["RowKey"], _token).Select(row => row.RowKey).ToListAsync(_token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_missing_table_is_empty_and_created_by_the_first_write(int rows)
    {
        var created = 0;
        var client = _faults.Table(await azurite.NewAccountAsync(), "Rows");
        var table = new OptimisticTable(
            client,
            async token =>
            {
                created++;
                await client.CreateIfNotExistsAsync(token);
            }
        );
        Assert.Null(await table.FindAsync<PlainRow>("p", "row", _token));
        Assert.Empty(await table.QueryAsync<PlainRow>(row => row.PartitionKey == "p", null, _token).ToListAsync(_token));
        Assert.Equal(StorageOutcome.Saved, await table.DeleteAsync(new TableEntity("p", "row") { ETag = ETag.All }, _token));
        Assert.Equal(0, created);
        Assert.Equal(
            StorageOutcome.Saved,
            (
                await table.WriteAsync(
                    [.. Enumerable.Range(0, rows).Select(number => RowWrite.Add(new PlainRow { RowKey = $"{number}" }))],
                    _token
                )
            ).Outcome
        );
        Assert.Equal(1, created);
        Assert.Equal(rows, await table.QueryAsync<PlainRow>(row => row.PartitionKey == "p", null, _token).CountAsync(_token));
    }

    [Fact]
    public async Task Storage_that_refuses_or_cannot_be_reached_is_no_conflict()
    {
        var (ours, _) = await OpenAsync();
        var refused = await Assert.ThrowsAnyAsync<RequestFailedException>(() =>
            ours.AddAsync(new PlainRow { RowKey = "row", Text = new string('x', 40_000) }, _token)
        );
        Assert.Equal(StorageErrorKind.Refused, StorageErrors.KindOf(refused, _token));
        await Assert.ThrowsAsync<ArgumentException>(() => ours.AddAsync(new Unmarked(), _token));
    }

    [Fact]
    public async Task A_write_costs_one_request_and_a_conflict_one_read_more()
    {
        var (ours, others) = await OpenAsync();
        var row = (PlainRow)await ExistingAsync(ours, asClass: true);
        var requests = _faults.Requests;
        await ours.SaveAsync(row, _token);
        await ours.WriteAsync([RowWrite.Replace(row), RowWrite.Add(new PlainRow { RowKey = "other" })], _token);
        Assert.Equal(requests + 2, _faults.Requests);
        await others.SaveAsync((await others.FindAsync<PlainRow>("p", "row", _token))!, _token);
        Assert.Equal(StorageOutcome.Changed, await ours.SaveAsync(row, _token));
        Assert.Equal(requests + 4, _faults.Requests);
    }

    private async Task<(OptimisticTable Ours, OptimisticTable Others)> OpenAsync()
    {
        var account = await azurite.NewAccountAsync();
        var ours = _faults.Table(account, "Rows");
        await ours.CreateAsync(_token);
        return (new OptimisticTable(ours), new OptimisticTable(new TableClient(account, "Rows")));
    }

    private static ITableEntity New(bool asClass) =>
        asClass ? new PlainRow { RowKey = "row", Text = "first" } : new TableEntity("p", "row") { ["Text"] = "first" };

    private async Task<ITableEntity> ExistingAsync(OptimisticTable table, bool asClass)
    {
        var row = New(asClass);
        Assert.Equal(StorageOutcome.Saved, await table.AddAsync(row, _token));
        return row;
    }

    private async Task<RowWrite> WriteAsync(OptimisticTable table, string name, bool asClass) =>
        name switch
        {
            "add" => RowWrite.Add(New(asClass)),
            "put new" => RowWrite.Put(New(asClass)),
            "put over" => RowWrite.Put(await ExistingAsync(table, asClass)),
            "replace" => RowWrite.Replace(await ExistingAsync(table, asClass)),
            "merge" => RowWrite.Merge(await ExistingAsync(table, asClass)),
            "merge columns" => RowWrite.Merge(await ExistingAsync(table, asClass), [new("Text", "columns")]),
            _ => RowWrite.Delete(await ExistingAsync(table, asClass)),
        };

    private static void Set(ITableEntity row, string text)
    {
        if (row is TableEntity entity)
        {
            entity["Text"] = text;
        }
        else
        {
            ((PlainRow)row).Text = text;
        }
    }

    private sealed class Unmarked : ITableEntity
    {
        public string PartitionKey { get; set; } = "p";

        public string RowKey { get; set; } = "u";

        public DateTimeOffset? Timestamp { get; set; }

        public ETag ETag { get; set; }
    }
}
