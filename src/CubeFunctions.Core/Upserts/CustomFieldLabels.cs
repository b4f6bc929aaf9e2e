using System.Collections.Concurrent;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>Finds the field behind the label of a custom field, by the assignment's own list.</summary>
public sealed class CustomFieldLabels(CubeClient cube, TenantGeneration generation, TimeProvider time)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<string, CachedValue<Dictionary<string, string>>> _lists = new(StringComparer.Ordinal);

    /// <summary>The field to send, or null when no custom field has the label.</summary>
    /// <exception cref="CubeException">The list cannot be read.</exception>
    internal async Task<string?> FindAsync(string assignmentId, string label, CancellationToken cancellationToken)
    {
        var list = _lists.GetOrAdd(assignmentId, id => new((_, token) => ReadAsync(id, token), FreshFor, time));
        return (await list.GetAsync(cancellationToken)).Value.GetValueOrDefault(label);
    }

    private async Task<Dictionary<string, string>> ReadAsync(string assignmentId, CancellationToken cancellationToken)
    {
        var feed = (await generation.GetAsync(cancellationToken)).CustomFields;
        using var page = await cube.GetPageAsync(feed, new Scope(feed.Scope, assignmentId), "", cancellationToken);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in CustomField.ReadAll(page.Body.Bytes))
        {
            // Tenants of the early shape name a field by its label; later ones by what looks it up.
            fields.TryAdd(field.Label, field.Name ?? field.Label);
        }

        return fields;
    }
}
