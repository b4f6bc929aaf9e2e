namespace CubeFunctions.Core.Senders;

/// <summary>Whether a request comes from the sender. Everything but <see cref="Verified"/> is a refusal.</summary>
public enum SenderVerdict
{
    /// <summary>Never given: the default of the type must not open the door.</summary>
    None,

    /// <summary>The request is the sender's.</summary>
    Verified,

    /// <summary>Not a POST.</summary>
    WrongMethod,

    /// <summary>A header (or the query parameter) that carries the proof is missing.</summary>
    MissingHeader,

    /// <summary>The timestamp is not a number of the protocol's unit.</summary>
    BadTimestamp,

    /// <summary>Signed more than five minutes ago.</summary>
    TooOld,

    /// <summary>Signed more than five minutes from now.</summary>
    TooNew,

    /// <summary>The proof does not match the request under any valid secret.</summary>
    BadSignature,
}
