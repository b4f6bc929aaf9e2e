using System.Collections.Concurrent;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Upserts;

/// <summary>Finds the field behind the label of a custom field, by the assignment's own list.</summary>
public sealed class CustomFieldLabels(CubeClient cube, TimeProvider time)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<string, (DateTimeOffset At, Dictionary<string, string> Fields)> _known = new();

    /// <summary>The field to send, or null when no custom field has the label.</summary>
    /// <exception cref="CubeException">The list cannot be read.</exception>
    internal async Task<string?> FindAsync(string assignmentId, string label, CancellationToken cancellationToken)
    {
        if (!_known.TryGetValue(assignmentId, out var known) || time.GetUtcNow() - known.At > FreshFor)
        {
            _known[assignmentId] = known = (time.GetUtcNow(), await ReadAsync(assignmentId, cancellationToken));
        }

        return known.Fields.GetValueOrDefault(label);
    }

    private async Task<Dictionary<string, string>> ReadAsync(string assignmentId, CancellationToken cancellationToken)
    {
        var feed = FeedCatalogue.CustomFields;
        using var page = await cube.GetPageAsync(feed, feed.PathOf(new Scope(ScopeKind.Assignment, assignmentId)), "", cancellationToken);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in CustomField.ReadAll(page.Body.Bytes))
        {
            // Tenants of the early shape name a field by its label; later ones by what looks it up.
            fields.TryAdd(field.Label, field.Name ?? field.Label);
        }

        return fields;
    }
}
