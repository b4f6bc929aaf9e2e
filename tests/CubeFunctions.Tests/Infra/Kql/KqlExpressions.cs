using System.Globalization;

namespace CubeFunctions.Tests.Infra.Kql;

/// <summary>Expressions over a row. Columns are known beforehand, so that a misspelt one is refused even where there are no rows.</summary>
internal sealed class KqlExpressions(KqlTokens tokens, DateTimeOffset now)
{
    /// <summary>The columns at this place of the query.</summary>
    public HashSet<string> Columns { get; set; } = [];

    public Func<KqlRow, object?> Read()
    {
        var left = And();
        while (tokens.TryTake("or"))
        {
            var (first, second) = (left, And());
            left = row => Is(first(row)) || Is(second(row));
        }

        return left;
    }

    private Func<KqlRow, object?> And()
    {
        var left = Comparison();
        while (tokens.TryTake("and"))
        {
            var (first, second) = (left, Comparison());
            left = row => Is(first(row)) && Is(second(row));
        }

        return left;
    }

    private Func<KqlRow, object?> Comparison()
    {
        var left = Sum();
        var compare = tokens.Next;
        if (compare is "==" or "!=" or ">" or ">=" or "<" or "<=")
        {
            tokens.Take();
            var right = Sum();
            return row => Compare(compare, left(row), right(row));
        }

        if (compare is "in" or "!in")
        {
            tokens.Take();
            var list = Arguments();
            return row => list.Any(item => Compare("==", left(row), item(row)) is true) == (compare == "in");
        }

        return left;
    }

    private Func<KqlRow, object?> Sum()
    {
        var left = Product();
        while (tokens.Next is "+" or "-")
        {
            var (sign, first, second) = (tokens.Take() == "+" ? 1 : -1, left, Product());
            left = row =>
                (first(row), second(row)) switch
                {
                    (double a, double b) => a + (sign * b),
                    (DateTimeOffset a, TimeSpan b) => a + (sign * b),
                    (TimeSpan a, TimeSpan b) => a + (sign * b),
                    var (a, b) => throw new KqlException($"{a} and {b} cannot be added."),
                };
        }

        return left;
    }

    private Func<KqlRow, object?> Product()
    {
        var left = Element();
        while (tokens.TryTake("*"))
        {
            var (first, second) = (left, Element());
            left = row =>
                (first(row), second(row)) switch
                {
                    (double a, double b) => a * b,
                    (double a, TimeSpan b) => a * b,
                    (TimeSpan a, double b) => a * b,
                    var (a, b) => throw new KqlException($"{a} and {b} cannot be multiplied."),
                };
        }

        return left;
    }

    private Func<KqlRow, object?> Element()
    {
        var value = Primary();
        while (tokens.TryTake("["))
        {
            var (of, index) = (value, Read());
            tokens.Expect("]");
            value = row =>
                (of(row), index(row)) switch
                {
                    (IReadOnlyDictionary<string, object?> members, string name) => members.GetValueOrDefault(name),
                    (IReadOnlyList<string> items, double place) => place < items.Count ? items[(int)place] : null,
                    var (a, b) => throw new KqlException($"{a} has no element {b}."),
                };
        }

        return value;
    }

    private Func<KqlRow, object?> Primary()
    {
        if (tokens.TryTake("("))
        {
            var inner = Read();
            tokens.Expect(")");
            return inner;
        }

        var token = tokens.Take();
        if (token.StartsWith('\''))
        {
            return _ => token[1..^1];
        }

        if (char.IsAsciiDigit(token[0]))
        {
            object number = Number(token);
            return _ => number;
        }

        if (tokens.Next == "(")
        {
            var arguments = Arguments();
            return row => Call(token, [.. arguments.Select(argument => argument(row))]);
        }

        return Columns.Contains(token) ? row => row[token] : throw new KqlException($"There is no column '{token}' here.");
    }

    private List<Func<KqlRow, object?>> Arguments()
    {
        var arguments = new List<Func<KqlRow, object?>>();
        tokens.Expect("(");
        while (!tokens.TryTake(")"))
        {
            if (arguments.Count > 0)
            {
                tokens.Expect(",");
            }

            arguments.Add(Read());
        }

        return arguments;
    }

    private object? Call(string function, IReadOnlyList<object?> arguments) =>
        (function, arguments) switch
        {
            ("now", []) => now,
            ("tostring", [var value]) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
            ("split", [string text, string delimiter]) => text.Split(delimiter),
            ("bin", [DateTimeOffset time, TimeSpan width]) => new DateTimeOffset(
                time.UtcTicks - (time.UtcTicks % width.Ticks),
                TimeSpan.Zero
            ),
            ("range", [DateTimeOffset from, DateTimeOffset to, TimeSpan step]) => Range(from, to, step),
            _ => throw new KqlException($"{function}({string.Join(", ", arguments)}) is not known here."),
        };

    private static List<object?> Range(DateTimeOffset from, DateTimeOffset to, TimeSpan step)
    {
        var values = new List<object?>();
        for (var value = from; value <= to; value += step)
        {
            values.Add(value);
        }

        return values;
    }

    private static object Number(string token)
    {
        var unit = token[^1];
        var digits = double.Parse(char.IsAsciiDigit(unit) ? token : token[..^1], CultureInfo.InvariantCulture);
        return unit switch
        {
            's' => TimeSpan.FromSeconds(digits),
            'm' => TimeSpan.FromMinutes(digits),
            'h' => TimeSpan.FromHours(digits),
            'd' => TimeSpan.FromDays(digits),
            _ => digits,
        };
    }

    private static bool Is(object? value) => value as bool? ?? throw new KqlException($"'{value}' is neither true nor false.");

    private static bool Compare(string compare, object? left, object? right)
    {
        var order = (left, right) switch
        {
            (string a, string b) => string.CompareOrdinal(a, b),
            (double a, double b) => a.CompareTo(b),
            (DateTimeOffset a, DateTimeOffset b) => a.CompareTo(b),
            var (a, b) => throw new KqlException($"'{a}' and '{b}' cannot be compared."),
        };
        return compare switch
        {
            "==" => order == 0,
            "!=" => order != 0,
            ">" => order > 0,
            ">=" => order >= 0,
            "<" => order < 0,
            _ => order <= 0,
        };
    }
}
