using System.Text.Json.Serialization;
using CubeFunctions.Core.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary>What <c>status --json</c> prints.</summary>
internal sealed record StatusReport(
    IReadOnlyList<StatusScope> Checkpoints,
    IReadOnlyList<RunView> Runs,
    IReadOnlyList<FailedItem> Failures,
    IReadOnlyList<FailedItem> Unproven,
    IReadOnlyList<PauseView> Pauses,
    IReadOnlyList<GapView> Gaps,
    BacklogOf Upserts,
    BacklogOf Changes,
    DateTimeOffset CountedAt
)
{
    /// <summary>The generation of Cube's API that is read; null before the first listing.</summary>
    public string? Api { get; init; }

    /// <summary>Why upserts are kept and not delivered, by the settings or the generation; null where they are delivered.</summary>
    public string? WritesOff { get; init; }

    public static StatusReport From(StatusDocument status) =>
        new(
            status.Scopes,
            status.Runs,
            status.Backlog.FailedItems,
            status.Backlog.UnprovenItems,
            status.Pauses,
            status.Gaps,
            status.Backlog.Upserts,
            status.Backlog.Changes,
            status.Backlog.CountedAt
        )
        {
            Api = status.Api,
            WritesOff = status.WritesOff,
        };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class StatusJson : JsonSerializerContext;
