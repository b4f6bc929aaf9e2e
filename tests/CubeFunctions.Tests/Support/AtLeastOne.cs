using Xunit;

namespace CubeFunctions.Tests.Support;

/// <summary>
/// Checks of all members of what must not be empty: <see cref="Assert.All{T}(IEnumerable{T}, Action{T})"/> passes where there is nothing to
/// check.
/// </summary>
internal static class AtLeastOne
{
    public static void All<T>(IEnumerable<T> members, Action<T> check)
    {
        var all = members.ToList();
        Assert.NotEmpty(all);
        Assert.All(all, check);
    }
}
