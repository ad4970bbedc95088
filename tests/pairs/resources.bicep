// Names, ids, scopes, parents, conditions and loops of resources.
targetScope = 'resourceGroup'

param names array = ['a', 'b']
param deploy bool = true
param group string = 'rg-hub'

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = if (deploy) {
  name: 'vnet'
  properties: {}

  resource inner 'subnets' = if (length(names) > 1) {
    name: 'inner'
    properties: {
      networkSecurityGroup: { id: nsgs[1].id }
    }
  }
}

resource nsgs 'Microsoft.Network/networkSecurityGroups@2024-05-01' = [for (name, i) in names: {
  name: 'nsg-${name}-${i}'
  properties: {
    securityRules: [for (port, p) in ['443', '44224']: {
      name: '${name}-${port}'
      properties: { priority: 100 + p, destinationPortRange: port }
    }]
  }
}]

resource outer 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = [for (name, i) in names: if (name != 'none') {
  parent: vnet
  name: 'outer-${name}'
  properties: {
    networkSecurityGroup: { id: nsgs[i].id }
    routeTable: { id: table.id }
  }
}]

resource hub 'Microsoft.Resources/resourceGroups@2024-03-01' existing = {
  scope: subscription()
  name: group
}

resource table 'Microsoft.Network/routeTables@2024-05-01' existing = {
  scope: resourceGroup(group)
  name: 'rt'
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  scope: vnet::inner
  name: 'lock'
  properties: { level: 'CanNotDelete', of: vnet::inner.name, hub: hub.name }
}
