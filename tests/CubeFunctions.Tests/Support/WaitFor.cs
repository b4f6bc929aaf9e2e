using Xunit;

namespace CubeFunctions.Tests.Support;

/// <summary>Waits for something that another process or task brings about.</summary>
public static class WaitFor
{
    /// <param name="condition">Asked again and again.</param>
    /// <param name="limit">The longest wait.</param>
    /// <param name="every">The pause between two looks, a tenth of a second unless given.</param>
    /// <param name="what">What there is instead, for the message.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, TimeSpan? every = null, Func<Task<string>>? what = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > limit)
            {
                Assert.Fail($"not within {limit}: {(what is null ? "" : await what())}");
            }

            await Task.Delay(every ?? TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
