using System.Reflection;
using Cube.Simulator;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace CubeFunctions.Tests.Support;

/// <summary>
/// One case of a theory, over the generations of Cube's API: the test gets a <see cref="TenantApi"/> first, then these arguments. CI runs
/// each case over one of them, in turn within a test; <c>CUBE_TESTS=generations</c> runs each over both.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class OverGenerationsAttribute(params object?[] arguments) : DataAttribute
{
    private static readonly TenantApi[] All = Enum.GetValues<TenantApi>();

    /// <summary>Whether CI runs it over both as well: for what takes no time, or what only the two together show.</summary>
    public bool Both { get; init; }

    /// <summary>Whether CI runs it over the first generation and not in turn: for writes, which the second does not document.</summary>
    public bool First { get; init; }

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        ArgumentNullException.ThrowIfNull(testMethod);
        var place = testMethod
            .GetCustomAttributes<OverGenerationsAttribute>()
            .TakeWhile(other => !other.Arguments.SequenceEqual(arguments))
            .Count();
        IEnumerable<TenantApi> chosen =
            Both || TestScale.EveryGeneration ? All : [All[First ? 0 : (testMethod.Name.Length + place) % All.Length]];
        return new([.. chosen.Select(api => new TheoryDataRow([api, .. arguments]))]);
    }

    /// <inheritdoc/>
    public override bool SupportsDiscoveryEnumeration() => true;

    private object?[] Arguments => arguments;
}
