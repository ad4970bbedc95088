param location string
param stage string
param subnetId string
param nodePublicIp bool

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: 'stforecast${stage}'
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: 'kv-forecast-${stage}'
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: 'appi-forecast-${stage}'
}

resource workspace 'Microsoft.MachineLearningServices/workspaces@2024-10-01' = {
  name: 'mlw-forecast-${stage}'
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    storageAccount: storage.id
    keyVault: vault.id
    applicationInsights: insights.id
    hbiWorkspace: false
    managedNetwork: {
      isolationMode: 'Disabled'
    }
  }
}

resource cluster 'Microsoft.MachineLearningServices/workspaces/computes@2024-10-01' = {
  parent: workspace
  name: 'cpu-cluster'
  location: location
  properties: {
    computeType: 'AmlCompute'
    properties: {
      vmSize: 'STANDARD_DS3_V2'
      enableNodePublicIp: nodePublicIp
      subnet: {
        id: subnetId
      }
      scaleSettings: {
        minNodeCount: 0
        maxNodeCount: 4
      }
    }
  }
}
