// Everything the app keeps, by the names its code uses (src/CubeFunctions.Core/Storage/StorageNames.cs). Tests compare the two.

@export()
@description('Blob containers with customer data.')
var containerNames = [
  'cube-raw'
  'cube-changes'
  'cube-inbox'
  'cube-state'
]

@export()
@description('Queues; the poison queues are made beforehand, so that nobody needs the right to create queues.')
var queueNames = [
  'cube-sync'
  'cube-upserts'
  'cube-changes'
  'cube-sync-poison'
  'cube-upserts-poison'
  'cube-changes-poison'
]

@export()
@description('Tables.')
var tableNames = [
  'CubeRuns'
  'CubeUpserts'
  'CubeCustomers'
  'CubeChanges'
  'CubeCheckpoints'
]

@export()
@description('Feeds with days: read from where the checkpoint stands, many times a day.')
var datedFeedNames = [
  'responses'
  'sms'
  'call_outcomes'
  'product_registrations'
]

@export()
@description('All feeds, as they begin the paths of what is known.')
var feedNames = concat(datedFeedNames, [
  'campaigns'
  'callflow_customers'
  'customers'
  'crm_custom_fields'
])

@export()
@description('Built-in roles that the product gives to the app, by their ids, which are the same in every tenant.')
var roleIds = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

@export()
@description('App role of the app registration: who has it may act.')
var actingRole = 'Cube.Act'

@export()
@description('Container of the app package.')
var packageContainerName = 'app-package'

@export()
@description('One CRM or sender of webhooks.')
type sender = {
  @description('Name in the address: /api/webhooks/{name}. Lower-case letters and digits only: settings take no hyphen, secrets no underscore.')
  @minLength(1)
  @maxLength(40)
  name: string

  @description('Which protocol the sender speaks.')
  kind: 'standard-webhooks' | 'hubspot' | 'dataverse' | 'json'

  @description('The assignment in Cube that its customers belong to.')
  assignmentId: string

  @description('How its fields map to those of Cube, as JSON; hubspot and dataverse need one.')
  fieldMap: string?

  @description('The address the sender calls, where that is not the app\'s own (a gateway in front).')
  publicUrl: string?

  @description('True while the sender may still sign with the secret before the current one.')
  hasPreviousSecret: bool?
}

@export()
@description('Names of the secrets in the vault. Names only.')
var secretNames = {
  cubeToken: 'cube-token'
  cubePassword: 'cube-password'
  crm: 'crm-secret'
}
