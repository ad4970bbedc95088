import * as shared from 'shared.bicep'

param name string
param location string = resourceGroup().location
param ports shared.port[]
param peer string?
param other string?

resource nsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-${name}'
  location: location
  properties: {
    securityRules: [for port in ports: { name: port }]
    peer: peer
    other: other
  }
}

output id string = nsg.id
