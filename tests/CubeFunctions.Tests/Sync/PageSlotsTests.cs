using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>Who reads the next page, where more want to than may.</summary>
public sealed class PageSlotsTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 2, 8, 0, 0, TimeSpan.Zero);
    private readonly PageSlots _slots = new(
        new CubeSettings
        {
            BaseUrl = new Uri("https://cube.invalid"),
            Credential = CubeCredential.Token("none"),
            TimeZone = TimeZoneInfo.Utc,
            MaxConcurrentRequests = 1,
        }
    );

    [Fact]
    public async Task Items_that_began_first_come_first_and_each_in_the_order_in_which_its_pages_came()
    {
        var free = await FillAsync();
        Task<IDisposable>[] waiting = [Enter(2), Enter(1), Enter(2), Enter(1), Enter(1)];
        Assert.Equal([1, 3, 4, 0, 2], await OrderAsync(free[0], waiting));
    }

    [Fact]
    public async Task Every_eighth_slot_goes_to_the_page_that_has_waited_longest()
    {
        var free = await FillAsync();
        Task<IDisposable>[] waiting = [Enter(9), Enter(9), .. Enumerable.Range(0, 15).Select(_ => Enter(1))];
        var order = await OrderAsync(free[0], waiting);
        Assert.Equal((0, 1), (order[7], order[15]));
        Assert.Equal(Enumerable.Range(2, 15), order.Where(number => number > 1));
    }

    [Fact]
    public async Task One_that_waits_no_longer_takes_no_slot()
    {
        var free = await FillAsync();
        using var cancelled = new CancellationTokenSource();
        var gone = _slots.EnterAsync(Start, cancelled.Token);
        var next = Enter(5);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        free[0].Dispose();
        (await next).Dispose();
        free[1].Dispose();

        // As many as at the beginning.
        await FillAsync();
        Assert.False(Enter(1).IsCompleted);
    }

    private async Task<IDisposable[]> FillAsync() => [await Enter(0), await Enter(0)];

    private Task<IDisposable> Enter(int minute) => _slots.EnterAsync(Start.AddMinutes(minute), TestContext.Current.CancellationToken);

    /// <summary>Who gets the one slot in turn.</summary>
    private static async Task<List<int>> OrderAsync(IDisposable slot, Task<IDisposable>[] waiting)
    {
        var order = new List<int>();
        while (order.Count < waiting.Length)
        {
            slot.Dispose();
            var entered = await Task.WhenAny(waiting.Where((_, number) => !order.Contains(number)));
            order.Add(Array.IndexOf(waiting, entered));
            slot = await entered;
        }

        return order;
    }
}
