namespace CubeFunctions.Core.Senders;

/// <summary>How a <c>json</c> sender writes the HMAC of its body.</summary>
public enum SignatureEncoding
{
    /// <summary>Hexadecimal digits, in either case.</summary>
    Hex,

    /// <summary>Base64 with padding.</summary>
    Base64,
}
