namespace CubeFunctions.Core.Changes;

/// <summary>
/// Renumbers sources: those that an entry points to stay, and those of the run that writes, which say what it has compared.
/// </summary>
internal sealed class SourceTable
{
    private readonly IReadOnlyList<StateSource> _before;
    private readonly List<StateSource> _after;
    private readonly Dictionary<ushort, ushort> _numbers = [];

    public SourceTable(IReadOnlyList<StateSource> before, StateSource current)
    {
        _before = before;
        _after = [current];
        for (var i = 0; i < before.Count; i++)
        {
            if (before[i].Run == current.Run && (before[i].From, before[i].To) != (current.From, current.To))
            {
                Renumber((ushort)i);
            }
        }
    }

    /// <summary>When the reading was made that is compared now.</summary>
    public DateTimeOffset ReadAt => _after[Current].At;

    /// <summary>Number of the reading that was compared now.</summary>
    public const ushort Current = 0;

    /// <summary>The new number of a source that is still pointed to.</summary>
    public ushort Renumber(ushort old)
    {
        if (!_numbers.TryGetValue(old, out var number))
        {
            _numbers[old] = number = (ushort)_after.Count;
            _after.Add(_before[old]);
        }

        return number;
    }

    public IReadOnlyList<StateSource> ToList() => _after;
}
