namespace CubeFunctions.Core.Senders;

/// <summary>The key of a sender. Prints as stars, so that a logged or printed settings object does not give it away.</summary>
public sealed class SenderSecret
{
    private readonly byte[] _key;

    internal SenderSecret(byte[] key) => _key = key;

    internal ReadOnlySpan<byte> Key => _key;

    /// <summary>Stars.</summary>
    public override string ToString() => "***";
}
