using System.Text;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>What a member of a feed's records is good for, by its name.</summary>
/// <param name="Name">Its name, as UTF-8.</param>
/// <param name="Text">Its name.</param>
/// <param name="Seed">What the hash of its value begins with; see <see cref="ContentHash.SeedOf"/>.</param>
/// <param name="IsContent">Whether it counts as content.</param>
/// <param name="IsName">Whether it holds the person's name, which says when Cube has anonymised the person.</param>
/// <param name="Place">Its places among the values that <see cref="RecordReader"/> keeps.</param>
internal sealed record RecordMember(byte[] Name, string Text, long Seed, bool IsContent, bool IsName, MemberPlace[] Place)
{
    /// <summary>The name as pages write it.</summary>
    public WrittenName Written { get; } = new(Name);

    /// <summary>Finds out what a member is good for.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="feed">The feed.</param>
    /// <param name="rules">What counts as content.</param>
    public static RecordMember Create(byte[] name, Feed feed, ContentRules rules)
    {
        var text = Encoding.UTF8.GetString(name);
        var values = feed.Key.Parts.Concat(feed.CustomerIds);
        var places = values.Select((names, value) => new MemberPlace(value, names.ToList().IndexOf(text))).Where(place => place.Rank >= 0);
        return new RecordMember(name, text, ContentHash.SeedOf(name), rules.IsContent(name), CustomerIds.Names.Contains(text), [.. places]);
    }
}

/// <summary>A value that a member may give.</summary>
/// <param name="Value">Which: the parts of the key, then the ids of the customer.</param>
/// <param name="Rank">How good it is among the members that may give it: 0 is the best.</param>
internal readonly record struct MemberPlace(int Value, int Rank);
