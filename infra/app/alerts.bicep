// One rule for each failure with a name, on what the app itself reports: storage's own queue metrics are per account and hours late.

import { datedFeedNames } from 'names.bicep'

@description('Start of the rules\' names.')
param namePrefix string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Resource id of the Application Insights component.')
param insightsId string

@description('Hours without a proven window after which a dated feed is stale.')
param staleDatedAfterHours int

@description('Hours without a proven window after which a snapshot is stale.')
param staleSnapshotAfterHours int

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
  @description('How far back the query looks. Longer than the interval: telemetry may be minutes late.')
  window: string
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
    window: 'PT30M'
  }
]

var staleness = 'customMetrics | where name == \'cube.sync.scope.staleness\''
// A feed that is read by assignment is named sms@assignment.
var feed = 'extend feed = tostring(split(tostring(customDimensions[\'feed\']), \'@\')[0])'
var dated = '(${join(map(datedFeedNames, name => '\'${name}\''), ', ')})'

var otherRules rule[] = [
  {
    name: 'dated-feed-stale'
    title: 'Responses or SMS are stale'
    meaning: 'A campaign or assignment has had no proven window of a dated feed for longer than it may.'
    severity: 1
    query: '${staleness} | ${feed} | where feed in ${dated} | project timestamp, Hours = value'
    column: 'Hours'
    operator: 'GreaterThan'
    threshold: staleDatedAfterHours
    aggregation: 'Maximum'
    window: 'PT30M'
  }
  {
    name: 'snapshot-stale'
    title: 'A snapshot is stale'
    meaning: 'A campaign, assignment or the list of campaigns has had no proven snapshot for longer than it may.'
    severity: 1
    query: '${staleness} | ${feed} | where feed !in ${dated} | project timestamp, Hours = value'
    column: 'Hours'
    operator: 'GreaterThan'
    threshold: staleSnapshotAfterHours
    aggregation: 'Maximum'
    window: 'PT30M'
  }
  {
    name: 'silent'
    title: 'The app is silent'
    meaning: 'Staleness is not reported at all: the app does not run, or its telemetry does not arrive.'
    severity: 1
    query: '${staleness} | summarize Reports = count()'
    column: 'Reports'
    operator: 'LessThan'
    threshold: 1
    aggregation: 'Total'
    window: 'PT30M'
  }
  {
    name: 'no-item-ended'
    title: 'No run comes to an end'
    meaning: 'The app reports, but for six hours no item of any run has ended, well or badly.'
    severity: 1
    query: 'customMetrics | where name in (\'cube.sync.items.succeeded\', \'cube.sync.items.failed\', \'cube.sync.items.unproven\') | summarize Items = count()'
    column: 'Items'
    operator: 'LessThan'
    threshold: 1
    aggregation: 'Total'
    window: 'PT6H'
  }
  {
    name: 'gaps-open'
    title: 'Days or lists stay short of records'
    meaning: 'A day or a list gave fewer records than Cube counts, for a day: the checkpoint went on past it. It is read again daily until it is proven or accepted.'
    severity: 2
    query: 'customMetrics | where name == \'cube.sync.gaps\' | project timestamp, Gaps = value'
    column: 'Gaps'
    operator: 'GreaterThan'
    threshold: 0
    aggregation: 'Maximum'
    window: 'PT30M'
  }
  {
    name: 'writes-off'
    title: 'Writes are off and upserts wait'
    meaning: 'The tenant takes no writes, while upserts of a CRM wait.'
    severity: 1
    query: 'customMetrics | where name == \'cube.upserts.held\' and tostring(customDimensions[\'by\']) == \'tenant\' | project timestamp, Held = value'
    column: 'Held'
    operator: 'GreaterThan'
    threshold: 0
    aggregation: 'Maximum'
    window: 'PT30M'
  }
  {
    name: 'upserts-kept'
    title: 'Upserts are kept until somebody decides'
    meaning: 'Cube__Writes is false, or left out for a tenant of generation 2, which documents no write request, while upserts of a CRM wait.'
    severity: 2
    query: 'customMetrics | where name == \'cube.upserts.held\' and tostring(customDimensions[\'by\']) == \'settings\' | project timestamp, Held = value'
    column: 'Held'
    operator: 'GreaterThan'
    threshold: 0
    aggregation: 'Maximum'
    window: 'PT30M'
  }
  {
    name: 'receiver-paused'
    title: 'The receiver of changes is left alone'
    meaning: 'For more than an hour nothing has been sent to the receiver of changes: it asked for a pause, or answered 410.'
    severity: 1
    query: 'customMetrics | where name == \'cube.pauses\' and tostring(customDimensions[\'name\']) == \'receiver\' | project timestamp, Seconds = value'
    column: 'Seconds'
    operator: 'GreaterThan'
    threshold: 3600
    aggregation: 'Maximum'
    window: 'PT30M'
  }
  {
    name: 'queue-old'
    title: 'Messages wait and nobody takes them'
    meaning: 'The message in front of a queue has been due for more than an hour.'
    severity: 1
    query: 'customMetrics | where name == \'cube.queue.age\' | project timestamp, Seconds = value'
    column: 'Seconds'
    operator: 'GreaterThan'
    threshold: 3600
    aggregation: 'Maximum'
    window: 'PT30M'
  }
  {
    name: 'paused-long'
    title: 'Cube asks for pauses'
    meaning: 'For more than an hour of the last two no request was allowed: Cube asked for pauses of a minute or more.'
    severity: 2
    // A pause is reported once, with its length, by each process that was asked: minutes that several of them name count once, and none that has yet to come.
    query: 'customMetrics | where name == \'cube.requests.paused\' and value >= 60 | mv-expand Minute = range(bin(timestamp, 1m), timestamp + value * 1s, 1m) to typeof(datetime) | where Minute < now() | distinct Minute | summarize Minutes = count()'
    column: 'Minutes'
    operator: 'GreaterThan'
    threshold: 60
    aggregation: 'Total'
    window: 'PT2H'
  }
  {
    name: 'webhook-5xx'
    title: 'Webhooks were answered with a server error'
    meaning: 'A CRM was told to try again later; some CRMs do so once or never.'
    severity: 1
    // A counter: requests are sampled.
    query: 'customMetrics | where name == \'cube.webhooks.answers\' and tostring(customDimensions[\'status\']) == \'5xx\' | project timestamp, Answers = value'
    column: 'Answers'
    operator: 'GreaterThan'
    threshold: 0
    aggregation: 'Total'
    window: 'PT30M'
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

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
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
      windowSize: item.window
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
