using Azure.Data.Tables;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CubeFunctions.Tests.Storage;

/// <summary>Each flag object stands for a process of its own.</summary>
public sealed class SharedFlagTests(AzuriteFixture azurite)
{
    private static readonly FlagDefinition Pause = new("cube", "pause", "tenant") { WorthSharing = TimeSpan.FromSeconds(2) };
    private readonly FakeTimeProvider _time = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly StorageFaults _faults = new();
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;
    private TableClient _client = null!;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task What_one_process_asks_for_all_respect_until_it_is_over(int lost)
    {
        var (one, other) = (await OpenAsync(Pause), Open(Pause));
        Assert.Null(await other.GetAsync(_token));
        var until = _time.GetUtcNow().AddMinutes(5);
        _faults.LoseAnswers(lost);
        Assert.True(await one.ExtendAsync(until, "Cube asked for it", "sync", _token));
        Assert.Equal(new FlagState(until, _time.GetUtcNow(), "Cube asked for it", "sync"), one.Known);

        // The other one looks no more often than it has to.
        var requests = _faults.Requests;
        Assert.Null(await other.GetAsync(_token));
        Assert.Equal(requests, _faults.Requests);
        _time.Advance(Pause.RefreshEvery);
        Assert.Equal(one.Known, await other.GetAsync(_token));
        Assert.Equal(one.Known, await other.GetAsync(_token));
        Assert.Equal(requests + 1, _faults.Requests);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((null, null), (one.Known, await other.GetAsync(_token)));
    }

    [Fact]
    public async Task It_is_extended_forward_only_and_by_no_more_than_its_bound()
    {
        var (one, other) = (await OpenAsync(Pause), Open(Pause));
        var now = _time.GetUtcNow();
        Assert.True(await one.ExtendAsync(now.AddMinutes(10), "long", null, _token));
        Assert.False(await other.ExtendAsync(now.AddMinutes(5), "short", null, _token));
        Assert.Equal("long", (await Open(Pause).GetAsync(_token))!.Reason);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await other.ExtendAsync(now.AddDays(400), "for ever", null, _token));
        Assert.Equal(new FlagState(now.AddMinutes(1) + Pause.Longest, now, "for ever", null), await Open(Pause).GetAsync(_token));

        // The first knows nothing of that yet, and must not shorten it.
        Assert.False(await one.ExtendAsync(now.AddMinutes(20), "in between", null, _token));
        Assert.Equal("for ever", (await one.GetAsync(_token))!.Reason);
    }

    [Fact]
    public async Task What_is_too_short_to_share_costs_nothing_and_counts_here()
    {
        var (one, other) = (await OpenAsync(Pause), Open(Pause));
        var requests = _faults.Requests;
        Assert.False(await one.ExtendAsync(_time.GetUtcNow().AddSeconds(1), "short", null, _token));
        Assert.NotNull(one.Known);
        Assert.Equal(requests, _faults.Requests);
        Assert.Null(await other.GetAsync(_token));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(one.Known);
        Assert.False(await one.ExtendAsync(_time.GetUtcNow(), "over", null, _token));
        Assert.Null(one.Known);
    }

    [Fact]
    public async Task A_person_lifts_it_and_it_can_be_raised_again()
    {
        var (one, other) = (await OpenAsync(Pause), Open(Pause));
        await one.ExtendAsync(_time.GetUtcNow().AddMinutes(30), "asked", null, _token);
        await one.ExtendAsync(_time.GetUtcNow().AddMinutes(30).AddSeconds(1), "a little more, not shared", null, _token);
        Assert.NotNull(await other.GetAsync(_token));
        var all = new SharedFlags([Open(Pause with { Name = "zebra", Key = "other" }), other]);
        Assert.Equal("asked", Assert.Single(await all.ListAsync(_token)).State.Reason);
        Assert.True(await all.LiftAsync("cube", _token));
        Assert.False(await all.LiftAsync("nothing", _token));
        Assert.Empty(await all.ListAsync(_token));
        Assert.Null(other.Known);
        _time.Advance(Pause.RefreshEvery);
        Assert.Null(await one.GetAsync(_token));
        Assert.True(await one.ExtendAsync(_time.GetUtcNow().AddMinutes(1), "again", null, _token));
        Assert.Equal("again", (await Open(Pause).GetAsync(_token))!.Reason);
    }

    [Fact]
    public async Task One_that_lasts_until_it_is_lifted_is_seen_to_be_lifted_at_once()
    {
        var receiver = new FlagDefinition("receiver", "receiver", "pause") { Address = "a1" };
        var (one, other) = (await OpenAsync(receiver), Open(receiver));
        Assert.True(await one.ExtendAsync(DateTimeOffset.MaxValue, "answered 410", null, _token));
        Assert.True((await other.GetAsync(_token))!.UntilLifted);
        Assert.False(await other.ExtendAsync(_time.GetUtcNow().AddMinutes(1), "asked", null, _token));

        // It is about one address: another one is asked at once, and has a flag of its own in the same place.
        var moved = Open(receiver with { Address = "b2" });
        Assert.Null(await moved.GetAsync(_token));
        await one.LiftAsync(_token);
        Assert.Null(await other.GetAsync(_token));
        Assert.True(await moved.ExtendAsync(_time.GetUtcNow().AddMinutes(1), "asked", null, _token));
        Assert.Null(await Open(receiver).GetAsync(_token));
        Assert.True(await Open(receiver).ExtendAsync(_time.GetUtcNow().AddMinutes(1), "asked", null, _token));
    }

    [Fact]
    public async Task Rows_of_earlier_versions_are_understood()
    {
        await OpenAsync(Pause);
        var until = _time.GetUtcNow().AddMinutes(3);
        await _client.AddEntityAsync(new TableEntity("pause", "tenant") { ["SchemaVersion"] = 1, ["Until"] = until }, _token);
        await _client.AddEntityAsync(new TableEntity("writes", "tenant") { ["SchemaVersion"] = 1, ["OffUntil"] = until }, _token);
        await _client.AddEntityAsync(
            new TableEntity("receiver", "pause")
            {
                ["SchemaVersion"] = 1,
                ["Address"] = "a1",
                ["Gone"] = true,
                ["Until"] = null,
            },
            _token
        );
        Assert.Equal(new FlagState(until, null, null, null), await Open(Pause).GetAsync(_token));
        Assert.Equal(until, (await Open(new("writes", "writes", "tenant") { UntilColumn = "OffUntil" }).GetAsync(_token))!.Until);
        Assert.True((await Open(new("receiver", "receiver", "pause") { Address = "a1" }).GetAsync(_token))!.UntilLifted);
    }

    [Fact]
    public async Task A_process_that_begins_may_take_it_as_down_for_a_moment()
    {
        var one = await OpenAsync(Pause);
        var began = Open(Pause with { DownAtStart = true });
        await one.ExtendAsync(_time.GetUtcNow().AddMinutes(3), "asked", null, _token);
        Assert.Null(await began.GetAsync(_token));
        Assert.False(
            await Open(Pause with { DownAtStart = true }).ExtendAsync(_time.GetUtcNow().AddMinutes(1), "asked for less", null, _token)
        );
        _time.Advance(Pause.RefreshEvery);
        Assert.NotNull(await began.GetAsync(_token));
    }

    [Fact]
    public async Task Where_storage_is_away_the_process_that_was_asked_still_waits()
    {
        var (one, other) = (await OpenAsync(Pause), Open(Pause));
        Assert.Null(await one.GetAsync(_token));
        var until = _time.GetUtcNow().AddMinutes(2);
        _faults.Away = true;
        await Assert.ThrowsAnyAsync<Exception>(() => one.ExtendAsync(until, "asked", null, _token));
        _faults.Away = false;
        Assert.Equal(until, one.Known?.Until);
        _time.Advance(Pause.RefreshEvery);
        Assert.Equal(until, (await one.GetAsync(_token))?.Until);
        Assert.Null(await other.GetAsync(_token));
        Assert.True(await one.ExtendAsync(until.AddSeconds(5), "asked again", null, _token));
        _time.Advance(Pause.RefreshEvery);
        Assert.NotNull(await other.GetAsync(_token));
    }

    [Fact]
    public async Task A_column_that_somebody_garbled_counts_as_absent_and_stops_nobody()
    {
        var until = _time.GetUtcNow().AddMinutes(5);
        await (await OpenAsync(Pause)).ExtendAsync(until, "Cube asked for it", "sync", _token);
        var whole = (await _client.GetEntityAsync<TableEntity>("pause", "tenant", cancellationToken: _token)).Value;
        string[] keys = ["PartitionKey", "RowKey", "Timestamp", "odata.etag"];
        foreach (var column in whole.Keys.Except(keys).ToList())
        {
            var garbled = new TableEntity(whole) { [column] = whole[column] is string ? 7 : "many" };
            await _client.UpsertEntityAsync(garbled, TableUpdateMode.Replace, _token);
            var state = await Open(Pause).GetAsync(_token);
            Assert.Equal(column == "Until" ? null : until, state?.Until);
            Assert.True(await Open(Pause).ExtendAsync(until.AddMinutes(1), "once more", null, _token));
            Assert.Equal("once more", (await Open(Pause).GetAsync(_token))!.Reason);
        }
    }

    [Fact]
    public async Task Many_who_ask_at_once_cause_one_read()
    {
        var flag = await OpenAsync(Pause);
        var requests = _faults.Requests;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => flag.GetAsync(_token), _token)));
        Assert.Equal(requests + 1, _faults.Requests);
    }

    [Fact]
    public async Task A_value_is_read_again_when_it_is_older_than_what_it_has_to_know()
    {
        var reads = 0;
        var value = new CachedValue<int>((_, _) => Task.FromResult(++reads), TimeSpan.FromMinutes(1), _time);
        Assert.Equal(1, (await value.GetAsync(_token)).Value);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(1, (await value.GetAsync(_token)).Value);
        var erased = _time.GetUtcNow();
        Assert.Equal(2, (await value.GetAsync(erased.AddSeconds(-1), _token)).Value);
        Assert.Equal(2, (await value.GetAsync(erased.AddSeconds(-1), _token)).Value);
        Assert.Equal(3, (await value.GetAsync(erased, _token)).Value);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(4, (await value.GetAsync(erased, _token)).Value);
        value.Set(40);
        Assert.Equal(40, value.Last!.Value);
        Assert.Equal(40, (await value.GetAsync(_token)).Value);
    }

    private async Task<SharedFlag> OpenAsync(FlagDefinition definition)
    {
        _client = _faults.Table(await azurite.NewAccountAsync(), "Flags");
        await _client.CreateAsync(_token);
        return Open(definition);
    }

    private SharedFlag Open(FlagDefinition definition) => new(new OptimisticTable(_client), definition, _time);
}
