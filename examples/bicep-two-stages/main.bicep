@description('Region of everything.')
param location string = resourceGroup().location

@description('The stage, in the name of every resource.')
param stage 'dev' | 'prod'

@description('Addresses of the virtual network.')
param addressSpace string

@description('What may come in from service tags. The network team keeps this list.')
param allowedInbound inboundRule[]

@description('Whether compute nodes have public IP addresses.')
param nodePublicIp bool = true

import { inboundRule } from 'modules/types.bicep'

module network 'modules/network.bicep' = {
  name: 'network-${stage}'
  params: {
    location: location
    stage: stage
    addressSpace: addressSpace
    allowedInbound: allowedInbound
  }
}

module workspace 'modules/workspace.bicep' = {
  name: 'workspace-${stage}'
  params: {
    location: location
    stage: stage
    subnetId: network.outputs.trainingSubnetId
    nodePublicIp: nodePublicIp
  }
}
