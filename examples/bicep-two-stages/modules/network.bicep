import { inboundRule } from 'types.bicep'

param location string
param stage string
param addressSpace string
param allowedInbound inboundRule[]

var denyRest = {
  name: 'deny-internet-inbound'
  properties: {
    priority: 4000
    direction: 'Inbound'
    access: 'Deny'
    protocol: '*'
    sourceAddressPrefix: 'Internet'
    sourcePortRange: '*'
    destinationAddressPrefix: '*'
    destinationPortRange: '*'
  }
}

var allowed = [for (rule, i) in allowedInbound: {
  name: rule.name
  properties: {
    priority: 200 + 10 * i
    direction: 'Inbound'
    access: 'Allow'
    protocol: rule.protocol
    sourceAddressPrefix: rule.from
    sourcePortRange: '*'
    destinationAddressPrefix: 'VirtualNetwork'
    destinationPortRange: rule.port
  }
}]

resource nsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-training-${stage}'
  location: location
  properties: {
    securityRules: [...allowed, denyRest]
  }
}

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-forecast-${stage}'
  location: location
  properties: {
    addressSpace: {
      addressPrefixes: [addressSpace]
    }
  }

  resource training 'subnets' = {
    name: 'snet-training'
    properties: {
      addressPrefix: cidrSubnet(addressSpace, 24, 1)
      networkSecurityGroup: {
        id: nsg.id
      }
    }
  }
}

output trainingSubnetId string = vnet::training.id
