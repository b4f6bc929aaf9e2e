using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace CubeFunctions.Tests.Infra.Arm;

/// <summary>An expression of a template, as read.</summary>
internal abstract record ArmExpression
{
    private static readonly ConcurrentDictionary<string, ArmExpression> Known = new(StringComparer.Ordinal);

    /// <summary>Reads what stands between the outer brackets.</summary>
    public static ArmExpression Parse(string text) =>
        Known.GetOrAdd(
            text,
            static text =>
            {
                var reader = new Reader(text);
                var expression = reader.Expression();
                return reader.AtEnd ? expression : throw new FormatException($"'{text}' goes on after an expression.");
            }
        );

    internal sealed record Text(string Value) : ArmExpression;

    internal sealed record Number(long Value) : ArmExpression;

    internal sealed record Call(string Function, IReadOnlyList<ArmExpression> Arguments) : ArmExpression;

    internal sealed record Member(ArmExpression Of, ArmExpression Name) : ArmExpression;

    private sealed class Reader(string text)
    {
        private int _at;

        public bool AtEnd => Peek() == '\0';

        public ArmExpression Expression()
        {
            var expression = Primary();
            while (true)
            {
                if (Take('.'))
                {
                    expression = new Member(expression, new Text(Word()));
                }
                else if (Take('['))
                {
                    expression = new Member(expression, Expression());
                    Need(']');
                }
                else
                {
                    return expression;
                }
            }
        }

        private ArmExpression Primary()
        {
            var next = Peek();
            if (next == '\'')
            {
                return new Text(Quoted());
            }

            if (next == '-' || char.IsAsciiDigit(next))
            {
                var from = _at++;
                while (_at < text.Length && char.IsAsciiDigit(text[_at]))
                {
                    _at++;
                }

                return new Number(long.Parse(text.AsSpan(from, _at - from), CultureInfo.InvariantCulture));
            }

            var function = Word();
            Need('(');
            var arguments = new List<ArmExpression>();
            if (!Take(')'))
            {
                do
                {
                    arguments.Add(Expression());
                } while (Take(','));
                Need(')');
            }

            return new Call(function, arguments);
        }

        private string Quoted()
        {
            var value = new StringBuilder();
            for (_at++; ; _at++)
            {
                if (text[_at] != '\'')
                {
                    value.Append(text[_at]);
                }
                else if (_at + 1 < text.Length && text[_at + 1] == '\'')
                {
                    value.Append(text[_at++]);
                }
                else
                {
                    _at++;
                    return value.ToString();
                }
            }
        }

        private string Word()
        {
            Peek();
            var from = _at;
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
            {
                _at++;
            }

            return _at > from ? text[from.._at] : throw new FormatException($"'{text}' has no name at {from}.");
        }

        private char Peek()
        {
            while (_at < text.Length && text[_at] == ' ')
            {
                _at++;
            }

            return _at < text.Length ? text[_at] : '\0';
        }

        private bool Take(char wanted)
        {
            if (Peek() != wanted)
            {
                return false;
            }

            _at++;
            return true;
        }

        private void Need(char wanted)
        {
            if (!Take(wanted))
            {
                throw new FormatException($"'{text}' lacks '{wanted}' at {_at}.");
            }
        }
    }
}
