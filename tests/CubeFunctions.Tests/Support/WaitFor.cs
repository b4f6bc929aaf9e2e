using Xunit;

namespace CubeFunctions.Tests.Support;

/// <summary>Waits for something that another process or task brings about.</summary>
public static class WaitFor
{
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, TimeSpan? every = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < limit, $"not within {limit}");
            await Task.Delay(every ?? TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
