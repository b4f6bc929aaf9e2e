using Azure.Data.Tables;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CubeFunctions.Tests.Storage;

public sealed class LeasedRowTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(60);
    private readonly FakeTimeProvider _time = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly StorageFaults _faults = new();
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Of_two_who_want_a_row_one_gets_it_and_the_next_after_its_release(int lost)
    {
        var (ours, others) = await OpenAsync();
        var late = new PlainRow { RowKey = "row" };
        _faults.LoseAnswers(lost);
        await using var lease = await AcquireAsync(ours, new PlainRow { RowKey = "row", Attempt = 1 });
        Assert.Null(await LeasedRow<PlainRow>.TryAcquireAsync(others, late, "late", Length, _time, _token));
        var seen = await StoredAsync(others);
        Assert.True(seen.IsHeld(_time.GetUtcNow()));
        Assert.Equal(("ours", 1), (seen.LeaseHolder, seen.Attempt));
        lease.Row.Text = "saved";
        _faults.LoseAnswers(lost);
        await lease.SaveAsync(_token);
        Assert.Equal("saved", (await StoredAsync(others)).Text);
        _faults.LoseAnswers(lost);
        await lease.ReleaseAsync(_token);
        var free = await StoredAsync(others);
        Assert.False(free.IsHeld(_time.GetUtcNow()));
        free.Attempt++;
        await using var next = await LeasedRow<PlainRow>.TryAcquireAsync(others, free, "next", Length, _time, _token);
        Assert.Equal(2, next!.Row.Attempt);
        Assert.False(lease.Lost.IsCancellationRequested);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Renewals_whose_answers_are_lost_keep_the_lease(bool mute)
    {
        var (ours, others) = await OpenAsync();
        await using var lease = await AcquireAsync(ours, new PlainRow { RowKey = "row" });
        for (var i = 0; i < 4; i++)
        {
            // One answer of a renewal is lost, or all of them are for a while.
            var until = lease.Until;
            _faults.LoseAnswers();
            _faults.Mute = mute;
            var requests = _faults.Requests;
            _time.Advance(Length * 0.4);
            await WaitFor.TrueAsync(
                () => Task.FromResult(mute ? _faults.Requests >= requests + 3 : lease.Until > until),
                TimeSpan.FromSeconds(60),
                TimeSpan.FromMilliseconds(5)
            );
            _faults.Mute = false;
            await RenewedAsync(() => lease.Until > until);
        }

        lease.Row.Text = "half";
        Assert.False(lease.Lost.IsCancellationRequested);
        var stored = await StoredAsync(others);
        Assert.True(stored.IsHeld(_time.GetUtcNow()));

        // A renewal stores nothing of what the worker is changing.
        Assert.Null(stored.Text);
        _faults.Mute = true;
        await Assert.ThrowsAnyAsync<Exception>(() => lease.ReleaseAsync(_token));
        Assert.Equal("ours", lease.Row.LeaseHolder);
        _faults.Mute = false;
        await lease.ReleaseAsync(_token);
        Assert.Equal(("half", null), ((await StoredAsync(others)).Text, (await StoredAsync(others)).LeaseHolder));
    }

    [Fact]
    public async Task A_lease_that_somebody_took_over_is_lost_and_saves_nothing()
    {
        var (ours, others) = await OpenAsync();
        await using var lease = await AcquireAsync(ours, new PlainRow { RowKey = "row", Text = "ours" });
        var stolen = await StoredAsync(others);
        stolen.Text = "theirs";
        await using var theirs = await LeasedRow<PlainRow>.TryAcquireAsync(others, stolen, "thief", Length, _time, _token);
        Assert.NotNull(theirs);
        await Assert.ThrowsAsync<LeaseLostException>(() => lease.SaveAsync(_token));
        Assert.True(lease.Lost.IsCancellationRequested);
        await Assert.ThrowsAsync<LeaseLostException>(() => lease.ReleaseAsync(_token));
        Assert.Equal(("theirs", "thief"), ((await StoredAsync(others)).Text, (await StoredAsync(others)).LeaseHolder));
    }

    [Fact]
    public async Task A_renewal_finds_out_as_well()
    {
        var (ours, others) = await OpenAsync();
        await using var lease = await AcquireAsync(ours, new PlainRow { RowKey = "row" });
        await others.DeleteAsync(await StoredAsync(others), _token);
        await AdvanceUntilAsync(() => lease.Lost.IsCancellationRequested);
        Assert.True(_time.GetUtcNow() < lease.Until);
    }

    [Fact]
    public async Task A_lease_whose_renewal_hangs_is_lost_before_it_runs_out_and_not_earlier()
    {
        var (ours, _) = await OpenAsync();
        await using var lease = await AcquireAsync(ours, new PlainRow { RowKey = "row" });
        _faults.Hangs = true;
        var requests = _faults.Requests;
        _time.Advance(Length * 0.4);
        await WaitFor.TrueAsync(() => Task.FromResult(_faults.Requests > requests), TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(5));
        _time.Advance((Length * 0.55) - TimeSpan.FromMilliseconds(1));
        Assert.False(lease.Lost.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await WaitFor.TrueAsync(
            () => Task.FromResult(lease.Lost.IsCancellationRequested),
            TimeSpan.FromSeconds(60),
            TimeSpan.FromMilliseconds(5)
        );
        Assert.True(_time.GetUtcNow() < lease.Until);
    }

    [Fact]
    public async Task A_lease_that_cannot_be_renewed_is_tried_again_and_lost_at_its_end()
    {
        var (ours, _) = await OpenAsync();
        await using var lease = await AcquireAsync(ours, new PlainRow { RowKey = "row" });
        _faults.Away = true;
        var requests = _faults.Requests;
        var lost = DateTimeOffset.MinValue;
        await using var registration = lease.Lost.Register(() => lost = _time.GetUtcNow());
        await AdvanceUntilAsync(() => lost > DateTimeOffset.MinValue);
        Assert.True(lost >= lease.Until - (Length * 0.05));
        Assert.True(_faults.Requests > requests);
    }

    [Fact]
    public async Task A_process_that_slept_past_its_lease_still_has_it_where_nobody_took_over()
    {
        var (ours, _) = await OpenAsync();
        await using var lease = await AcquireAsync(ours, new PlainRow { RowKey = "row" });
        var until = lease.Until;
        _time.Advance(Length * 3);
        await WaitFor.TrueAsync(() => Task.FromResult(lease.Until > until), TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(5));
        Assert.False(lease.Lost.IsCancellationRequested);
        Assert.Equal(_time.GetUtcNow() + Length, lease.Until);
    }

    [Fact]
    public async Task Other_rows_are_saved_with_the_lease_or_not_at_all()
    {
        var (ours, others) = await OpenAsync();
        await using var lease = await AcquireAsync(ours, new PlainRow { RowKey = "stream" });
        PlainRow[] rows = [new() { RowKey = "a" }, new() { RowKey = "b" }];
        _faults.LoseAnswers();
        Assert.Equal(StorageOutcome.Saved, (await lease.SaveAsync([.. rows.Select(RowWrite.Save)], _token)).Outcome);
        await others.SaveAsync((await others.FindAsync<PlainRow>("p", "b", _token))!, _token);
        rows[0].Text = lease.Row.Text = "second";
        Assert.Equal(new BatchOutcome(StorageOutcome.Changed, rows[1]), await lease.SaveAsync([.. rows.Select(RowWrite.Save)], _token));
        Assert.False(lease.Lost.IsCancellationRequested);
        Assert.Null((await others.FindAsync<PlainRow>("p", "stream", _token))!.Text);
        _faults.LoseAnswers();
        Assert.Equal(StorageOutcome.Saved, (await lease.ReleaseAsync([RowWrite.Replace(rows[0])], _token)).Outcome);
        Assert.Equal(
            ("second", null),
            (
                (await others.FindAsync<PlainRow>("p", "stream", _token))!.Text,
                (await others.FindAsync<PlainRow>("p", "stream", _token))!.LeaseHolder
            )
        );
    }

    [Fact]
    public async Task A_row_that_is_wrapped_brings_its_content_with_every_save()
    {
        var (ours, others) = await OpenAsync();
        var row = new WrappedRow(new TableEntity("p", "row")) { Content = "first" };
        await using var lease = (await LeasedRow<WrappedRow>.TryAcquireAsync(ours, row, "ours", Length, _time, _token))!;
        row.Content = "second";
        var until = lease.Until;
        await RenewedAsync(() => lease.Until > until);
        Assert.Equal("first", (await others.FindAsync<TableEntity>("p", "row", _token))!.GetString("Content0"));
        await lease.ReleaseAsync(_token);
        var stored = (await others.FindAsync<TableEntity>("p", "row", _token))!;
        Assert.Equal(("second", null), (stored.GetString("Content0"), stored.GetString("LeaseHolder")));
    }

    [Fact]
    public async Task Saves_renew_and_nothing_is_renewed_after_the_end()
    {
        var (ours, _) = await OpenAsync();
        var lease = await AcquireAsync(ours, new PlainRow { RowKey = "row" });
        var requests = _faults.Requests;
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(Length * 0.3);
            await lease.SaveAsync(_token);
        }

        Assert.Equal(requests + 10, _faults.Requests);
        await lease.DisposeAsync();
        _time.Advance(Length);
        await lease.DisposeAsync();
        Assert.Equal(requests + 10, _faults.Requests);
        Assert.False(lease.Lost.IsCancellationRequested);
    }

    private async Task<(OptimisticTable Ours, OptimisticTable Others)> OpenAsync()
    {
        var account = await azurite.NewAccountAsync();
        var ours = _faults.Table(account, "Rows");
        await ours.CreateAsync(_token);
        return (new OptimisticTable(ours), new OptimisticTable(new TableClient(account, "Rows")));
    }

    private async Task<LeasedRow<PlainRow>> AcquireAsync(OptimisticTable table, PlainRow row)
    {
        var lease = await LeasedRow<PlainRow>.TryAcquireAsync(table, row, "ours", Length, _time, _token);
        Assert.NotNull(lease);
        return lease;
    }

    private async Task<PlainRow> StoredAsync(OptimisticTable table) => (await table.FindAsync<PlainRow>("p", "row", _token))!;

    /// <summary>
    /// Lets time pass until a renewal is on its way, and waits for its end with the clock at rest: on a busy machine an answer takes as
    /// long as many steps of the clock, and with them the lease would run out.
    /// </summary>
    private async Task RenewedAsync(Func<bool> isRenewed)
    {
        var requests = _faults.Requests;
        await AdvanceUntilAsync(() => _faults.Requests > requests || isRenewed());
        await WaitFor.TrueAsync(() => Task.FromResult(isRenewed()), TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(5));
    }

    private Task AdvanceUntilAsync(Func<bool> condition) =>
        WaitFor.TrueAsync(
            () =>
            {
                if (!condition())
                {
                    _time.Advance(TimeSpan.FromSeconds(1));
                }

                return Task.FromResult(condition());
            },
            TimeSpan.FromSeconds(60),
            TimeSpan.FromMilliseconds(20)
        );
}
