// One page with freshness, throughput and upserts.

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Title of the workbook.')
param title string

@description('Name of the Application Insights component.')
param insightsName string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'cube-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: title
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: insights.id
    serializedData: loadTextContent('workbook.json')
  }
}
