// A network of the app's own: it reaches both storage accounts and the vault by private endpoints, and nobody else does.

@description('Name of the virtual network; the names of endpoints follow from it.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Address space: the first /24 is taken, the rest is free for subnets of your own.')
param addressPrefix string

@description('Name of the storage account with customer data.')
param storageName string

@description('Name of the host\'s own account.')
param hostStorageName string

@description('Name of the vault.')
param vaultName string

var storageSuffix = environment().suffixes.storage

// Public Azure's vault zone does not follow from the suffix of the vaults' public names.
var zoneNames = [
  'privatelink.blob.${storageSuffix}'
  'privatelink.queue.${storageSuffix}'
  'privatelink.table.${storageSuffix}'
  'privatelink.vaultcore.azure.net'
]

// The host needs no queue of its own: only blob triggers do, and the app has none.
var endpoints = [
  { name: 'data-blob', type: 'Microsoft.Storage/storageAccounts', target: storageName, group: 'blob', zone: 0 }
  { name: 'data-queue', type: 'Microsoft.Storage/storageAccounts', target: storageName, group: 'queue', zone: 1 }
  { name: 'data-table', type: 'Microsoft.Storage/storageAccounts', target: storageName, group: 'table', zone: 2 }
  { name: 'host-blob', type: 'Microsoft.Storage/storageAccounts', target: hostStorageName, group: 'blob', zone: 0 }
  { name: 'host-table', type: 'Microsoft.Storage/storageAccounts', target: hostStorageName, group: 'table', zone: 2 }
  { name: 'vault', type: 'Microsoft.KeyVault/vaults', target: vaultName, group: 'vault', zone: 3 }
]

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [addressPrefix]
    }
  }

  // Resources of their own: a network without a list of subnets keeps those that somebody added.
  resource appSubnet 'subnets' = {
    name: 'app'
    properties: {
      addressPrefix: cidrSubnet(addressPrefix, 25, 0)
      delegations: [
        {
          name: 'flex-consumption'
          properties: {
            serviceName: 'Microsoft.App/environments'
          }
        }
      ]
    }
  }

  resource endpointSubnet 'subnets' = {
    name: 'endpoints'
    // A network takes one change at a time.
    dependsOn: [appSubnet]
    properties: {
      addressPrefix: cidrSubnet(addressPrefix, 25, 1)
      privateEndpointNetworkPolicies: 'Disabled'
    }
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zoneName in zoneNames: {
    name: zoneName
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zoneName, index) in zoneNames: {
    parent: zones[index]
    name: name
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for endpoint in endpoints: {
    name: '${name}-${endpoint.name}'
    location: location
    tags: tags
    properties: {
      subnet: {
        id: network::endpointSubnet.id
      }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: {
            privateLinkServiceId: resourceId(endpoint.type, endpoint.target)
            groupIds: [endpoint.group]
          }
        }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (endpoint, index) in endpoints: {
    parent: privateEndpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: endpoint.group
          properties: {
            privateDnsZoneId: zones[endpoint.zone].id
          }
        }
      ]
    }
  }
]

@description('Resource id of the subnet that the app reaches out from.')
output appSubnetId string = network::appSubnet.id
