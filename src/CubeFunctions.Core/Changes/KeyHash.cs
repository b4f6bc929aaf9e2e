namespace CubeFunctions.Core.Changes;

/// <summary>A 128-bit hash of a key: so wide that two of a million customers never share one by chance.</summary>
internal readonly record struct KeyHash(ulong High, ulong Low) : IComparable<KeyHash>
{
    public static KeyHash Of(UInt128 hash) => new((ulong)(hash >> 64), (ulong)hash);

    public int CompareTo(KeyHash other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);
}
