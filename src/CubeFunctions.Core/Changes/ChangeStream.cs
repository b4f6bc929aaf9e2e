using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Changes;

/// <summary>Names of streams: the changes of one feed and scope, which are delivered in order.</summary>
internal static class ChangeStream
{
    /// <summary><c>customers|assignment=17</c>.</summary>
    public static string NameOf(Feed feed, Scope scope) => $"{feed.Setting}|{scope}";
}
