using 'main.bicep'

param stage = 'prod'
param addressSpace = '10.90.0.0/16'
param allowedInbound = [
  {
    name: 'allow-azureml-inbound'
    from: 'AzureMachineLearning'
    port: '44244'
    protocol: 'Tcp'
  }
]
