@export()
@description('Traffic that is let in from a service tag.')
type inboundRule = {
  name: string
  from: string
  port: string
  protocol: 'Tcp' | 'Udp' | '*'
}
