using System.Diagnostics;
using CubeFunctions.Core.Changes;

namespace CubeFunctions.Core.Delivery;

/// <summary>Traces that a request to the receiver stems from.</summary>
/// <param name="Run">Of the run that published its changes.</param>
/// <param name="Upserts">Of the upserts that wrote to the customers of its changes, each trace once.</param>
internal sealed record DeliveryCauses(ActivityContext Run, IReadOnlyList<ActivityContext> Upserts)
{
    private const string NoRun = "-";

    /// <summary>As a delivery's row keeps them: the run's context, then each upsert's with the change that it wrote to.</summary>
    public static string Write(string? run, IEnumerable<UpsertCause> upserts) =>
        string.Join(' ', upserts.Select(cause => $"{cause.Traceparent}@{cause.Change}").Prepend(run ?? NoRun));

    /// <summary>Those of some of the row's changes. Of an upsert that was tried several times its last context counts.</summary>
    public static DeliveryCauses Read(string? written, IReadOnlyCollection<string> changes)
    {
        string[] all = written?.Split(' ') ?? [];
        var ofChanges = changes.ToHashSet(StringComparer.Ordinal);
        return new(
            Context(all.FirstOrDefault()),
            [
                .. all.Skip(1)
                    .Select(text => text.Split('@'))
                    .Where(parts => parts.Length == 1 || ofChanges.Contains(parts[1]))
                    .Select(parts => Context(parts[0]))
                    .Where(context => context != default)
                    .GroupBy(context => context.TraceId)
                    .Select(trace => trace.Last()),
            ]
        );
    }

    private static ActivityContext Context(string? text) =>
        ActivityContext.TryParse(text, null, isRemote: true, out var context) ? context : default;
}
