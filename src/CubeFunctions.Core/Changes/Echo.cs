using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// What upserts brought to one customer: a difference that is exactly that came from the CRM, and is not published back to it.
/// </summary>
internal sealed class Echo(MailboxContent mailbox)
{
    private const string StandardInfo = "crm__standard_info__";

    /// <summary>Members that say who the customer is: a record that an upsert created has them as well.</summary>
    private static readonly HashSet<string> Identity = new(
        [.. CustomerIds.InternalFirst, CubeFields.AssignmentId, "crm_type_id"],
        StringComparer.Ordinal
    );

    /// <summary>
    /// Whether something was on its way to Cube after a reading began: its pages may hold it in part, and are compared next time.
    /// </summary>
    public bool IsLaterThan(DateTimeOffset readingStarted) =>
        mailbox.Sent.Values.Any(sent => sent.Exists(value => value.Latest > readingStarted));

    /// <summary>W3C trace contexts of the deliveries that wrote to the customer since a reading began.</summary>
    public IEnumerable<string> TracesSince(DateTimeOffset knownSince) =>
        mailbox.Traces.Where(trace => trace.Latest >= knownSince).Select(trace => trace.Traceparent);

    /// <summary>Which of the changed members are what upserts brought.</summary>
    /// <param name="changed">Names of the changed members.</param>
    /// <param name="members">Hashes of the record's members by name, as it is now.</param>
    /// <param name="knownSince">When the reading began that the record is compared with: what came before was compared then.</param>
    public List<string> Explained(IEnumerable<string> changed, IReadOnlyDictionary<string, Hash128> members, DateTimeOffset knownSince) =>
        changed
            .Where(name =>
                Sent(name).Any(value => value.Latest >= knownSince && HashOf(name, value.Json) == members.GetValueOrDefault(name))
            )
            .ToList();

    /// <summary>Whether a record that was not known is all what upserts brought.</summary>
    /// <param name="members">Hashes of its members by name.</param>
    public bool ExplainsAll(IReadOnlyDictionary<string, Hash128> members) =>
        mailbox.Sent.Count > 0
        && members.Keys.Where(name => !Identity.Contains(name)).ToList() is var names
        && Explained(names, members, DateTimeOffset.MinValue).Count == names.Count;

    /// <summary>
    /// Members that upserts wrote, and that say something else now though nothing else was seen in between: they were set back in Cube.
    /// </summary>
    /// <param name="members">Hashes of all the record's content members by name, those without a value among them.</param>
    /// <param name="knownSince">When the reading began that the record is compared with.</param>
    public List<string> Undone(IReadOnlyDictionary<string, Hash128> members, DateTimeOffset knownSince)
    {
        var undone = new List<string>();
        foreach (var (name, hash) in members.Where(member => !Identity.Contains(member.Key)))
        {
            // One value that Cube surely took, and no other that it may have taken after it.
            if (Sent(name).ToList() is [{ IsTaken: true } value] && value.Latest >= knownSince && HashOf(name, value.Json) != hash)
            {
                undone.Add(name);
            }
        }

        return undone;
    }

    /// <summary>A field may be sent by its early name and come back by its later one, and the other way round.</summary>
    private IEnumerable<SentValue> Sent(string name)
    {
        var other = name.StartsWith(StandardInfo, StringComparison.Ordinal) ? name[StandardInfo.Length..] : StandardInfo + name;
        return (mailbox.Sent.GetValueOrDefault(name) ?? [])
            .Concat(mailbox.Sent.GetValueOrDefault(other) ?? [])
            .Concat(mailbox.Sent.GetValueOrDefault(CubeFields.CustomPrefix + name) ?? []);
    }

    private static Hash128 HashOf(string name, string json)
    {
        var cursor = new JsonCursor(Encoding.UTF8.GetBytes($"{{{Scalars.Quote(name)}:{json}}}"));
        cursor.Read();
        cursor.First(JsonCursor.EndOfObject);
        cursor.ReadName();
        return ContentHash.Member(ref cursor);
    }
}
