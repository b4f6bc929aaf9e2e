using System.Text.Json.Serialization;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Endpoints;

/// <summary>What <c>GET /api/upserts/{id}</c> answers.</summary>
internal sealed record UpsertAnswer(string Id, string State, string? Reason, DateTimeOffset AcceptedAt, DateTimeOffset? CompletedAt)
{
    public static UpsertAnswer FromRow(UpsertRow row) =>
        new(row.Id, Word(row.State), string.IsNullOrEmpty(row.Reason) ? null : row.Reason, row.AcceptedAt, row.CompletedAt);

    public static string Word(UpsertState state) => state.ToString().ToLowerInvariant();
}

/// <summary>What accepted posts answer.</summary>
internal sealed record AcceptedAnswer(IReadOnlyList<AcceptedItem> Upserts)
{
    public static AcceptedAnswer FromAcceptance(Acceptance acceptance) =>
        new([.. acceptance.Upserts.Select(upsert => new AcceptedItem(upsert.Id, UpsertAnswer.Word(upsert.State), upsert.Reason))]);
}

/// <summary>One accepted upsert.</summary>
internal sealed record AcceptedItem(string Id, string State, string? Reason);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(UpsertAnswer))]
[JsonSerializable(typeof(AcceptedAnswer))]
internal sealed partial class UpsertAnswerJson : JsonSerializerContext;
