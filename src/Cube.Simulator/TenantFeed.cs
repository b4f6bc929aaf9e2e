namespace Cube.Simulator;

/// <summary>A feed that the tenant answers at present, in its generation and variants.</summary>
/// <param name="Scope"><c>tenant</c>, <c>campaign</c>, <c>assignment</c> or <c>crm</c>.</param>
/// <param name="ScopeId">The scope's id; <c>all</c> for the tenant, <c>{data owner}-{CRM type}</c> for a CRM.</param>
/// <param name="Feed">The feed's name, such as <c>call_outcomes</c>.</param>
/// <param name="Dated">It takes <c>from_date</c> and <c>to_date</c>.</param>
/// <param name="Paged">It comes in pages, not as a bare array.</param>
/// <param name="Path">Its path, escaped.</param>
public sealed record TenantFeed(string Scope, string ScopeId, string Feed, bool Dated, bool Paged, string Path);
