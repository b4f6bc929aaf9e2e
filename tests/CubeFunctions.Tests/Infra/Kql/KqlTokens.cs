using System.Text.RegularExpressions;

namespace CubeFunctions.Tests.Infra.Kql;

/// <summary>The words of a query, one after the other.</summary>
internal sealed partial class KqlTokens
{
    private readonly IReadOnlyList<string> _tokens;
    private int _at;

    public KqlTokens(string query)
    {
        var matches = Token().Matches(query);
        var unknown = Token().Replace(query, "").Trim();
        _tokens =
            unknown.Length == 0
                ? [.. matches.Select(match => match.Value)]
                : throw new KqlException($"'{unknown}' is no word of the language as far as it is known here.");
    }

    /// <summary>The next word; empty at the end.</summary>
    public string Next => _at < _tokens.Count ? _tokens[_at] : "";

    public string Take() => _at < _tokens.Count ? _tokens[_at++] : throw new KqlException("The query ends too soon.");

    public bool TryTake(string token)
    {
        var found = Next == token;
        _at += found ? 1 : 0;
        return found;
    }

    public void Expect(string token)
    {
        if (!TryTake(token))
        {
            throw new KqlException($"'{Next}' where '{token}' was expected.");
        }
    }

    public string Name() => Identifier().IsMatch(Next) ? Take() : throw new KqlException($"'{Next}' is no name.");

    [GeneratedRegex(@"'[^'\\]*'|\d+(?:\.\d+)?[smhd]?\b|[A-Za-z_]\w*(?:-[a-z]+)*|==|!=|>=|<=|!in\b|[|(),\[\]=<>*+/-]")]
    private static partial Regex Token();

    [GeneratedRegex(@"^[A-Za-z_]\w*$")]
    private static partial Regex Identifier();
}
