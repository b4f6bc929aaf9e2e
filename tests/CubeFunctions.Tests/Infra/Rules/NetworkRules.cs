using CubeFunctions.Tests.Infra.Arm;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>The private network, where it is asked for.</summary>
internal static class NetworkRules
{
    private const string Endpoint = "Microsoft.Network/privateEndpoints";
    private const string Network = "Microsoft.Network/virtualNetworks";
    private const string Subnets = Network + "/subnets";
    private const string Zone = "Microsoft.Network/privateDnsZones";

    public static IReadOnlyList<InfraRule> All { get; } =
    [
        new(
            "Storage and vault are closed to the public where a private network is asked for",
            deployment =>
                [
                    .. Expect.Value(deployment, Expect.Account, 2, "publicNetworkAccess", Private(deployment) ? "Disabled" : "Enabled"),
                    .. Expect.Value(deployment, Expect.Account, 2, "networkAcls.defaultAction", Private(deployment) ? "Deny" : "Allow"),
                    .. Expect.Value(deployment, Expect.Account, 2, "networkAcls.bypass", "None"),
                    .. Expect.Value(deployment, Expect.Vault, 1, "networkAcls.bypass", "AzureServices"),
                    .. Expect.Value(deployment, Expect.Vault, 1, "publicNetworkAccess", Private(deployment) ? "Disabled" : "Enabled"),
                    .. Expect.Value(deployment, Expect.Vault, 1, "networkAcls.defaultAction", Private(deployment) ? "Deny" : "Allow"),
                ]
        ),
        new(
            "Every service the app uses has a private endpoint",
            deployment => Expect.Same("endpoint", Endpoints(deployment), deployment.All(Endpoint).Select(Target))
        ),
        new("Every private endpoint is found by name", Names),
        new("The app reaches out from the private network", Subnet),
        new(
            "A subnet that somebody added is left alone",
            deployment =>
                [
                    .. Expect.That(
                        deployment.One(Network)?.Property("subnets") is null,
                        "the network lists its subnets: others are deleted"
                    ),
                    .. Expect.Same(
                        "subnet",
                        Private(deployment) ? ["app", "endpoints"] : [],
                        deployment.All(Subnets).Select(subnet => subnet.ShortName)
                    ),
                ]
        ),
        new(
            "There is room for a subnet of the operator's",
            deployment =>
                Private(deployment)
                    ? Expect.That(
                        deployment.All(Subnets).Sum(subnet => Addresses(subnet.Text("addressPrefix"))) * 2
                            <= Addresses((string)deployment.Given("addressPrefix")!),
                        "the address space is used up"
                    )
                    : []
        ),
    ];

    private static bool Private(ArmDeployment deployment) => deployment.Given("privateNetwork") is true;

    private static IEnumerable<string> Endpoints(ArmDeployment deployment)
    {
        var (data, host) = (Expect.DataAccount(deployment), Expect.HostAccount(deployment));
        return Private(deployment)
            ?
            [
                $"{data} blob",
                $"{data} queue",
                $"{data} table",
                $"{host} blob",
                $"{host} table",
                $"{deployment.One(Expect.Vault)?.Name} vault",
            ]
            : [];
    }

    private static string Target(ArmResource endpoint) =>
        $"{endpoint.Text("privateLinkServiceConnections.0.properties.privateLinkServiceId")?.Split('/')[^1]} {endpoint.Text("privateLinkServiceConnections.0.properties.groupIds.0")}";

    private static IEnumerable<string> Names(ArmDeployment deployment)
    {
        var zones = deployment.All(Zone).Select(zone => zone.Name).ToList();
        foreach (var endpoint in deployment.All(Endpoint))
        {
            if (endpoint.Name.EndsWith('-') || deployment.All(Endpoint).Count(other => other.Name == endpoint.Name) > 1)
            {
                yield return $"{endpoint} has the name of another, or none";
            }

            var group = endpoint.Text("privateLinkServiceConnections.0.properties.groupIds.0");
            var zone = group == "vault" ? "privatelink.vaultcore.azure.net" : $"privatelink.{group}.core.windows.net";
            var configured = deployment
                .All(Endpoint + "/privateDnsZoneGroups")
                .FirstOrDefault(candidate => candidate.Name.StartsWith(endpoint.Name + "/", StringComparison.Ordinal));
            if (!zones.Contains(zone) || configured?.Text("privateDnsZoneConfigs.0.properties.privateDnsZoneId")?.Split('/')[^1] != zone)
            {
                yield return $"{endpoint} is not in zone {zone}";
            }
        }

        foreach (
            var zone in zones.Where(zone =>
                !deployment
                    .All(Zone + "/virtualNetworkLinks")
                    .Any(link =>
                        link.Name.StartsWith(zone + "/", StringComparison.Ordinal)
                        && link.Text("virtualNetwork.id")?.EndsWith($"/{deployment.One(Network)?.Name}", StringComparison.Ordinal) == true
                        && link.Property("registrationEnabled") is false
                    )
            )
        )
        {
            yield return $"zone {zone} is not linked to the network";
        }
    }

    private static IEnumerable<string> Subnet(ArmDeployment deployment)
    {
        var subnet = deployment.One(Expect.Site)?.Text("virtualNetworkSubnetId");
        if (!Private(deployment))
        {
            return Expect.That(
                subnet is null
                    && deployment.Resources.All(resource => !resource.Type.StartsWith("Microsoft.Network/", StringComparison.Ordinal)),
                "a network that was not asked for"
            );
        }

        var subnets = deployment.All(Subnets);
        var own = subnets.FirstOrDefault(candidate => candidate.ShortName == subnet?.Split('/')[^1]);
        var endpoints = deployment.All(Endpoint).Select(endpoint => endpoint.Text("subnet.id")?.Split('/')[^1]).Distinct().ToList();
        var prefix = (string)deployment.Given("addressPrefix")!;
        return
        [
            .. Expect.That(deployment.One(Network)?.Text("addressSpace.addressPrefixes.0") == prefix, "another address space"),
            .. Expect.Same(
                "subnet",
                [ArmFunctions.Subnet(prefix, 25, 0), ArmFunctions.Subnet(prefix, 25, 1)],
                subnets.Select(candidate => candidate.Text("addressPrefix") ?? "")
            ),
            .. Expect.That(
                own?.Text("delegations.0.properties.serviceName") == "Microsoft.App/environments",
                "the app's subnet is not delegated to Flex Consumption"
            ),
            .. Expect.That(
                endpoints.All(name => name != subnet?.Split('/')[^1] && subnets.Any(candidate => candidate.ShortName == name)),
                "the endpoints' subnet is missing"
            ),
            .. Expect.That(
                subnets.All(candidate => candidate.Name.StartsWith(deployment.One(Network)?.Name + "/", StringComparison.Ordinal)),
                "a subnet is another network's"
            ),
        ];
    }

    private static long Addresses(string? prefix) =>
        prefix?.Split('/') is [_, var length] && int.TryParse(length, out var bits) ? 1L << (32 - bits) : long.MaxValue / 4;
}
