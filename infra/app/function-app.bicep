// The app on Flex Consumption, and its settings by the names the code reads. Secrets are references into the vault.

import { actingRole, packageContainerName, secretNames, sender } from 'names.bicep'

@description('Name of the plan.')
param planName string

@description('Name of the function app.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Resource id of the app\'s identity.')
param identityId string

@description('Client id of the app\'s identity.')
param identityClientId string

@description('Addresses of the account with customer data.')
param storage { blob: string, queue: string, table: string }

@description('Addresses of the host\'s own account.')
param hostStorage { account: string, blob: string, queue: string, table: string }

@description('Address of the vault.')
param vaultUri string

@description('Where telemetry is sent. Holds no right to send.')
param insightsConnectionString string

@description('Resource id of the subnet the app reaches out from; empty for none.')
param subnetId string

@description('Memory of an instance, in megabytes.')
param instanceMemoryMB int

@description('The most instances of each function (all HTTP functions count as one).')
param maximumInstanceCount int

@description('Instances that always wait for HTTP requests.')
param alwaysReadyHttpInstances int

@description('Settings of the product that are no secrets, by name.')
param productSettings object

@description('User name for Cube; empty when a token is used.')
param cubeUsername string

@description('Where changes are delivered; empty for nowhere.')
param crmUrl string

@description('Who may send customers by webhook.')
param senders sender[]

@description('True when Entra ID stands in front.')
param signIn bool

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds the app by this tag.
  tags: union(tags, { 'azd-service-name': 'functions' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      remoteDebuggingEnabled: false
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.blob}${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyHttpInstances == 0
          ? []
          : [
              {
                name: 'http'
                instanceCount: alwaysReadyHttpInstances
              }
            ]
      }
    }
  }

  // Nobody deploys with a password.
  resource ftpPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scmPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }
}

// A missing secret leaves the reference itself in the setting; the app refuses to start on one.
var reference = '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/'

// The name beside the addresses: with addresses alone, hosts on Flex Consumption were found unhealthy (azure-functions-host#11787).
var hostSettings = {
  AzureWebJobsStorage__accountName: hostStorage.account
  AzureWebJobsStorage__blobServiceUri: hostStorage.blob
  AzureWebJobsStorage__queueServiceUri: hostStorage.queue
  AzureWebJobsStorage__tableServiceUri: hostStorage.table
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
}

var storageSettings = {
  CubeStorage__blobServiceUri: storage.blob
  CubeStorage__queueServiceUri: storage.queue
  CubeStorage__tableServiceUri: storage.table
  CubeStorage__credential: 'managedidentity'
  CubeStorage__clientId: identityClientId
}

var telemetrySettings = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identityClientId}'
  // Query strings hold function keys: they stay out of telemetry.
  OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION: 'false'
  OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION: 'false'
}

var tokenSettings = {
  Cube__Token: '${reference}${secretNames.cubeToken})'
}

var passwordSettings = {
  Cube__Username: cubeUsername
  Cube__Password: '${reference}${secretNames.cubePassword})'
}

var crmSettings = {
  Changes__Crm__Url: crmUrl
  Changes__Crm__Secret: '${reference}${secretNames.crm})'
}

var senderSettings = [
  for item in senders: {
    'Upserts__Senders__${item.name}__Kind': item.kind
    'Upserts__Senders__${item.name}__AssignmentId': item.assignmentId
    'Upserts__Senders__${item.name}__Secret': '${reference}sender-${item.name})'
  }
]

var fieldMaps = [for item in senders: !empty(item.?fieldMap ?? '') ? { 'Upserts__Senders__${item.name}__FieldMap': item.?fieldMap ?? '' } : {}]

var previousSecrets = [
  for item in senders: (item.?hasPreviousSecret ?? false)
    ? { 'Upserts__Senders__${item.name}__PreviousSecret': '${reference}sender-${item.name}-previous)' }
    : {}
]

// With this the app proves itself to Entra ID by its identity: sign-in needs no client secret.
var signInSettings = {
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
  // Whoever signs in may read; acting takes this role of the app registration.
  Operations__ActingRole: actingRole
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  // What comes later wins: nobody can put a plain value in the place of a reference.
  properties: shallowMerge(concat(
    [
      productSettings
      hostSettings
      storageSettings
      telemetrySettings
      empty(cubeUsername) ? tokenSettings : passwordSettings
      empty(crmUrl) ? {} : crmSettings
      signIn ? signInSettings : {}
    ],
    senderSettings,
    fieldMaps,
    previousSecrets,
    // Some senders sign the address that they call: the app's own, unless they were given another.
    map(senders, item => {
      'Upserts__Senders__${item.name}__PublicUrl': item.?publicUrl ?? 'https://${app.properties.defaultHostName}'
    })
  ))
}

@description('Address of the app.')
output hostName string = app.properties.defaultHostName
