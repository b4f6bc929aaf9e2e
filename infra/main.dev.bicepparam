using 'main.bicep'

// Small and open to Azure's own addresses: identity is the door. Values come from the environment, so that azd and workflows need no other file.

// An empty variable counts as none: workflows set what they do not have to nothing.
var given = {
  name: readEnvironmentVariable('AZURE_ENV_NAME', '')
  location: readEnvironmentVariable('AZURE_LOCATION', '')
  group: readEnvironmentVariable('AZURE_RESOURCE_GROUP', '')
  baseUrl: readEnvironmentVariable('CUBE_BASE_URL', '')
}
var name = empty(given.name) ? 'cube-dev' : given.name

param environmentName = name
param location = empty(given.location) ? 'norwayeast' : given.location
param resourceGroupName = empty(given.group) ? 'rg-${name}' : given.group

param cubeBaseUrl = empty(given.baseUrl) ? 'https://tenant.headshed.com' : given.baseUrl
param cubeUsername = readEnvironmentVariable('CUBE_USERNAME', '')
param crmUrl = readEnvironmentVariable('CUBE_CRM_URL', '')
param senders = json(readEnvironmentVariable('CUBE_SENDERS', '[]'))
param moreSettings = json(readEnvironmentVariable('CUBE_SETTINGS', '{}'))

// Secrets are given once, and again to rotate them; empty keeps what the vault holds.
param cubeToken = readEnvironmentVariable('CUBE_TOKEN', '')
param cubePassword = readEnvironmentVariable('CUBE_PASSWORD', '')
param crmSecret = readEnvironmentVariable('CUBE_CRM_SECRET', '')
param senderSecrets = json(readEnvironmentVariable('CUBE_SENDER_SECRETS', '{}'))

param alertEmails = json(readEnvironmentVariable('CUBE_ALERT_EMAILS', '[]'))
param alertWebhookUrl = readEnvironmentVariable('CUBE_ALERT_WEBHOOK_URL', '')
param signInClientId = readEnvironmentVariable('CUBE_SIGN_IN_CLIENT_ID', '')

param privateNetwork = false
param alwaysReadyHttpInstances = 0
param storageSku = 'Standard_LRS'
param cubeMaxConcurrentRequests = 2
param logDailyQuotaGb = 1
