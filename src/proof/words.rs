//! The words in which users read a doubt, and what would settle it, flags of the command line among them.

use std::fmt;
use std::sync::Arc;

use crate::proof::doubt::{Aspect, Reason, Remedy, Thing, ThingKind, What};

impl ThingKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SecurityGroup => "network security group",
            Self::Rule => "rule",
            Self::ApplicationRule => "application rule",
            Self::RouteTable => "route table",
            Self::Route => "route",
            Self::NatGateway => "NAT gateway",
            Self::Firewall => "firewall",
            Self::FirewallPolicy => "firewall policy",
            Self::RuleCollectionGroup => "rule collection group",
            Self::Group => "group",
            Self::RuleCollection => "rule collection",
            Self::ServiceEndpointPolicy => "service endpoint policy",
            Self::IpGroup => "IP group",
            Self::Subnet => "subnet",
            Self::Interface => "network interface",
            Self::Connection => "connection",
            Self::AdminConfiguration => "security admin configuration",
            Self::AdminCollection => "security admin rule collection",
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} `{}`", self.kind.as_str(), self.name)
    }
}

impl Aspect {
    fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Action => "action",
            Self::Direction => "direction",
            Self::NextHop => "next hop",
            Self::Port => "port",
            Self::Priority => "priority",
            Self::Protocol => "protocol",
            Self::Type => "type",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(thing) => write!(out, "whether {thing} exists"),
            Self::SomeRuleExists => out.write_str("whether a rule exists"),
            Self::Which(kind) => write!(out, "which {} there is", kind.as_str()),
            Self::Of(aspect, thing) => write!(out, "the {} of {thing}", aspect.as_str()),
            Self::Alone(aspect) => write!(out, "the {}", aspect.as_str()),
            Self::OfSomeRule(aspect) => write!(out, "the {} of a rule", aspect.as_str()),
            Self::HostOf(thing) => write!(out, "a host of {thing}"),
            Self::Setting(setting, thing) => write!(out, "`{setting}` of {thing}"),
            Self::DefaultOutboundAccess => out.write_str("`defaultOutboundAccess` of the subnet"),
            Self::NatGatewayOfSubnet => out.write_str("which NAT gateway the subnet has"),
            Self::NatAddresses(name) => write!(out, "which public addresses NAT gateway `{name}` has"),
            Self::ServiceEndpoints => out.write_str("which service endpoints the subnet has"),
            Self::CollectionGroups(name) => write!(out, "which rule collection groups policy `{name}` has"),
            Self::ApplianceOf(route) => write!(out, "the appliance that route `{route}` leads to"),
            Self::Value(text) => write!(out, "`{text}`"),
            Self::Address => out.write_str("an address"),
            Self::Region(base, region) => write!(out, "the region of `{base}.{region}`"),
            Self::RoutePrefix => out.write_str("the prefix of a route"),
            Self::PortOfRule => out.write_str("a port of a rule"),
            Self::PortOfFirewallRule => out.write_str("a port of a firewall rule"),
            Self::PartOfRules => out.write_str("a part of the rule list"),
            Self::PartOfRoutes => out.write_str("a part of the route list"),
            Self::PartOfCollections => out.write_str("a part of the rule collections"),
            Self::PartOf(thing) => write!(out, "a part of {thing}"),
            Self::JoinsAll(peering) => write!(out, "whether peering `{peering}` joins all subnets"),
            Self::DnsProxy => out.write_str("whether the DNS proxy is on"),
            Self::Order => out.write_str("the order"),
            Self::Told(words) => out.write_str(words),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(what, why) => write!(out, "{what} is unknown: {why}"),
            Self::Unexplained(what) => write!(out, "{what} is unknown"),
            Self::NotAmongInput(thing) => write!(out, "{thing} is not among the input"),
            Self::NotShown(setting, thing) => write!(out, "{thing} does not show `{setting}`"),
            Self::Told(words) => out.write_str(words),
            _ => {
                let parts: [fn(&Self) -> Option<String>; 4] =
                    [Self::of_routes, Self::of_networks, Self::of_rules, Self::of_firewalls];
                let words = parts.iter().find_map(|words| words(self)).or_else(|| self.of_flows());
                out.write_str(&words.expect("every reason has words in one of the groups below"))
            }
        }
    }
}

impl Reason {
    fn of_routes(&self) -> Option<String> {
        Some(match self {
            Self::BehindGateway => "what lies behind the gateway that the route leads to is not known".to_owned(),
            Self::BehindAppliance(at) => format!("what the appliance at {at} lets through is not known"),
            Self::BehindFirewallsAppliance { firewall, at } => format!(
                "firewall `{firewall}` sends on to the appliance at {at}; what that one lets through is not known"
            ),
            Self::BehindFirewallsRoute(firewall) => {
                format!("what lies behind the route of the subnet of firewall `{firewall}` is not known")
            }
            Self::BehindAppliancesRoute(name) => {
                format!("what lies behind the routes of the subnet of `{name}` is not known")
            }
            Self::AppliancesSource(name) => {
                format!("whether what `{name}` sends on still has its sender's address is not known")
            }
            Self::AdminRulesAtAppliance(name) => {
                format!("what security admin rules make of what passes through `{name}` is not known")
            }
            Self::BehindHub(name) => {
                format!("what `{name}`, to which the Virtual WAN hub leads, lets through is not known")
            }
            Self::NoApplianceAddress(route) => format!("route `{route}` names no address of its appliance"),
            Self::VnetLocalReach(route) => format!(
                "whether next hop VnetLocal of route `{route}` reaches more than the network's own addresses is not \
                 documented"
            ),
            Self::LongerPrefix => {
                "which of two routes has the longer prefix is not known without the tag's addresses".to_owned()
            }
            Self::SamePrefix(Some(route)) => format!("route `{route}` has the prefix of another one"),
            Self::SamePrefix(None) => "two routes have the same prefix".to_owned(),
            Self::EffectiveRoutes(name) => {
                format!("the effective routes `{name}` name no subnet, and may be those of this one")
            }
            Self::HubRoutes(network) => format!("which routes the Virtual WAN hub teaches `{network}` is not shown"),
            Self::HubConnection { connection, network } => {
                format!("whether connection `{connection}` of a Virtual WAN hub is the one of `{network}` is not shown")
            }
            Self::HubDefaultRoute(name) => {
                format!("where the hub's default route for connection `{name}` leads is not shown")
            }
            Self::HubPrivatePrefixes(name) => {
                format!("which private prefixes the hub teaches over connection `{name}` is not shown")
            }
            Self::HubRouteWithoutHop => "a route of the Virtual WAN hub names no next hop".to_owned(),
            _ => return None,
        })
    }

    fn of_networks(&self) -> Option<String> {
        Some(match self {
            Self::PeeringState(name) => format!("whether peering `{name}` is connected is not known"),
            Self::PartialPeering(name) => {
                format!("peering `{name}` joins some subnets alone, and which ones is not followed")
            }
            Self::NoPeering { network, firewall } => {
                format!("no peering joins `{network}` with the network of firewall `{firewall}`")
            }
            Self::PeeringRoutesKeptOut { table, word } => format!(
                "route table `{table}` keeps out routes of peerings (`{word}`), and what that leaves is not followed"
            ),
            Self::NetworkIncomplete => "not all addresses of `VirtualNetwork` are known".to_owned(),
            Self::NetworkWidened => {
                "a route leads public addresses to an appliance, and `VirtualNetwork` may count them as its own"
                    .to_owned()
            }
            Self::SubnetPrefix => "the prefix of the subnet is not known".to_owned(),
            Self::SubnetRegion => "the region of the subnet is not known".to_owned(),
            Self::NatGatewayNotShown => "whether the subnet has a NAT gateway is not known".to_owned(),
            Self::NatAddressesNotShown(name) => {
                format!("{} is not shown", What::NatAddresses(Arc::clone(name)))
            }
            Self::EndpointPolicy { name, alias } => format!(
                "service endpoint policy `{name}` lets through the storage accounts that it names, and not `{alias}`"
            ),
            Self::HostAddresses(hosts) => format!("the addresses of `{hosts}` are known to name resolution only"),
            Self::TagNotLoaded(name) => format!("the addresses of `{name}` are not loaded"),
            Self::TagNotPublished(name) => format!("the addresses of `{name}` are not published"),
            Self::GroupMembers => "the members of the application security group are not known".to_owned(),
            _ => return None,
        })
    }

    fn of_rules(&self) -> Option<String> {
        Some(match self {
            Self::EffectiveAdminRule(name) => {
                format!("whether effective security admin rule `{name}` is one of this network")
            }
            Self::AdminRuleDeployed(name) => {
                format!("whether security admin rule `{name}` is deployed to this network is not shown")
            }
            Self::AdminRulesOf(owner) => format!("the rules of {owner} are not shown"),
            Self::AdminRulesOfManager(name) => {
                format!("the security admin rules of network manager `{name}` are not shown")
            }
            Self::AdminRulePriority(name) => format!("the priority of security admin rule `{name}`"),
            Self::AdminRuleOrder(name) => {
                format!("the order of rules of equal priority is not documented: rule `{name}`")
            }
            Self::NoAddressNamed => "the rule names no address on this side".to_owned(),
            Self::NoPortNamed => "the rule names no port on this side".to_owned(),
            Self::NoEffectiveRule => "the effective rules show no rule that matches this".to_owned(),
            Self::SameRulePriority(one, two) => format!("rules `{one}` and `{two}` have the same priority"),
            Self::AnotherOfPriority => "another rule has the same priority".to_owned(),
            Self::TooManyRules => "there are more rules than Azure takes".to_owned(),
            Self::TooManyCases => "the rules split this traffic into more cases than are followed".to_owned(),
            Self::TooManyCasesAhead => {
                "the rules ahead split this traffic into more cases than are followed".to_owned()
            }
            _ => return None,
        })
    }

    fn of_firewalls(&self) -> Option<String> {
        let side = |is_source: &bool| if *is_source { "source" } else { "destination" };
        Some(match self {
            Self::ResolvedAddresses { rule, host } => {
                format!("rule `{rule}` matches the addresses of `{host}`, which only name resolution can tell")
            }
            Self::NoProtocol(rule) => format!("rule `{rule}` names no protocol"),
            Self::SpokenOn { port, protocol } => {
                let word = protocol.as_deref().unwrap_or("an unknown protocol");
                format!("whether what comes to port {port} is {word} for an application rule is not known")
            }
            Self::HostsNotKnown(rule) => {
                format!("application rule `{rule}` looks at host names, and those of the packets are not known")
            }
            Self::UrlPaths(rule) => format!("application rule `{rule}` looks at paths of a host"),
            Self::FqdnTag(tag) => format!("the hosts of the FQDN tag `{tag}` are not published in full"),
            Self::WebCategories(rule) => {
                format!("the hosts of the web categories of rule `{rule}` are not published")
            }
            Self::NoHostNamed(rule) => format!("application rule `{rule}` names no host"),
            Self::TagInFirewall { tag, is_source } => {
                format!("Azure Firewall is not documented to take `{tag}` among its {}s", side(is_source))
            }
            Self::FirewallSideEmpty { is_source } => format!("the firewall rule names no {}", side(is_source)),
            Self::NoFirewallPort => "the firewall rule names no destination port".to_owned(),
            Self::PolicyAmongParents(name) => format!("policy `{name}` is among its own parents"),
            Self::NoCollectionGroup(name) => {
                format!("no rule collection group of policy `{name}` is among the input")
            }
            Self::NoAction(thing) => format!("{thing} has no action"),
            Self::NoPriority(thing) => format!("{thing} has no priority"),
            Self::SamePriority(one, two) => format!("{one} and {two} have the same priority"),
            Self::NoTranslation => {
                "the firewall does not translate source addresses, and what is behind it is not known".to_owned()
            }
            Self::DnsProxyOff => "network rules with host names are reliable only when clients resolve names through \
                                  the firewall's DNS proxy, which is not shown to be on"
                .to_owned(),
            _ => return None,
        })
    }

    fn of_flows(&self) -> Option<String> {
        Some(match self {
            Self::NoPorts(protocols) => format!("{protocols} has no ports: no packet of it goes to one"),
            Self::NoPortAsked => "no port is asked for".to_owned(),
            Self::NoHostAsked => "no host is asked for".to_owned(),
            Self::NoAddressAsked => "no address is asked for".to_owned(),
            Self::SubnetWithoutPrefix => "the subnet has no prefix".to_owned(),
            Self::EmptyTag(tag) => format!("the service tags that are loaded hold no address of `{tag}`"),
            Self::FarFamily { far, lacks } => {
                format!("{far} has no {lacks} address, and whether the subnet has an IPv6 prefix is not known")
            }
            Self::NoCommonFamily { near, near_lacks, far, far_lacks } => {
                let near = match near {
                    Some(near) => format!("{near} has no {near_lacks} address"),
                    None => format!("the subnet has no {near_lacks} prefix"),
                };
                format!("{near}, and {far} has no {far_lacks} address: no packet goes from one to the other")
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(out, "--set {name}=…"),
            Self::ParameterFile => out.write_str("--parameters FILE"),
            Self::Fact(name) => write!(out, "--fact {name}=…"),
            Self::SubnetPrefixes => out.write_str("--fact subnet-prefixes=10.0.1.0/24"),
            Self::ServiceTags => out.write_str("--service-tags FILE"),
            Self::ServiceTagsOfCloud => out.write_str("the service tag file of its cloud"),
            Self::WholeExport(name) => write!(out, "an export of the whole of `{name}`"),
            Self::FileOf(thing) => write!(out, "the file that holds {thing}"),
            Self::FileOfSubnet => out.write_str("the file that holds the subnet"),
            Self::FileOfNetwork => out.write_str("the virtual network's own file"),
            Self::FirewallAndPolicy(None) => out.write_str(
                "the firewall and its policy, if it is an Azure Firewall; else what it lets through, as `appliances` in the settings",
            ),
            Self::FirewallAndPolicy(Some(name)) => {
                write!(out, "the file that holds `{name}`, and its firewall policy")
            }
            Self::RulesOfAppliance => out.write_str("the rules of that appliance"),
            Self::NetworkWithPeerings => out.write_str("the export of the network, with its peerings"),
            Self::BothNetworks => out.write_str("the exports of both networks, with their peerings"),
            Self::NatGatewayExport => out.write_str("the export of the NAT gateway"),
            Self::AliasInPolicy(alias) => write!(out, "`{alias}` among the service aliases of the policy"),
            Self::Hub => out
                .write_str("the hub's connections, routing intent and route tables, and its firewall with its policy"),
            Self::HubRouting => out.write_str("the hub's routing intent and route tables"),
            Self::RemoteNetwork => out.write_str("`remoteVirtualNetwork` of the connection"),
            Self::Setting(setting, kind) => write!(out, "`{setting}` of the {}", kind.as_str()),
            Self::EffectiveRoutes => out.write_str("the effective routes of the subnet"),
            Self::EffectiveRoutesAlone => out.write_str(
                "a run over this subnet and its effective routes, without other subnets and other effective routes",
            ),
            Self::EffectiveAdminRules => out.write_str("the effective security admin rules of this network alone"),
            Self::NetworkRuleForPort => out.write_str("a network rule for the port"),
            Self::CollectionGroups(policy) => write!(out, "the rule collection groups of policy `{policy}`"),
            Self::DnsProxy => out.write_str("`dnsSettings.enableProxy: true` in the firewall policy"),
            Self::Told(words) => out.write_str(words),
        }
    }
}
