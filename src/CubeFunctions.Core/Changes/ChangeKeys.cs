using System.Globalization;
using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Changes;

/// <summary>Ids of changes, and keys as lines show them.</summary>
internal static class ChangeKeys
{
    /// <summary>
    /// The id of a change: the same for the same record and contents compared with the same snapshot, so that a repeat shows.
    /// </summary>
    /// <param name="header">What is compared.</param>
    /// <param name="op">What happened.</param>
    /// <param name="record">The record; of one that is gone what was known.</param>
    /// <param name="before">Hash of the content that was known; 0 where nothing was.</param>
    /// <param name="after">Hash of the content now; 0 where it is gone.</param>
    public static string IdOf(LineHeader header, ChangeOp op, in StateEntry record, ulong before, ulong after) =>
        Hash(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{header.Feed.Setting}|{header.Scope}|{header.Basis}|{op}|{record.Key.High:x16}{record.Key.Low:x16}|{record.Ordinal}|{before:x16}|{after:x16}"
            )
        );

    /// <summary>The id of a baseline line.</summary>
    public static string IdOf(LineHeader header, DayRange? days) =>
        Hash(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{header.Feed.Setting}|{header.Scope}|{header.Basis}|{ChangeOp.Baseline}|{days?.From}|{days?.To}"
            )
        );

    /// <summary>The id of one record that a baseline line stands for.</summary>
    public static string IdOf(Baseline baseline, KeyHash key, int ordinal) =>
        Hash(string.Create(CultureInfo.InvariantCulture, $"{baseline.Id}|{key.High:x16}{key.Low:x16}|{ordinal}"));

    /// <summary>The id of one part of a change that takes a line of its own.</summary>
    /// <param name="id">Id of the change.</param>
    /// <param name="part">Which part.</param>
    public static string IdOfPart(string id, string part) => Hash($"{id}|{part}");

    /// <summary>The key as lines show it: its parts between bars; in dated feeds the scope's id first and the ordinal last.</summary>
    public static string TextOf(Feed feed, Scope scope, IReadOnlyList<string> parts, int ordinal)
    {
        var all =
            feed.Dated ? parts.Prepend(scope.Id).Append(ordinal.ToString(CultureInfo.InvariantCulture))
            : ordinal == 0 ? parts
            : parts.Append(ordinal.ToString(CultureInfo.InvariantCulture));
        return string.Join(
            '|',
            all.Select(part => part.Replace("%", "%25", StringComparison.Ordinal).Replace("|", "%7C", StringComparison.Ordinal))
        );
    }

    /// <summary>The customer's part of a key as lines show it.</summary>
    public static string CustomerOf(string key, Feed feed)
    {
        // In dated feeds the scope comes first.
        var parts = key.Split('|');
        var place = feed.Dated ? 1 : 0;
        return place < parts.Length
            ? parts[place].Replace("%7C", "|", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal)
            : "";
    }

    private static string Hash(string identity) => Hash128.Of(Encoding.UTF8.GetBytes(identity)).ToString();
}
