using System.Collections.Frozen;
using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>
/// How a sender's fields become Cube's. In the mailbox the parts of a joined field stay apart, since senders send parts; they are
/// joined when all are known.
/// </summary>
public sealed class FieldMap
{
    private readonly IReadOnlyList<FieldRule> _ordered;
    private readonly FrozenDictionary<string, FieldRule> _rules;
    private readonly FrozenSet<string> _sources;

    internal FieldMap(IEnumerable<FieldRule> rules)
    {
        _ordered = [.. rules];
        _rules = _ordered.ToFrozenDictionary(rule => rule.Target, StringComparer.Ordinal);
        _sources = _ordered
            .SelectMany(rule => rule.Sources)
            .Select(source => source.Pointer is { } pointer ? pointer.OnlyStep : source.Text)
            .OfType<string>()
            .ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>No map: the sender uses Cube's names, and every field passes through.</summary>
    public static FieldMap PassAll { get; } = new([]);

    /// <summary>Whether there are no rules, so that everything passes.</summary>
    public bool PassesAll => _rules.Count == 0;

    /// <summary>Cube's fields that the map makes, customer id and constants included, in the order of their names.</summary>
    public IReadOnlyList<string> Targets => [.. _rules.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The map's constants, as values of an event.</summary>
    internal IEnumerable<SourceValue> Constants =>
        _ordered.Where(rule => rule.Constant is not null).Select(rule => new SourceValue(rule.Target, 0, rule.Constant!));

    internal SourcePath? CustomerIdSource => _rules.TryGetValue(CubeFields.CustomerId, out var rule) ? rule.Sources[0] : null;

    /// <summary>Reads a map from JSON.</summary>
    /// <returns>The map; null where there is at least one fault.</returns>
    /// <param name="json">The map.</param>
    /// <param name="faults">Every fault.</param>
    /// <param name="toCube">Whether it makes Cube's fields; false for a map that makes the CRM's.</param>
    public static FieldMap? Parse(ReadOnlyMemory<byte> json, out IReadOnlyList<string> faults, bool toCube = true) =>
        FieldMapReader.Read(json, toCube, out faults);

    /// <summary>Makes the fields to send from the values a customer's mailbox holds.</summary>
    /// <param name="values">Field and part to JSON scalar, as this map made them: another sender's map joins other parts.</param>
    public AssembledFields Assemble(IReadOnlyDictionary<(string Field, int Part), string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var incomplete = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var ((field, part), json) in values)
        {
            if (!_rules.TryGetValue(field, out var rule) || rule.Separator is null)
            {
                // Parts that no rule joins are of a map that has changed since: half a name is worse than an old one.
                if (part > 0 || values.ContainsKey((field, 1)))
                {
                    incomplete.Add(field);
                }
                else
                {
                    fields[field] = json;
                }
            }
            else if (!fields.ContainsKey(field) && !incomplete.Contains(field))
            {
                if (Join(rule, values) is { } joined)
                {
                    fields[field] = joined;
                }
                else
                {
                    incomplete.Add(field);
                }
            }
        }

        if (fields.Count > 0)
        {
            foreach (var rule in _ordered)
            {
                if (rule.Constant is not null)
                {
                    fields[rule.Target] = rule.Constant;
                }
            }
        }

        return new AssembledFields(fields, [.. incomplete]);
    }

    /// <summary>The values of a record by the rules. Fields with a value that cannot be converted are left out.</summary>
    /// <param name="record">The record.</param>
    /// <param name="faults">Takes why fields are left out, by their names.</param>
    internal List<SourceValue> Values(SourceRecord record, List<string> faults)
    {
        var values = new List<SourceValue>();
        foreach (var rule in _ordered)
        {
            var first = values.Count;
            for (var part = 0; part < rule.Sources.Count && rule.Target != CubeFields.CustomerId; part++)
            {
                if (!record.TryFind(rule.Sources[part], out var value))
                {
                    continue;
                }

                var fault = rule.Fault(rule.Sources[part], value);
                if (fault is not null || rule.Convert(rule.Sources[part], value, out fault) is not { } json)
                {
                    // A joined field without one of its parts would say something else.
                    faults.Add(fault!);
                    values.RemoveRange(first, values.Count - first);
                    break;
                }

                values.Add(new SourceValue(rule.Target, part, json, rule.Sources.Count));
            }

            if (record.IsComplete && values.Count > first)
            {
                AddMissingParts(rule, values, first);
            }
        }

        return values;
    }

    /// <summary>Makes all fields of a record that is whole; null and the fault where a value cannot be converted.</summary>
    internal Dictionary<string, string>? Make(SourceRecord record, out string? fault)
    {
        fault = null;
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var rule in _ordered)
        {
            var parts = new Dictionary<(string Field, int Part), string>();
            for (var part = 0; part < rule.Sources.Count; part++)
            {
                var json = record.TryFind(rule.Sources[part], out var value)
                    ? rule.Convert(rule.Sources[part], value, out fault)
                    : Scalars.Null;
                if (json is null)
                {
                    return null;
                }

                parts[(rule.Target, part)] = json;
            }

            fields[rule.Target] = rule.Constant ?? (rule.Separator is null ? parts[(rule.Target, 0)] : Join(rule, parts)!);
        }

        return fields;
    }

    /// <summary>The targets of those rules that take one of these sources.</summary>
    internal IEnumerable<string> TargetsOf(IReadOnlySet<string> sources) =>
        _ordered
            .Where(rule =>
                rule.Sources.Any(source =>
                    (source.Pointer is { } pointer ? pointer.OnlyStep : source.Text) is { } name && sources.Contains(name)
                )
            )
            .Select(rule => rule.Target);

    /// <summary>Whether a flat customer's member, that no rule mentions, goes to Cube as it is.</summary>
    internal bool Passes(string name) => PassesAll || (CubeFields.IsOwn(name) && !_rules.ContainsKey(name) && !_sources.Contains(name));

    /// <summary>In a record that is complete, a part that is not there is empty, and the joined field must not wait for it.</summary>
    private static void AddMissingParts(FieldRule rule, List<SourceValue> values, int first)
    {
        var known = values.Skip(first).Select(value => value.Part).ToHashSet();
        for (var part = 0; part < rule.Sources.Count; part++)
        {
            if (!known.Contains(part))
            {
                values.Add(new SourceValue(rule.Target, part, Scalars.Null, rule.Sources.Count));
            }
        }
    }

    private static string? Join(FieldRule rule, IReadOnlyDictionary<(string Field, int Part), string> values)
    {
        var parts = new List<string>();
        for (var part = 0; part < rule.Sources.Count; part++)
        {
            if (!values.TryGetValue((rule.Target, part), out var json))
            {
                return null;
            }

            using var document = JsonDocument.Parse(json);
            if (Scalars.Text(document.RootElement) is { } text && !string.IsNullOrWhiteSpace(text))
            {
                parts.Add(text);
            }
        }

        return Scalars.Quote(string.Join(rule.Separator, parts));
    }
}
