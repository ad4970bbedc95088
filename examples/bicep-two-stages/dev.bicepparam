using 'main.bicep'

param stage = 'dev'
param addressSpace = '10.80.0.0/16'
param allowedInbound = [
  {
    name: 'allow-azureml-inbound'
    from: 'AzureMachineLearning'
    port: '44224'
    protocol: 'Tcp'
  }
]
