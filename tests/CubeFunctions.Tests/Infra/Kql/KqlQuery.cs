namespace CubeFunctions.Tests.Infra.Kql;

/// <summary>Runs the part of the Kusto query language that our alerts use, and refuses everything else.</summary>
internal sealed class KqlQuery
{
    private static readonly string[] Columns = ["timestamp", "name", "value", "customDimensions"];

    private readonly KqlTokens _tokens;
    private readonly KqlExpressions _expressions;
    private IReadOnlyList<KqlRow> _rows;

    private KqlQuery(string query, IReadOnlyList<KqlRow> customMetrics, DateTimeOffset now)
    {
        _tokens = new KqlTokens(query);
        _expressions = new KqlExpressions(_tokens, now) { Columns = [.. Columns] };
        _rows = customMetrics;
    }

    /// <summary>What a query over <c>customMetrics</c> gives.</summary>
    /// <exception cref="KqlException">The query is wrong, or asks for something that is not known here.</exception>
    public static IReadOnlyList<KqlRow> Run(string query, IReadOnlyList<KqlRow> customMetrics, DateTimeOffset now)
    {
        var run = new KqlQuery(query, customMetrics, now);
        run._tokens.Expect("customMetrics");
        while (run._tokens.Next.Length > 0)
        {
            run._tokens.Expect("|");
            run.Step();
        }

        return run._rows;
    }

    private void Step()
    {
        var step = _tokens.Take();
        switch (step)
        {
            case "where":
                var condition = _expressions.Read();
                _rows =
                [
                    .. _rows.Where(row => condition(row) as bool? ?? throw new KqlException("A condition is neither true nor false.")),
                ];
                break;
            case "extend":
                Extend(Assignments());
                break;
            case "project":
                Project();
                break;
            case "mv-expand":
                Expand();
                break;
            case "distinct":
                var name = Column();
                Replace([name], [.. _rows.Select(row => row[name]).Distinct().Select(value => Row(name, value))]);
                break;
            case "summarize":
                var count = _tokens.Name();
                foreach (var token in (string[])["=", "count", "(", ")"])
                {
                    _tokens.Expect(token);
                }

                Replace([count], [Row(count, (double)_rows.Count)]);
                break;
            default:
                throw new KqlException($"'{step}' is not known here.");
        }
    }

    private List<(string Name, Func<KqlRow, object?> Value)> Assignments()
    {
        var assignments = new List<(string, Func<KqlRow, object?>)>();
        do
        {
            var name = _tokens.Name();
            var isColumn = !_tokens.TryTake("=");
            assignments.Add((name, isColumn ? Known(name) : _expressions.Read()));
        } while (_tokens.TryTake(","));
        return assignments;
    }

    private void Extend(IReadOnlyList<(string Name, Func<KqlRow, object?> Value)> assignments)
    {
        _rows =
        [
            .. _rows.Select(row =>
                assignments.Aggregate(row, (extended, assignment) => extended.With(assignment.Name, assignment.Value(row)))
            ),
        ];
        _expressions.Columns.UnionWith(assignments.Select(assignment => assignment.Name));
    }

    private void Project()
    {
        var assignments = Assignments();
        Replace(
            [.. assignments.Select(assignment => assignment.Name)],
            [
                .. _rows.Select(row => new KqlRow(
                    assignments.ToDictionary(assignment => assignment.Name, assignment => assignment.Value(row), StringComparer.Ordinal)
                )),
            ]
        );
    }

    private void Expand()
    {
        var name = _tokens.Name();
        _tokens.Expect("=");
        var list = _expressions.Read();
        foreach (var token in (string[])["to", "typeof", "(", "datetime", ")"])
        {
            _tokens.Expect(token);
        }

        _rows =
        [
            .. _rows.SelectMany(row =>
                (list(row) as IReadOnlyList<object?> ?? throw new KqlException("Only lists can be expanded.")).Select(value =>
                    row.With(name, value)
                )
            ),
        ];
        _expressions.Columns.Add(name);
    }

    private string Column()
    {
        var name = _tokens.Name();
        Known(name);
        return name;
    }

    private Func<KqlRow, object?> Known(string name) =>
        _expressions.Columns.Contains(name) ? row => row[name] : throw new KqlException($"There is no column '{name}' here.");

    private void Replace(IReadOnlyList<string> columns, IReadOnlyList<KqlRow> rows) => (_expressions.Columns, _rows) = ([.. columns], rows);

    private static KqlRow Row(string name, object? value) =>
        new(new Dictionary<string, object?>(StringComparer.Ordinal) { [name] = value });
}
