// Rights of the pipeline within the resource group of the app.

@description('Principal id of the identity that deploys.')
param deployerId string

@description('Principal id of the identity that previews.')
param previewerId string

@description('The roles that the deploying identity may give and take, and no others.')
param assignableRoleIds string[]

// Built-in roles by their ids, which are the same in every tenant.
var contributor = 'b24988ac-6180-42a0-ab88-20f7382dd24c'
var roleBasedAccessControlAdministrator = 'f58310d9-a9f6-439a-9e8d-f62e7b41a168'
var reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'

var roles = join(assignableRoleIds, ', ')
var isOfTheProduct = 'ForAnyOfAnyValues:GuidEquals {${roles}}'
var isOfAnApp = 'ForAnyOfAnyValues:StringEqualsIgnoreCase {\'ServicePrincipal\'}'
var assignment = 'Microsoft.Authorization/roleAssignments'
var gives = '((!(ActionMatches{\'${assignment}/write\'})) OR (@Request[${assignment}:RoleDefinitionId] ${isOfTheProduct} AND @Request[${assignment}:PrincipalType] ${isOfAnApp}))'
var takes = '((!(ActionMatches{\'${assignment}/delete\'})) OR (@Resource[${assignment}:RoleDefinitionId] ${isOfTheProduct} AND @Resource[${assignment}:PrincipalType] ${isOfAnApp}))'

resource deploys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, 'deployer', contributor)
  properties: {
    principalId: deployerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', contributor)
  }
}

resource givesRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, 'deployer', roleBasedAccessControlAdministrator)
  properties: {
    principalId: deployerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleBasedAccessControlAdministrator)
    conditionVersion: '2.0'
    condition: '${gives} AND ${takes}'
  }
}

resource previews 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, 'previewer', reader)
  properties: {
    principalId: previewerId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', reader)
  }
}
