// What the pipeline may do, for one environment: deployed once by a person who owns the subscription, before the first run of the workflow `deploy`.
//
// The deploying identity owns nothing outside the resource group of the app, gives no role but the product's, and signs in from that environment of the
// repository only. The previewing one changes nothing at all.

targetScope = 'subscription'

import { roleIds } from 'app/names.bicep'

@description('Name of the environment, as for the deployment itself (AZURE_ENV_NAME).')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Azure region.')
@minLength(1)
param location string

@description('Name of the resource group of the app (AZURE_RESOURCE_GROUP); it is made where it is missing.')
param resourceGroupName string = 'rg-${environmentName}'

@description('The repository: owner/name.')
@minLength(3)
param repository string

@description('Name of the environment in GitHub. Its previews come from an environment of the same name and -preview.')
@allowed(['dev', 'prod'])
param gitHubEnvironment string

var tags = {
  'azd-env-name': environmentName
}

resource appGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: tags
}

// Apart from the app's: who may change the app may not change who signs in as its pipeline.
resource accessGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${resourceGroupName}-access'
  location: location
  tags: tags
}

// The template starts at the subscription. Writing a deployment there gives no right over what it would deploy: that is asked for as well.
resource startsDeployments 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'cube-starts-deployments')
  properties: {
    roleName: 'Cube: starts deployments (${subscription().subscriptionId})'
    description: 'Starts, checks and previews deployments at the subscription. Gives no right over any resource.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: [
          'Microsoft.Resources/deployments/read'
          'Microsoft.Resources/deployments/write'
          'Microsoft.Resources/deployments/validate/action'
          'Microsoft.Resources/deployments/whatIf/action'
          'Microsoft.Resources/deployments/operations/read'
          'Microsoft.Resources/deployments/operationStatuses/read'
          'Microsoft.Resources/subscriptions/resourceGroups/read'
        ]
      }
    ]
  }
}

resource previewsDeployments 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'cube-previews-deployments')
  properties: {
    roleName: 'Cube: previews deployments (${subscription().subscriptionId})'
    description: 'Shows what a deployment would change. Writes nothing.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: [
          'Microsoft.Resources/deployments/read'
          'Microsoft.Resources/deployments/validate/action'
          'Microsoft.Resources/deployments/whatIf/action'
          'Microsoft.Resources/deployments/operationStatuses/read'
          'Microsoft.Resources/subscriptions/resourceGroups/read'
        ]
      }
    ]
  }
}

module deployer 'access/pipeline-identity.bicep' = {
  name: 'deployer'
  scope: accessGroup
  params: {
    name: 'id-${environmentName}-deploys'
    location: location
    tags: tags
    repository: repository
    gitHubEnvironment: gitHubEnvironment
  }
}

module previewer 'access/pipeline-identity.bicep' = {
  name: 'previewer'
  scope: accessGroup
  params: {
    name: 'id-${environmentName}-previews'
    location: location
    tags: tags
    repository: repository
    gitHubEnvironment: '${gitHubEnvironment}-preview'
  }
}

module rights 'access/pipeline-rights.bicep' = {
  name: 'rights'
  scope: appGroup
  params: {
    deployerId: deployer.outputs.principalId
    previewerId: previewer.outputs.principalId
    assignableRoleIds: map(items(roleIds), role => role.value)
  }
}

resource mayStart 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, environmentName, 'cube-starts-deployments')
  properties: {
    principalId: deployer.outputs.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: startsDeployments.id
  }
}

resource mayPreview 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, environmentName, 'cube-previews-deployments')
  properties: {
    principalId: previewer.outputs.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: previewsDeployments.id
  }
}

@description('AZURE_CLIENT_ID of the environment in GitHub.')
output DEPLOYER_CLIENT_ID string = deployer.outputs.clientId

@description('AZURE_CLIENT_ID of the preview environment in GitHub.')
output PREVIEWER_CLIENT_ID string = previewer.outputs.clientId

@description('AZURE_TENANT_ID of both.')
output AZURE_TENANT_ID string = tenant().tenantId

@description('AZURE_SUBSCRIPTION_ID of both.')
output AZURE_SUBSCRIPTION_ID string = subscription().subscriptionId
