// What is deployed, and what goes where. Each concern is a file under app/.
//
// The scope is the subscription, because azd makes the resource group with it; `az deployment sub create` alone does the same.

targetScope = 'subscription'

import { secretNames, sender } from 'app/names.bicep'

@description('Name of the environment; part of the names of what is deployed.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Azure region of everything. Flex Consumption must be offered there.')
@minLength(1)
param location string

@description('Name of the resource group; it is made where it is missing.')
param resourceGroupName string = 'rg-${environmentName}'

@description('Cube tenant: https://{tenant}.headshed.com. No default: the token goes there.')
@minLength(9)
param cubeBaseUrl string

@description('Generation of the tenant\'s API. Exactly the values that the app takes.')
@allowed(['Auto', 'Assignments', 'DataOwners'])
param cubeApi string = 'Assignments'

@description('User name for Cube, for a tenant without tokens; empty: the token is used.')
param cubeUsername string = ''

@description('The tenant\'s time zone, by its IANA name; decides what a day is.')
param cubeTimeZone string = 'Europe/Oslo'

@description('Requests to Cube under way at once, per instance. Times maximumInstanceCount this bounds what each function sends to the tenant.')
@minValue(1)
@maxValue(256)
param cubeMaxConcurrentRequests int = 4

@description('Whether customers are written to Cube; off, they are kept. Empty: as the tenant\'s generation documents it.')
@allowed(['', 'true', 'false'])
param cubeWrites string = ''

@description('When dated feeds are read: NCRONTAB of six fields, UTC.')
param syncSchedule string = '0 */15 * * * *'

@description('When undated feeds are read: NCRONTAB of six fields, UTC.')
param syncSnapshotSchedule string = '0 30 2 * * *'

@description('Days that history is kept in tables.')
@minValue(1)
@maxValue(3650)
param retentionDays int = 30

@description('Further settings of the product, by name (Sync__Campaigns and the like). Never a secret: the names of secrets are taken.')
param moreSettings object = {}

@description('Where changes are delivered, over HTTPS; empty: nowhere.')
param crmUrl string = ''

@description('Who may send customers by webhook.')
param senders sender[] = []

@secure()
@description('Token for Cube. Empty keeps what the vault holds.')
param cubeToken string = ''

@secure()
@description('Password for Cube. Empty keeps what the vault holds.')
param cubePassword string = ''

@secure()
@description('Secret that changes are signed with. Empty keeps what the vault holds.')
param crmSecret string = ''

@secure()
@description('Secrets of senders, as sender-{name} and sender-{name}-previous. What is left out stays as the vault holds it.')
param senderSecrets object = {}

@description('True: storage and vault are reached through private endpoints only.')
param privateNetwork bool = false

@description('Address space of the network. The first /24 is the app\'s; a /23 or more leaves room for subnets of your own. Used with privateNetwork.')
param addressPrefix string = '10.60.0.0/23'

@description('Memory of an instance, in megabytes.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('The most instances of each function. The platform has refused less than 40.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that always wait for HTTP requests. One keeps webhooks within the five seconds that HubSpot waits.')
@minValue(0)
@maxValue(20)
param alwaysReadyHttpInstances int = 0

@description('Redundancy of the account with customer data.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'

@description('Days that a deleted blob or container can be brought back. An erasure is complete only when they are over.')
@minValue(1)
@maxValue(14)
param softDeleteDays int = 7

@description('Days after which raw pages move to the cool tier; 0: never, which is cheaper where pages are small (infra/README.md, Cost).')
@minValue(0)
@maxValue(365)
param rawCoolAfterDays int = 30

@description('Days after which raw pages are deleted; never sooner than 30 days after they cooled, nor than the change files and readings that name them.')
@minValue(30)
@maxValue(3650)
param rawDeleteAfterDays int = 90

@description('Days after which change files are deleted, counted from the last change. The app renews those of deliveries that wait or are dead.')
@minValue(30)
@maxValue(3650)
param changesDeleteAfterDays int = 60

@description('Days after which webhook bodies are deleted. What is dead longer than this cannot be replayed.')
@minValue(7)
@maxValue(29)
param inboxDeleteAfterDays int = 14

@description('Days after which what is known of a scope that is read no more is deleted; 0: never. A scope that is read is written anew within days.')
@minValue(0)
@maxValue(3650)
param stateDeleteAfterDays int = 0

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('The most gigabytes of logs a day; -1 for no limit.')
@minValue(-1)
@maxValue(100)
param logDailyQuotaGb int = 1

@description('Hours without a proven window after which a dated feed (responses, SMS) is stale. A few ticks of Sync__Schedule.')
@minValue(1)
@maxValue(336)
param staleDatedAfterHours int = 3

@description('Hours without a proven window after which a snapshot is stale. Snapshots are daily, so less than a day and a half raises false alarms.')
@minValue(2)
@maxValue(336)
param staleSnapshotAfterHours int = 36

@description('Who gets an e-mail when an alert is raised.')
param alertEmails string[] = []

@secure()
@description('Address that is called when an alert is raised; empty for none.')
param alertWebhookUrl string = ''

@description('Client id of an app registration: with it, people sign in with Entra ID before they reach anything but health and webhooks, and need its app role Cube.Act to act. Empty: function keys alone.')
param signInClientId string = ''

var token = toLower(uniqueString(subscription().id, resourceGroupName, environmentName, location))
var tags = {
  'azd-env-name': environmentName
}
var names = {
  app: 'func-cube-${token}'
  plan: 'plan-cube-${token}'
  identity: 'id-cube-${token}'
  storage: 'stcube${token}'
  hostStorage: 'sthost${token}'
  vault: 'kv-cube-${token}'
  workspace: 'log-cube-${token}'
  insights: 'appi-cube-${token}'
  network: 'vnet-cube-${token}'
}

// A reading that did not change points to pages up to a week old, what is known of a scope to sources up to a week old (ReadingAge and OldestSource in
// the code), each with a day for the run that renews it.
var pointerDays = 8
var defaultLookbackDays = '2'

var senderSecretNames = [for item in senders: 'sender-${item.name}']
var previousSecretNames = [for item in senders: 'sender-${item.name}-previous']

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: names.identity
    location: location
    tags: tags
  }
}

module storage 'app/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: names.storage
    location: location
    tags: tags
    sku: storageSku
    privateOnly: privateNetwork
    softDeleteDays: softDeleteDays
    rawCoolAfterDays: rawCoolAfterDays
    rawDeleteAfterDays: max(
      rawDeleteAfterDays,
      changesDeleteAfterDays + pointerDays,
      int(moreSettings.?Sync__LookbackDays ?? defaultLookbackDays) + 2 * pointerDays
    )
    pointerDays: pointerDays
    changesDeleteAfterDays: changesDeleteAfterDays
    inboxDeleteAfterDays: inboxDeleteAfterDays
    stateDeleteAfterDays: stateDeleteAfterDays
  }
}

module hostStorage 'app/host-storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    name: names.hostStorage
    location: location
    tags: tags
    sku: storageSku
    privateOnly: privateNetwork
  }
}

module vault 'app/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: names.vault
    location: location
    tags: tags
    privateOnly: privateNetwork
    secretNames: concat([secretNames.cubeToken, secretNames.cubePassword, secretNames.crm], senderSecretNames, previousSecretNames)
    secretValues: union(senderSecrets, {
      '${secretNames.cubeToken}': cubeToken
      '${secretNames.cubePassword}': cubePassword
      '${secretNames.crm}': crmSecret
    })
  }
}

module monitoring 'app/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: names.workspace
    insightsName: names.insights
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyQuotaGb: logDailyQuotaGb
  }
}

module roles 'app/roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    identityName: names.identity
    storageName: names.storage
    hostStorageName: names.hostStorage
    vaultName: names.vault
    insightsName: names.insights
  }
  dependsOn: [identity, storage, hostStorage, vault, monitoring]
}

module network 'app/network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    name: names.network
    location: location
    tags: tags
    addressPrefix: addressPrefix
    storageName: names.storage
    hostStorageName: names.hostStorage
    vaultName: names.vault
  }
  dependsOn: [storage, hostStorage, vault]
}

module functionApp 'app/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    planName: names.plan
    name: names.app
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storage: {
      blob: storage.outputs.blobEndpoint
      queue: storage.outputs.queueEndpoint
      table: storage.outputs.tableEndpoint
    }
    hostStorage: {
      account: hostStorage.outputs.accountName
      blob: hostStorage.outputs.blobEndpoint
      queue: hostStorage.outputs.queueEndpoint
      table: hostStorage.outputs.tableEndpoint
    }
    vaultUri: vault.outputs.uri
    insightsConnectionString: monitoring.outputs.connectionString
    subnetId: network.?outputs.appSubnetId ?? ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
    // What a person set wins over our defaults; the tenant and its generation have variables of their own.
    productSettings: shallowMerge([
      {
        Cube__TimeZone: cubeTimeZone
        Cube__MaxConcurrentRequests: string(cubeMaxConcurrentRequests)
        Sync__Schedule: syncSchedule
        Sync__SnapshotSchedule: syncSnapshotSchedule
        Retention__Days: string(retentionDays)
        // The dashboard calls stale what the alerts do.
        Operations__StaleDatedAfterHours: string(staleDatedAfterHours)
        Operations__StaleSnapshotAfterHours: string(staleSnapshotAfterHours)
        // Logs are billed by volume: a span for each request to storage would cost more than the app.
        Telemetry__StorageRequests: 'false'
      }
      empty(cubeWrites) ? {} : { Cube__Writes: cubeWrites }
      moreSettings
      {
        Cube__BaseUrl: cubeBaseUrl
        Cube__Api: cubeApi
      }
    ])
    cubeUsername: cubeUsername
    crmUrl: crmUrl
    senders: senders
    signIn: !empty(signInClientId)
  }
  // The app must not start before it may read its package, its secrets and its data.
  dependsOn: [roles]
}

module auth 'app/auth.bicep' = if (!empty(signInClientId)) {
  name: 'auth'
  scope: group
  params: {
    appName: names.app
    clientId: signInClientId
    senders: senders
  }
  dependsOn: [functionApp]
}

module diagnostics 'app/diagnostics.bicep' = {
  name: 'diagnostics'
  scope: group
  params: {
    workspaceId: monitoring.outputs.workspaceId
    appName: names.app
    storageName: names.storage
    vaultName: names.vault
  }
  dependsOn: [functionApp, storage, vault]
}

module alerts 'app/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    namePrefix: names.app
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
    staleDatedAfterHours: staleDatedAfterHours
    staleSnapshotAfterHours: staleSnapshotAfterHours
    emails: alertEmails
    webhookUrl: alertWebhookUrl
  }
}

module workbook 'app/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    title: 'Cube: ${environmentName}'
    insightsName: names.insights
  }
  dependsOn: [monitoring]
}

@description('Region.')
output AZURE_LOCATION string = location

@description('Resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output AZURE_FUNCTION_APP_NAME string = names.app

@description('Name of the storage account with customer data.')
output AZURE_STORAGE_ACCOUNT_NAME string = names.storage

@description('Name of the vault.')
output AZURE_KEY_VAULT_NAME string = names.vault

@description('Client id of the app\'s identity.')
output AZURE_CLIENT_ID_OF_APP string = identity.outputs.clientId

@description('Where the app answers.')
output SERVICE_FUNCTIONS_URI string = 'https://${functionApp.outputs.hostName}'

@description('The most requests that each function has under way at the tenant at once.')
output TENANT_REQUEST_BOUND int = maximumInstanceCount * cubeMaxConcurrentRequests
