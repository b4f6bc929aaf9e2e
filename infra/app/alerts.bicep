// One rule for each failure with a name, on what the app itself reports: storage's own queue metrics are per account and hours late.

@description('Start of the rules\' names.')
param namePrefix string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Resource id of the Application Insights component.')
param insightsId string

@description('Hours without a proven window after which a scope is stale.')
param staleAfterHours int

@description('Who gets an e-mail.')
param emails string[]

@secure()
@description('Address that is called; empty for none. An address like this is often a secret in itself.')
param webhookUrl string

type rule = {
  name: string
  title: string
  meaning: string
  severity: 0 | 1 | 2 | 3 | 4
  query: string
  column: string
  operator: 'GreaterThan' | 'LessThan'
  threshold: int
  aggregation: 'Total' | 'Maximum'
}

// Counters: anything above nothing raises the alert. The name is the instrument's in the code (CubeMetrics).
var counters = [
  {
    name: 'items-failed'
    metric: 'cube.sync.items.failed'
    title: 'Sync items failed'
    meaning: 'Items of a run failed for good; their reasons are in the rows of CubeRuns.'
    severity: 1
  }
  {
    name: 'items-unproven'
    metric: 'cube.sync.items.unproven'
    title: 'Windows stay unproven'
    meaning: 'Sweeps of a window did not agree; the next run reads it again.'
    severity: 3
  }
  {
    name: 'messages-poison'
    metric: 'cube.messages.poison'
    title: 'Messages became poison'
    meaning: 'A queue message failed too often; its row holds the reason.'
    severity: 1
  }
  {
    name: 'upserts-dead'
    metric: 'cube.upserts.dead'
    title: 'Upserts are dead'
    meaning: 'Customers from a CRM were given up; they wait for a replay or a drop.'
    severity: 1
  }
  {
    name: 'changes-undelivered'
    metric: 'cube.changes.undelivered'
    title: 'Changes were not delivered'
    meaning: 'The receiver of changes refused them or did not answer in time.'
    severity: 1
  }
  {
    name: 'deletions-held-back'
    metric: 'cube.changes.held_back'
    title: 'Deletions are held back'
    meaning: 'Too many customers were absent at once: a lost permission looks the same as a deletion.'
    severity: 1
  }
]

var counterRules rule[] = [
  for counter in counters: {
    name: counter.name
    title: counter.title
    meaning: counter.meaning
    severity: counter.severity
    query: 'customMetrics | where name == \'${counter.metric}\' | project timestamp, Events = value'
    column: 'Events'
    operator: 'GreaterThan'
    threshold: 0
    aggregation: 'Total'
  }
]

var otherRules rule[] = [
  {
    name: 'scope-stale'
    title: 'A scope is stale'
    meaning: 'A campaign or assignment has had no proven window for longer than it may.'
    severity: 1
    query: 'customMetrics | where name == \'cube.sync.scope.staleness\' | project timestamp, Hours = value'
    column: 'Hours'
    operator: 'GreaterThan'
    threshold: staleAfterHours
    aggregation: 'Maximum'
  }
  {
    name: 'silent'
    title: 'The app is silent'
    meaning: 'Staleness is not reported at all: the app does not run, or its telemetry does not arrive.'
    severity: 1
    query: 'customMetrics | where name == \'cube.sync.scope.staleness\' | summarize Reports = count()'
    column: 'Reports'
    operator: 'LessThan'
    threshold: 1
    aggregation: 'Total'
  }
  {
    name: 'webhook-5xx'
    title: 'Webhooks were answered with a server error'
    meaning: 'A CRM was told to try again later; some CRMs do so once or never.'
    severity: 1
    query: 'requests | where toint(resultCode) between (500 .. 599) | where url contains \'/api/webhooks/\' or operation_Name contains \'webhooks\' | project timestamp, Requests = itemCount'
    column: 'Requests'
    operator: 'GreaterThan'
    threshold: 0
    aggregation: 'Total'
  }
]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${namePrefix}-alerts'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'cube'
    emailReceivers: [
      for (email, index) in emails: {
        name: 'email-${index}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
    webhookReceivers: empty(webhookUrl)
      ? []
      : [
          {
            name: 'webhook'
            serviceUri: webhookUrl
            useCommonAlertSchema: true
          }
        ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-03-15-preview' = [
  for item in concat(counterRules, otherRules): {
    name: '${namePrefix}-${item.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: item.title
      description: item.meaning
      enabled: true
      severity: item.severity
      scopes: [insightsId]
      evaluationFrequency: 'PT15M'
      // Longer than the interval: telemetry may be minutes late.
      windowSize: 'PT30M'
      autoMitigate: true
      // A component that was made a minute ago has no tables yet.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: item.query
            metricMeasureColumn: item.column
            timeAggregation: item.aggregation
            operator: item.operator
            threshold: item.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [group.id]
      }
    }
  }
]
