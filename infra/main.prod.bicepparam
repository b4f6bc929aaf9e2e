using 'main.bicep'

// Private endpoints, storage copied to three zones (the app itself runs in one), an instance that always waits for webhooks, and somebody who is told.

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

var emails = json(empty(given.alertEmails) ? '[]' : given.alertEmails)
param alertEmails = empty(emails) ? fail('CUBE_ALERT_EMAILS is not set, or an empty list: somebody must get the alerts of prod.') : emails
// No vault keeps this one: it is given each time.
param alertWebhookUrl = readEnvironmentVariable('CUBE_ALERT_WEBHOOK_URL', '')

param privateNetwork = true
param alwaysReadyHttpInstances = 1
param storageSku = 'Standard_ZRS'
param cubeMaxConcurrentRequests = 4
param logRetentionDays = 90
param logDailyQuotaGb = 5
