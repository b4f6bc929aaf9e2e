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
