namespace CubeFunctions.Core.Upserts;

/// <summary>What was accepted: an upsert a customer, in the order of the body.</summary>
public sealed record Acceptance(IReadOnlyList<AcceptedUpsert> Upserts);

/// <summary>One accepted upsert.</summary>
/// <param name="Id">Its id, for <c>GET /api/upserts/{id}</c>.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">Why it is dead or ignored, or null.</param>
public sealed record AcceptedUpsert(string Id, UpsertState State, string? Reason);
