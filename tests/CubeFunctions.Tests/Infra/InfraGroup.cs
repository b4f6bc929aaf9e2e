using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>
/// Tests that share the compiled templates. They use every core for some seconds, so they run apart from tests that watch the clock.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class InfraGroup : ICollectionFixture<InfraFixture>
{
    public const string Name = "infra";
}
