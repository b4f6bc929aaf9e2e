using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>A place in a JSON document (RFC 6901): <c>""</c> is the whole, <c>/data/0/id</c> a value inside.</summary>
public sealed class JsonPointer
{
    private readonly string _text;
    private readonly string[] _steps;

    private JsonPointer(string text, string[] steps)
    {
        _text = text;
        _steps = steps;
    }

    /// <summary>The whole document.</summary>
    public static JsonPointer Root { get; } = new("", []);

    /// <summary>The name of the one member it leads to, where it has one step only.</summary>
    internal string? OnlyStep => _steps.Length == 1 ? _steps[0] : null;

    /// <summary>Reads a pointer: empty, or steps that each begin with <c>/</c>; <c>~0</c> is <c>~</c>, <c>~1</c> is <c>/</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPointer? place)
    {
        ArgumentNullException.ThrowIfNull(text);
        place = null;
        if (text.Length == 0)
        {
            place = Root;
            return true;
        }

        if (text[0] != '/')
        {
            return false;
        }

        for (var i = text.IndexOf('~'); i >= 0; i = text.IndexOf('~', i + 1))
        {
            if (i + 1 >= text.Length || text[i + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        place = new JsonPointer(text, [.. text[1..].Split('/').Select(Unescape)]);
        return true;
    }

    /// <summary>Follows the pointer from <paramref name="start"/>; false where a step leads nowhere.</summary>
    public bool TryFind(JsonElement start, out JsonElement found)
    {
        found = start;
        foreach (var step in _steps)
        {
            switch (found.ValueKind)
            {
                case JsonValueKind.Object when found.TryGetProperty(step, out var member):
                    found = member;
                    break;
                case JsonValueKind.Array when IsIndex(step, found.GetArrayLength(), out var index):
                    found = found[index];
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    /// <summary>The pointer as it is written.</summary>
    public override string ToString() => _text;

    private static bool IsIndex(string step, int length, out int index) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out index)
        && index < length
        && (step.Length == 1 || step[0] != '0');

    private static string Unescape(string step) =>
        step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
