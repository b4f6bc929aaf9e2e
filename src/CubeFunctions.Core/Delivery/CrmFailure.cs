namespace CubeFunctions.Core.Delivery;

/// <summary>Why the receiver has not taken what it was sent.</summary>
internal enum CrmFailureKind
{
    /// <summary>It may take it later.</summary>
    Transient,

    /// <summary>It will never take this content.</summary>
    Refused,

    /// <summary>It answered 410: it wants nothing more.</summary>
    Gone,
}

/// <summary>
/// The receiver has not taken what it was sent. The message holds neither its address, which may be a secret, nor anything of the content.
/// </summary>
internal sealed class CrmException(CrmFailureKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public CrmFailureKind Kind => kind;

    /// <summary>How long it wants to be left alone, where it says so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
