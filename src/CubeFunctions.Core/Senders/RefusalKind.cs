namespace CubeFunctions.Core.Senders;

/// <summary>Why a body is refused as a whole.</summary>
public enum RefusalKind
{
    /// <summary>Over the limit of bytes: 413.</summary>
    TooLarge,

    /// <summary>Not <c>application/json</c> in UTF-8: 415.</summary>
    UnsupportedMediaType,

    /// <summary>Not JSON, or not valid UTF-8: 400.</summary>
    NotJson,

    /// <summary>Nested too deeply: 400.</summary>
    TooDeep,

    /// <summary>A member occurs twice in one object: 400. Readers differ in which one counts.</summary>
    DuplicateMember,

    /// <summary>JSON, but not what this sender sends: 400.</summary>
    WrongShape,

    /// <summary>An empty array: 400. It asks for nothing, and is a mistake at the sender.</summary>
    Empty,

    /// <summary>More customers or events than one post may hold: 400.</summary>
    TooMany,
}
