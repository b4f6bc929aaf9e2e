using System.Collections.Concurrent;
using Cube.Simulator.Generation;

namespace Cube.Simulator;

/// <summary>The faults that are switched on. Can be changed while the simulator answers.</summary>
public sealed class FaultPlan
{
    private const int ShiftsThatSettle = 3;

    private readonly ConcurrentDictionary<string, Drift> drifts = new(StringComparer.Ordinal);
    private readonly int seed;
    private volatile Rule[] rules = [];
    private int added;

    /// <summary>An empty plan.</summary>
    /// <param name="seed">Seed of the dice.</param>
    public FaultPlan(int seed = 1) => this.seed = seed;

    /// <summary>
    /// The faults that are switched on, in the order they are tried: of those that fail the answer, the first one counts.
    /// </summary>
    public IReadOnlyList<Fault> Active => [.. rules.Select(rule => rule.Fault)];

    /// <summary>
    /// Reads a fault from its command-line form, such as <c>429=0.1</c> or <c>reset-in-body=0.05,path=/responses,times=3</c>.
    /// </summary>
    /// <param name="text"><c>name[=rate][,key=value]...</c></param>
    /// <exception cref="FormatException">The text names no fault; the message is fit to be shown to the user.</exception>
    public static Fault Parse(string text) => FaultText.Parse(text);

    /// <summary>Switches a fault on.</summary>
    /// <param name="fault">The fault.</param>
    public void Add(Fault fault)
    {
        lock (drifts)
            rules = [.. rules, new Rule(fault, Rng.Key(seed, 7, added++))];
    }

    /// <summary>Switches a fault on from its command-line form.</summary>
    /// <param name="text"><inheritdoc cref="Parse" path="/param[@name='text']"/></param>
    /// <exception cref="FormatException">The text names no fault.</exception>
    public void Add(string text) => Add(Parse(text));

    /// <summary>Switches a fault off.</summary>
    /// <param name="fault">An equal one to that which was added.</param>
    /// <returns>Whether it was on.</returns>
    public bool Remove(Fault fault)
    {
        lock (drifts)
        {
            var left = rules.Where(rule => rule.Fault != fault).ToArray();
            var removed = left.Length < rules.Length;
            rules = left;
            return removed;
        }
    }

    /// <summary>Switches all faults off and puts drifted rows back.</summary>
    public void Clear()
    {
        lock (drifts)
            rules = [];
        drifts.Clear();
    }

    /// <summary>How often a kind of fault has happened since it was added.</summary>
    /// <param name="kind">The kind.</param>
    public int Happened(FaultKind kind) => rules.Where(rule => rule.Fault.Kind == kind).Sum(rule => rule.Happened);

    /// <summary>How far the rows of a feed have moved.</summary>
    internal int DriftOf(string feed) => drifts.TryGetValue(feed, out var drift) ? drift.Offset : 0;

    /// <summary>The faults that happen to a request: at most one that fails the answer, and any number that change the page.</summary>
    internal IReadOnlyList<PickedFault> Pick(RequestShape request)
    {
        var current = rules;
        if (current.Length == 0)
            return [];
        var picked = new List<PickedFault>();
        var failed = false;
        foreach (var rule in current)
        {
            var ofPage = FaultKinds.IsOfPage(rule.Fault.Kind);
            if ((failed && !ofPage) || !rule.Matches(request) || !Moves(rule.Fault, request) || rule.Roll(request) is not { } happened)
                continue;
            failed |= !ofPage;
            if (rule.Fault.Kind is FaultKind.RowsShift or FaultKind.DriftForever)
                drifts.GetOrAdd(request.Feed, _ => new Drift()).Move();
            picked.Add(new PickedFault(rule.Fault, happened));
        }

        return picked;
    }

    private bool Moves(Fault fault, RequestShape request) =>
        fault.Kind != FaultKind.RowsShift
        || fault.Times is not null
        || !drifts.TryGetValue(request.Feed, out var drift)
        || drift.Moves < ShiftsThatSettle;

    private sealed class Drift
    {
        private int moves;

        public int Moves => Volatile.Read(ref moves);

        /// <summary>Two steps on, one back: never at rest, and never where it began.</summary>
        public int Offset => (Moves / 3) + (Moves % 3);

        public void Move() => Interlocked.Increment(ref moves);
    }

    private sealed class Rule(Fault fault, ulong key)
    {
        private readonly Lock sync = new();
        private int ordinal;
        private int happened;

        public Fault Fault => fault;

        public int Happened
        {
            get
            {
                lock (sync)
                    return happened;
            }
        }

        public bool Matches(RequestShape request) =>
            (fault.PathContains is null || request.Path.Contains(fault.PathContains, StringComparison.Ordinal))
            && (fault.Method is null || string.Equals(fault.Method, request.Method, StringComparison.OrdinalIgnoreCase))
            && request.Page >= fault.FromPage
            && request.Page <= fault.ToPage
            && (!FaultKinds.NeedsPage(fault.Kind) || request.IsPaged)
            && (fault.Day is null || (request.From <= fault.Day && fault.Day <= request.To))
            && (fault.From is null || request.From == fault.From)
            && (fault.To is null || request.To == fault.To)
            && (!FaultKinds.IsOfWrite(fault.Kind) || request.IsWrite);

        /// <summary>How often it happened before, when it happens now.</summary>
        public int? Roll(RequestShape request)
        {
            lock (sync)
            {
                var dice = FaultKinds.IsStable(fault.Kind)
                    ? request.Feed.Aggregate(key, static (hash, letter) => Rng.Key(hash, letter))
                    : Rng.Key(key, ordinal++);
                if (happened >= fault.Times || Rng.Unit(dice) >= fault.Rate)
                    return null;
                return happened++;
            }
        }
    }
}
