using System.Collections.Immutable;
using System.Text.Json;
using Cube.Simulator.Generation;
using Cube.Simulator.Rows;

namespace Cube.Simulator;

/// <summary>How the tenant answers: its generation and variants. Immutable: a request reads one shape from first to last byte.</summary>
internal sealed class TenantShape
{
    private readonly SimulatorOptions options;
    private readonly ImmutableHashSet<Variant> variants;

    public TenantShape(SimulatorOptions options, TenantApi api, IEnumerable<Variant> variants, TimeZoneInfo zone)
    {
        this.options = options;
        this.variants = [.. variants];
        if (VariantKinds.Conflict(api, this.variants) is { } conflict)
            throw new ArgumentException(conflict, nameof(variants));
        Api = api;
        Zone = zone;
        Rules = ValueRules.Create(this);
        PageFaults = [.. NextKinds().Select(kind => new PickedFault(new Fault { Kind = kind }, 0))];
    }

    public TenantApi Api { get; }

    public TimeZoneInfo Zone { get; }

    public IReadOnlySet<Variant> Variants => variants;

    /// <summary>What happens to the values of every record; null for nothing.</summary>
    public ValueRules? Rules { get; }

    /// <summary>Faults of every page.</summary>
    public IReadOnlyList<PickedFault> PageFaults { get; }

    public bool IsGeneration2 => Api == TenantApi.DataOwners;

    public bool IsExternalUser => options.ExternalUser || Has(Variant.ExternalUser) || Has(Variant.ExternalUserUnderApi);

    public bool CustomersAreEarly => IsGeneration2 ? Has(Variant.CustomersEarly) : !(options.LaterFields || Has(Variant.CustomersLater));

    public bool TakesImportedId =>
        IsGeneration2 || options.CustomerIdInUrl == CustomerIdInUrl.Imported || Has(Variant.CustomerByImportedId);

    public bool HasCrmTypeMembers => Has(Variant.CrmTypeMembers) || Has(Variant.CrmTypeFreeNames);

    public int? PageSize =>
        Has(Variant.PageSize50) ? 50
        : Has(Variant.PageSize500) ? 500
        : null;

    public WriteMode Writes =>
        Has(Variant.Writes404) ? WriteMode.NotFound404
        : Has(Variant.Writes405) ? WriteMode.MethodNotAllowed405
        : Has(Variant.Writes501) ? WriteMode.NotImplemented501
        : options.Writes;

    public bool Has(Variant variant) => variants.Contains(variant);

    /// <summary>The CRM type of an assignment's customers, as this tenant names it.</summary>
    public string CrmType(Assignment assignment) => Has(Variant.CrmTypeFreeNames) ? assignment.FreeCrmType : assignment.CrmType;

    /// <summary>Writes an object whose members <paramref name="write"/> writes, under the tenant's rules for values.</summary>
    public void WriteObject(Utf8JsonWriter json, Action<Utf8JsonWriter> write)
    {
        json.WriteStartObject();
        if (Rules is null)
            write(json);
        else
            Rules.Write(json, write);
        json.WriteEndObject();
    }

    private IEnumerable<FaultKind> NextKinds()
    {
        if (Has(Variant.NextSelf))
            yield return FaultKind.NextSelf;
        if (Has(Variant.NextBare))
            yield return FaultKind.NextBare;
        if (Has(Variant.NextOtherFeed))
            yield return FaultKind.NextOtherFeed;
        if (Has(Variant.NextHttp))
            yield return FaultKind.NextHttp;
        if (Has(Variant.NextMalformed))
            yield return FaultKind.NextMalformed;
    }
}
