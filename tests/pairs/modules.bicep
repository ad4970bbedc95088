// Modules: their arguments, scopes, conditions, loops, outputs; what they import.
targetScope = 'subscription'

import { suffix } from 'modules/shared.bicep'

param location string = 'westeurope'
param spokes array = ['one', 'two']
param extra bool = false

module spoke 'modules/network.bicep' = [for (name, i) in spokes: {
  scope: resourceGroup('rg-${name}')
  name: 'spoke-${name}'
  params: {
    name: suffix(name)
    location: location
    ports: [for port in [443, 44224]: string(port + i)]
  }
}]

module more 'modules/network.bicep' = if (extra) {
  scope: resourceGroup('rg-more')
  params: { name: 'more', ports: [] }
}

module last 'modules/network.bicep' = {
  scope: resourceGroup('rg-last')
  params: {
    name: 'last'
    ports: ['22']
    peer: spoke[1].outputs.id
    other: more.?outputs.id ?? 'none'
  }
}
