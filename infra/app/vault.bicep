// Secrets: roles instead of access policies, purge protection. A secret is written only when its value was given, so that
// a deployment without values keeps what the vault holds.

@description('Name of the vault.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('True when only private endpoints may reach the vault.')
param privateOnly bool

@description('Names of the secrets that may be written.')
param secretNames string[]

@secure()
@description('Values by secret name.')
param secretValues object

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    enablePurgeProtection: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Resource Manager writes the secrets of a deployment as a trusted service.
      bypass: 'AzureServices'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }
}

resource secrets 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = [
  for secretName in secretNames: if (!empty(secretValues[?secretName] ?? '')) {
    parent: vault
    name: secretName
    properties: {
      contentType: 'text/plain'
      value: secretValues[?secretName] ?? ''
    }
  }
]

@description('Address of the vault.')
output uri string = vault.properties.vaultUri
