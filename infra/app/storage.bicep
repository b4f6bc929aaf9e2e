// The account with customer data: containers, queues and tables by name, no keys, short soft delete, no versions.

import { containerNames, feedNames, queueNames, tableNames } from 'names.bicep'

@description('Name of the storage account.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Redundancy of the account.')
param sku string

@description('True when only private endpoints may reach the account.')
param privateOnly bool

@description('Days a deleted blob or container can be brought back. An erasure is complete only when they are over.')
param softDeleteDays int

@description('Days after which raw pages move to the cool tier; 0: never.')
param rawCoolAfterDays int

@description('Days after which raw pages are deleted.')
param rawDeleteAfterDays int

@description('For how many days what is written may point to pages of earlier runs.')
param pointerDays int

@description('Days after which change files are deleted.')
param changesDeleteAfterDays int

@description('Days after which webhook bodies are deleted.')
param inboxDeleteAfterDays int

@description('Days after which what is known of a scope is deleted when nothing wrote it since; 0: never.')
param stateDeleteAfterDays int

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    // Versions would keep what an erasure removed.
    isVersioningEnabled: false
    changeFeed: {
      enabled: false
    }
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for containerName in containerNames: {
    parent: blobs
    name: containerName
    properties: {
      publicAccess: 'None'
    }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for queueName in queueNames: {
    parent: queueService
    name: queueName
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [
  for tableName in tableNames: {
    parent: tableService
    name: tableName
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  dependsOn: [blobs]
  properties: {
    policy: {
      rules: [
        {
          name: 'raw-cools-then-goes'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['cube-raw/']
            }
            actions: {
              baseBlob: union(
                rawCoolAfterDays == 0 ? {} : { tierToCool: { daysAfterModificationGreaterThan: rawCoolAfterDays } },
                // A blob that leaves the cool tier before 30 days is charged for them all the same.
                { delete: { daysAfterModificationGreaterThan: max(rawDeleteAfterDays, rawCoolAfterDays + 30) } }
              )
            }
          }
        }
        {
          name: 'changes-go'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['cube-changes/']
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: changesDeleteAfterDays
                }
              }
            }
          }
        }
        {
          name: 'state-of-ended-scopes-goes'
          type: 'Lifecycle'
          enabled: stateDeleteAfterDays > 0
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              // Feeds only: the salt and the tombstones beside them are never written again and must stay.
              prefixMatch: map(feedNames, feed => 'cube-state/${feed}/')
            }
            actions: {
              baseBlob: {
                delete: {
                  // What is known of a scope that is read is days old at most; more is left for outages.
                  daysAfterModificationGreaterThan: max(stateDeleteAfterDays, 90)
                }
              }
            }
          }
        }
        {
          name: 'inbox-goes'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['cube-inbox/']
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: inboxDeleteAfterDays
                }
              }
            }
          }
        }
        {
          name: 'run-manifests-go-before-their-pages'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['cube-raw/runs/']
            }
            actions: {
              baseBlob: {
                delete: {
                  // An unchanged window is named by the manifest of an earlier run. A few kilobytes a run: what the cool tier charges for the days that are left is nothing.
                  daysAfterModificationGreaterThan: max(rawDeleteAfterDays, rawCoolAfterDays + 30) - pointerDays
                }
              }
            }
          }
        }
      ]
    }
  }
}

@description('Address of the blob service.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Address of the queue service.')
output queueEndpoint string = account.properties.primaryEndpoints.queue

@description('Address of the table service.')
output tableEndpoint string = account.properties.primaryEndpoints.table
