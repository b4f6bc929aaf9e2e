using CubeFunctions.Core.Settings;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CubeFunctions.Tests.Infra;

public sealed class VaultReferenceTests
{
    [Fact]
    public void A_reference_that_Azure_could_not_follow_is_no_secret()
    {
        var reader = new SettingsReader(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    new Dictionary<string, string?>
                    {
                        ["Cube:Token"] = "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/cube-token)",
                    }
                )
                .Build()
        );

        reader.Secret("Cube__Token", "the token");

        Assert.Contains("Cube__Token", Assert.Single(reader.Faults), StringComparison.Ordinal);
    }
}
