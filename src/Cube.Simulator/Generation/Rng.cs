namespace Cube.Simulator.Generation;

/// <summary>SplitMix64: values that depend on their key alone, so that any row can be made without the rows before it.</summary>
internal static class Rng
{
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    public static ulong Key(int seed, int kind, long a, long b = 0) => Mix(Mix(Mix(Mix((ulong)seed) ^ (ulong)kind) ^ (ulong)a) ^ (ulong)b);

    public static ulong Key(ulong key, int salt) => Mix(key ^ ((ulong)salt * 0xD1342543DE82EF95));

    public static int Below(ulong hash, int bound) => (int)Math.BigMul(hash, (ulong)bound, out _);

    public static double Unit(ulong hash) => (hash >> 11) * (1.0 / (1UL << 53));

    public static T Pick<T>(ulong hash, T[] values) => values[Below(hash, values.Length)];
}
