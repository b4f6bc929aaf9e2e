using System.Diagnostics.CodeAnalysis;

namespace CubeFunctions.Core.Senders;

/// <summary>What a body says: either its events (at least one), or why it is refused.</summary>
public sealed class ParsedBody
{
    private ParsedBody(IReadOnlyList<UpsertEvent> events, BodyRefusal? refusal)
    {
        Events = events;
        Refusal = refusal;
    }

    /// <summary>The events, in the order of the body; empty where it is refused.</summary>
    public IReadOnlyList<UpsertEvent> Events { get; }

    /// <summary>Why the body is refused; null where it is taken.</summary>
    public BodyRefusal? Refusal { get; }

    /// <summary>Whether the body is refused.</summary>
    [MemberNotNullWhen(true, nameof(Refusal))]
    public bool IsRefused => Refusal is not null;

    internal static ParsedBody Of(IReadOnlyList<UpsertEvent> events) => new(events, null);

    internal static ParsedBody Refuse(BodyRefusal refusal) => new([], refusal);

    internal static ParsedBody Refuse(RefusalKind kind, string detail) => Refuse(new BodyRefusal(kind, detail));
}
