using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CubeFunctions.Tests.Infra.Arm;

/// <summary>
/// The functions our templates call. One that is not here fails the tests: a function that reads a key or a secret from Azure must not slip
/// in unseen.
/// </summary>
internal static class ArmFunctions
{
    public const string Subscription = "/subscriptions/s";

    public static object? Call(string name, IReadOnlyList<object?> a) =>
        name switch
        {
            "true" => true,
            "false" => false,
            "null" => null,
            "not" => !(bool)a[0]!,
            "equals" => Equals(a[0], a[1]),
            "empty" => Empty(a[0]),
            "length" => (long)Count(a[0]),
            "add" => Number(a[0]) + Number(a[1]),
            "sub" => Number(a[0]) - Number(a[1]),
            "mul" => Number(a[0]) * Number(a[1]),
            "max" => a.Max(Number),
            "string" => ArmValue.Show(a[0]),
            "toLower" => ArmValue.Show(a[0]).ToLowerInvariant(),
            "format" => string.Format(CultureInfo.InvariantCulture, ArmValue.Show(a[0]), [.. a.Skip(1).Select(ArmValue.Show)]),
            "concat" => a[0] is string ? string.Concat(a.Select(ArmValue.Show)) : a.SelectMany(list => (IList<object?>)list!).ToList(),
            "createArray" => a.ToList(),
            "createObject" => a.Chunk(2).ToDictionary(pair => (string)pair[0]!, pair => pair[1], StringComparer.OrdinalIgnoreCase),
            "union" => Merge(a),
            "shallowMerge" => Merge((IList<object?>)a[0]!),
            "tryGet" => a.Skip(1).Aggregate(a[0], (value, name) => ArmValue.At(value, ArmValue.Show(name))),
            "resourceId" => Subscription + "/resourceGroups/g/providers" + ResourcePath(a),
            "subscriptionResourceId" => Subscription + "/providers" + ResourcePath(a),
            "subscription" => Members(("id", Subscription), ("subscriptionId", "s")),
            "resourceGroup" => Members(("id", Subscription + "/resourceGroups/g")),
            "items" => ((IDictionary<string, object?>)a[0]!)
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => (object?)Members(("key", pair.Key), ("value", pair.Value)))
                .ToList(),
            "tenant" => Members(("tenantId", "tenant")),
            "environment" => Members(
                ("suffixes", Members(("storage", "core.windows.net"))),
                ("authentication", Members(("loginEndpoint", "https://login.microsoftonline.com/")))
            ),
            "uniqueString" or "guid" => Digest(a),
            "cidrSubnet" => Subnet(ArmValue.Show(a[0]), (int)Number(a[1]), (int)Number(a[2])),
            "int" => a[0] is long number ? number : long.Parse(ArmValue.Show(a[0]), CultureInfo.InvariantCulture),
            "join" => string.Join(ArmValue.Show(a[1]), ((IList<object?>)a[0]!).Select(ArmValue.Show)),
            "greater" => Number(a[0]) > Number(a[1]),
            _ => throw new NotSupportedException(
                $"Templates do not call '{name}' so far: teach {nameof(ArmFunctions)} what it does, if it may."
            ),
        };

    /// <summary>One of the networks of a length that a network is cut into.</summary>
    public static string Subnet(string network, int length, int index)
    {
        if (network.Split('/') is not [var address, _] || !System.Net.IPAddress.TryParse(address, out var start))
        {
            // Azure would refuse it; here the rules shall find the fault.
            return $"{network}#{index}";
        }

        var first = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(start.GetAddressBytes()) + ((uint)index << (32 - length));
        return $"{first >> 24}.{(first >> 16) & 255}.{(first >> 8) & 255}.{first & 255}/{length}";
    }

    // Azure would refuse what is no number; here the rules shall find the fault.
    private static long Number(object? value) => value as long? ?? 0;

    private static Dictionary<string, object?> Members(params (string Name, object? Value)[] members) =>
        members.ToDictionary(member => member.Name, member => member.Value, StringComparer.OrdinalIgnoreCase);

    private static Dictionary<string, object?> Merge(IEnumerable<object?> parts)
    {
        var merged = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in parts.OfType<IDictionary<string, object?>>().SelectMany(part => part))
        {
            merged[name] = value;
        }

        return merged;
    }

    /// <summary><c>/Namespace/type/name/type/name</c>.</summary>
    private static string ResourcePath(IReadOnlyList<object?> arguments)
    {
        var types = ArmValue.Show(arguments[0]).Split('/');
        var path = new StringBuilder("/").Append(types[0]);
        for (var i = 1; i < types.Length; i++)
        {
            path.Append('/').Append(types[i]).Append('/').Append(arguments[i]);
        }

        return path.ToString();
    }

    private static string Digest(IEnumerable<object?> values) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('|', values))))[..13];

    private static bool Empty(object? value) => Count(value) == 0;

    private static int Count(object? value) =>
        value switch
        {
            null => 0,
            string text => text.Length,
            IDictionary<string, object?> members => members.Count,
            IList<object?> items => items.Count,
            _ => throw new FormatException($"'{value}' has no length."),
        };
}
