// An identity without a secret: a job of one environment of one repository proves itself by GitHub's own token.

@description('Name of the identity.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('The repository: owner/name.')
param repository string

@description('Name of the environment in GitHub.')
param gitHubEnvironment string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags

  resource gitHub 'federatedIdentityCredentials' = {
    name: 'github'
    properties: {
      issuer: 'https://token.actions.githubusercontent.com'
      subject: 'repo:${repository}:environment:${gitHubEnvironment}'
      audiences: ['api://AzureADTokenExchange']
    }
  }
}

@description('Client id.')
output clientId string = identity.properties.clientId

@description('Principal id.')
output principalId string = identity.properties.principalId
