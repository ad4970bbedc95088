//! Which DNS servers a network asks, and as which network the last of them asks Azure DNS (DNS-3, DNS-18).
//!
//! What Azure DNS answers is the work of `resolve`.

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{Access, Asks, DeclaredServer, Estate, Field, Firewall, Plain, VirtualNetwork};
use crate::finding::Layer;
use crate::json::Node;
use crate::judge::site::shown;
use crate::proof::{Decider, Doubt, Kind, Written};
use crate::source::Span;

const INBOUND: &str = "Microsoft.Network/dnsResolvers/inboundEndpoints";
const PLATFORM: &str = "168.63.129.16";
/// How many servers one after another are followed.
const MOST_SERVERS: usize = 4;

/// A server as it is written, and where.
type Server = (Arc<str>, Span);

/// Who asks Azure DNS in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A network, by its place in the estate.
    Network(usize),
    /// A firewall in a Virtual WAN hub, to which no private zone can be linked (DNS-11).
    Hub,
}

/// The servers that one name goes through.
pub(crate) struct Asking<'x> {
    pub(crate) estate: &'x Estate,
    /// The name, in lower case, and what it is an alias of where private endpoints are.
    pub(crate) host: &'x str,
    pub(crate) alias: &'x str,
    /// What happens on the way.
    pub(crate) steps: &'x mut Vec<Decider>,
}

/// Adds a step of the way that a name takes.
pub(crate) fn step(steps: &mut Vec<Decider>, access: Access, words: String, at: Span) {
    let written = Some(Written { span: at, name: at, priority: None, fault: at });
    push(steps, access, Kind::Platform, words, written);
}

fn push(steps: &mut Vec<Decider>, access: Access, kind: Kind, words: String, written: Option<Written>) {
    steps.push(Decider {
        layer: Layer::Resolve,
        group: Decider::ELSEWHERE,
        index: None,
        kind,
        name: Arc::from(words),
        priority: None,
        access,
        next_hop: None,
        written,
    });
}

impl Asking<'_> {
    /// As whom Azure DNS is asked in the end; all servers have to lead to one.
    pub(crate) fn asker(&mut self, network: usize) -> Result<Asker, Doubt> {
        let home = Asker::Network(network);
        let Some(own) = self.estate.networks.get(network) else { return Ok(home) };
        let servers = known_servers(own)?;
        self.through(home, &servers, 0)
    }

    fn through(&mut self, home: Asker, servers: &[Server], depth: usize) -> Result<Asker, Doubt> {
        let differ = || Doubt::new("the DNS servers of the network ask as different networks");
        let mut found: Option<Asker> = None;
        for (server, at) in servers.iter().filter(|(server, _)| **server != *PLATFORM) {
            let asker = self.behind(server, *at, depth)?;
            if found.is_some_and(|other| other != asker) {
                return Err(differ().at(*at));
            }
            found = Some(asker);
        }
        let platform = servers.iter().any(|(server, _)| **server == *PLATFORM);
        match found {
            Some(asker) if platform && asker != home => Err(differ()),
            Some(asker) => Ok(asker),
            None => Ok(home),
        }
    }

    /// As whom the server at an address asks.
    fn behind(&mut self, server: &str, at: Span, depth: usize) -> Result<Asker, Doubt> {
        let estate = self.estate;
        let Ok(address) = server.parse::<IpAddr>() else { return Err(forwards(server, at)) };
        if depth >= MOST_SERVERS {
            return Err(forwards(server, at));
        }
        let mut firewalls =
            estate.firewalls.iter().filter(|one| one.addresses.iter().any(|own| own.known() == Some(&address)));
        if let Some(firewall) = firewalls.next().filter(|_| firewalls.next().is_none()) {
            return self.behind_firewall(firewall, server, at, depth);
        }
        let here = |one: &&Plain| {
            let configured = one.header.node.at(&["properties", "ipConfigurations"]).map_or(&[][..], Node::items);
            configured.iter().any(|item| text_at(item, "privateIpAddress").is_some_and(|text| text == server))
        };
        let inbound = |one: &&Plain| one.header.type_name.eq_ignore_ascii_case(INBOUND);
        let Some(endpoint) = estate.others.iter().filter(inbound).find(here) else {
            return self.declared(address, at, depth);
        };
        let home = home_of(estate, endpoint).ok_or_else(|| forwards(server, at))?;
        step(self.steps, Access::Allow, format!("the network asks resolver endpoint {}", shown(&endpoint.header)), at);
        Ok(Asker::Network(home))
    }

    fn behind_firewall(&mut self, firewall: &Firewall, server: &str, at: Span, depth: usize) -> Result<Asker, Doubt> {
        let estate = self.estate;
        let name = shown(&firewall.header);
        let policy = firewall.policy.as_ref().and_then(|policy| estate.policy(policy.target));
        let proxy = policy.and_then(|policy| policy.dns_proxy.as_ref()).and_then(Field::known);
        if proxy != Some(&true) {
            let doubt =
                Doubt::new(format!("firewall `{name}` is the DNS server, and its DNS proxy is not shown to be on"));
            return Err(doubt.at(at).settled_by("`dnsSettings.enableProxy: true` in the firewall policy"));
        }
        step(self.steps, Access::Allow, format!("the network asks firewall {name}, a DNS proxy"), at);
        let list = policy.and_then(|policy| policy.header.node.at(&["properties", "dnsSettings", "servers"]));
        let items = list.map_or(&[][..], Node::items);
        let servers: Option<Vec<Server>> =
            items.iter().map(|item| Some((Arc::from(item.text()?), item.span))).collect();
        let servers = servers.filter(|_| list.is_none_or(|list| list.is_list() || list.is_null()));
        let servers = servers.ok_or_else(|| forwards(server, at))?;
        let in_hub = firewall.header.node.at(&["properties", "virtualHub"]).is_some();
        let home = firewall.subnets.iter().find_map(|subnet| estate.subnet(subnet.target)?.network);
        let home = home.map(Asker::Network).or(in_hub.then_some(Asker::Hub)).ok_or_else(|| forwards(server, at))?;
        self.through(home, &servers, depth + 1)
    }

    /// The network as which a server asks by what the user declares of it: of several entries that speak of the name the
    /// one with the longest zone counts.
    fn declared(&mut self, address: IpAddr, at: Span, depth: usize) -> Result<Asker, Doubt> {
        let estate = self.estate;
        let own: Vec<&DeclaredServer> = estate.servers.iter().filter(|one| one.at == address).collect();
        let Some(first) = own.first() else { return Err(forwards(&address.to_string(), at)) };
        let length = |one: &&&DeclaredServer| {
            let zones = one.zones.iter().filter(|zone| DeclaredServer::is_below(self.host, zone));
            zones.map(|zone| zone.len()).max().unwrap_or(0)
        };
        let speaking = own.iter().filter(|one| one.speaks_of(self.host)).max_by_key(length);
        let Some(server) = speaking else {
            let alias = own.iter().any(|one| one.speaks_of(self.alias));
            let why = if alias { format!("only that of `{}`, which comes later", self.alias) } else { zones(first) };
            let doubt =
                Doubt::new(format!("what DNS server {address} does with `{}` is not declared: {why}", self.host));
            return Err(doubt.at(at).settled_by("a zone for it under `dns` of the settings"));
        };
        match &server.asks {
            Asks::Azure(meant) => {
                let words = format!("{address} asks Azure DNS as {meant}");
                push(self.steps, Access::Allow, Kind::Declared, words, None);
                estate.network_meant(meant).map(Asker::Network).ok_or_else(|| {
                    let doubt = format!("`{meant}`, as which DNS server {address} asks Azure DNS, is not in the input");
                    Doubt::new(doubt).at(at).settled_by("the export of that network")
                })
            }
            Asks::Server(next) => {
                push(self.steps, Access::Allow, Kind::Declared, format!("{address} asks {next}"), None);
                self.behind(&next.to_string(), at, depth + 1)
            }
        }
    }
}

/// What a server of one's own forwards is not known.
fn forwards(server: &str, at: Span) -> Doubt {
    let doubt = Doubt::new(format!("what DNS server {server} forwards, and to whom, no file shows"));
    doubt.at(at).settled_by("nslookup on a machine of the network, or `dns` in the settings,")
}

fn zones(server: &DeclaredServer) -> String {
    let zones: Vec<&str> = server.zones.iter().map(|zone| &**zone).collect();
    format!("only {}", zones.join(", "))
}

fn known_servers(network: &VirtualNetwork) -> Result<Vec<Server>, Doubt> {
    let read = |server: &Field<Arc<str>>| match &server.value {
        Ok(address) => Ok((Arc::clone(address), server.span)),
        Err(unknown) => Err(Doubt::of("a DNS server of the network".to_owned(), unknown)),
    };
    network.dns_servers.iter().map(read).collect()
}

/// A text in an item, or in its properties.
pub(crate) fn text_at<'n>(item: &'n Node, key: &str) -> Option<&'n str> {
    item.at(&[key]).or_else(|| item.at(&["properties", key]))?.text()
}

/// The network of an endpoint of a resolver.
fn home_of(estate: &Estate, endpoint: &Plain) -> Option<usize> {
    let configured = endpoint.header.node.at(&["properties", "ipConfigurations"]).map_or(&[][..], Node::items);
    let in_subnet = |item: &Node| {
        let id = item.at(&["subnet", "id"]).or_else(|| item.at(&["properties", "subnet", "id"]))?;
        estate.subnet(estate.subnet_meant(id, id.span.file))?.network.or_else(|| {
            let id = id.text()?;
            estate.network_meant(&id[..id.to_ascii_lowercase().rfind("/subnets/")?])
        })
    };
    configured.iter().find_map(in_subnet)
}
