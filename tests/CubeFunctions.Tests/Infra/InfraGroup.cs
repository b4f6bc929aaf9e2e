using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>Tests that share the compiled templates. One at a time: each compiles for some seconds.</summary>
[CollectionDefinition(Name)]
public sealed class InfraGroup : ICollectionFixture<InfraFixture>
{
    public const string Name = "infra";
}
