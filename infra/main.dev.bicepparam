using 'main.bicep'

// Small and open to Azure's own addresses: identity is the door. Values come from the environment, so that azd and workflows need no other file.

// Every variable once, by the name of its parameter. An empty one counts as not set: workflows set what they do not have to nothing.
var given = {
  environmentName: readEnvironmentVariable('AZURE_ENV_NAME', '')
  location: readEnvironmentVariable('AZURE_LOCATION', '')
  resourceGroupName: readEnvironmentVariable('AZURE_RESOURCE_GROUP', '')
  cubeBaseUrl: readEnvironmentVariable('CUBE_BASE_URL', '')
  cubeApi: readEnvironmentVariable('CUBE_API', '')
  senders: readEnvironmentVariable('CUBE_SENDERS', '')
  moreSettings: readEnvironmentVariable('CUBE_SETTINGS', '')
  senderSecrets: readEnvironmentVariable('CUBE_SENDER_SECRETS', '')
  alertEmails: readEnvironmentVariable('CUBE_ALERT_EMAILS', '')
}

// Names, region and tenant have no default: another value deploys a second app, or hands the token to a host that nobody chose.
param environmentName = empty(given.environmentName) ? fail('AZURE_ENV_NAME is not set.') : given.environmentName
param location = empty(given.location) ? fail('AZURE_LOCATION is not set.') : given.location
param resourceGroupName = empty(given.resourceGroupName) ? 'rg-${given.environmentName}' : given.resourceGroupName
param cubeBaseUrl = startsWith(given.cubeBaseUrl, 'https://')
  ? given.cubeBaseUrl
  : fail('CUBE_BASE_URL is not set, or not an address with https: https://{tenant}.headshed.com')

param cubeApi = empty(given.cubeApi) ? 'Assignments' : given.cubeApi
param cubeWrites = readEnvironmentVariable('CUBE_WRITES', '')
param cubeUsername = readEnvironmentVariable('CUBE_USERNAME', '')
param crmUrl = readEnvironmentVariable('CUBE_CRM_URL', '')
param senders = json(empty(given.senders) ? '[]' : given.senders)
param moreSettings = json(empty(given.moreSettings) ? '{}' : given.moreSettings)
param signInClientId = readEnvironmentVariable('CUBE_SIGN_IN_CLIENT_ID', '')

// Secrets are given once, and again to rotate them; empty keeps what the vault holds.
param cubeToken = readEnvironmentVariable('CUBE_TOKEN', '')
param cubePassword = readEnvironmentVariable('CUBE_PASSWORD', '')
param crmSecret = readEnvironmentVariable('CUBE_CRM_SECRET', '')
param senderSecrets = json(empty(given.senderSecrets) ? '{}' : given.senderSecrets)

param alertEmails = json(empty(given.alertEmails) ? '[]' : given.alertEmails)
// No vault keeps this one: it is given each time.
param alertWebhookUrl = readEnvironmentVariable('CUBE_ALERT_WEBHOOK_URL', '')

param privateNetwork = false
param alwaysReadyHttpInstances = 0
param storageSku = 'Standard_LRS'
param cubeMaxConcurrentRequests = 2
param logDailyQuotaGb = 1
