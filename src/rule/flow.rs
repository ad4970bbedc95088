//! What a requirement asks for: flows, routes, a way out.

use std::sync::Arc;

use crate::estate::{Direction, NextHop};
use crate::finding::FactValue;
use crate::net::{AddressSet, Cloud, PortSet, ProtocolSet};
use crate::rule::condition::Condition;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::fact::FactKind;
use crate::rule::hosts::Hosts;
use crate::rule::schema::Written;
use crate::rule::service::Service;
use crate::rule::subnet::SubnetRequirement;
use crate::rule::value;
use crate::rule::value::Template;

/// A rule that asks something of every placement of a service.
#[derive(Clone, Debug)]
pub struct RequirementRule {
    /// The service.
    pub service: Arc<str>,
    /// When it applies.
    pub applies: Condition,
    /// The clouds it applies in; empty: all.
    pub clouds: Vec<Cloud>,
    /// What it asks for.
    pub require: Requirement,
    /// The rows of the requirement table it answers.
    pub rows: Vec<String>,
    /// What it takes for granted because nothing of it is judged, in words without a full stop.
    pub assumes: Vec<Arc<str>>,
    /// Its traffic flows whatever the verdict is: nothing is blocked when it is violated.
    pub advice: bool,
}

/// What a requirement rule asks for.
#[derive(Clone, Debug)]
pub enum Requirement {
    /// Packets that must pass.
    Flow(FlowRequirement),
    /// Packets that must take a certain way.
    Route(RouteRequirement),
    /// The subnet must have an explicit way out to the internet.
    Egress,
    /// What the service itself says it needs, in a saved answer of its dependencies API.
    Dependencies(DependencyRequirement),
    /// Names that must lead to private endpoints.
    Resolve(ResolveRequirement),
    /// A resource that the workspace names must let the subnet in.
    Admission(AdmissionRequirement),
    /// What the subnet itself must be like.
    Subnet(SubnetRequirement),
}

/// Resources whose own network rules must let the subnet of the placement in, where no private endpoint is the way.
#[derive(Clone, Debug)]
pub struct AdmissionRequirement {
    /// Their type.
    pub resource: Arc<str>,
    /// What they are called.
    pub called: Arc<str>,
    /// The property of the workspace that holds the id of one.
    pub named_by: Arc<str>,
    /// The property that holds their network rules.
    pub rules: Arc<str>,
    /// The service endpoint that virtual network rules count with.
    pub service_endpoint: Arc<str>,
    /// The service endpoint covers the region and its pair, and rules for addresses those of other regions.
    pub regional: bool,
}

/// Names that must lead to private endpoints, as the network of the placement resolves them.
#[derive(Clone, Debug)]
pub struct ResolveRequirement {
    /// The names. Those that no private endpoint can have are not asked for.
    pub names: Names,
}

/// Where names are told.
#[derive(Clone, Debug)]
pub enum Names {
    /// By a fact; where it is not known nothing is asked.
    Fact(Arc<str>),
    /// By the rule, for each cloud.
    Hosts(Hosts),
}

/// What the endpoints of a saved answer ask for. Each port of each of them becomes a flow.
#[derive(Clone, Debug)]
pub struct DependencyRequirement {
    /// The protocols, where the answer names none.
    pub protocols: ProtocolSet,
    /// Of these ports it is UDP.
    pub udp_ports: PortSet,
}

/// Packets that must pass.
#[derive(Clone, Debug)]
pub struct FlowRequirement {
    /// Seen from the subnet.
    pub direction: Direction,
    /// Every one of these protocols.
    pub protocols: ProtocolSet,
    /// Every one of these ports.
    pub ports: PortSet,
    /// From here.
    pub from: Targets,
    /// To here.
    pub to: Targets,
    /// What counts as let through.
    pub matching: Matching,
    /// The layers asked; empty: all.
    pub layers: Vec<AskedLayer>,
    /// The hosts behind the other end: a firewall that lets all of them pass lets the flow pass (AML-13).
    pub hosts: Hosts,
}

/// Packets that must take a certain way.
#[derive(Clone, Debug)]
pub struct RouteRequirement {
    /// Where they go.
    pub destination: Targets,
    /// The next hop they must take.
    pub next_hop: NextHop,
}

pub use crate::net::Matching;

/// What a packet meets on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AskedLayer {
    /// Network security groups.
    Nsg,
    /// The route.
    Route,
    /// The firewall the route leads to.
    Firewall,
}

/// One side of a flow.
#[derive(Clone, Debug)]
pub struct Targets {
    /// How the items belong together.
    pub mode: Mode,
    /// At least one.
    pub items: Vec<Target>,
}

/// How several targets belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One of them is enough.
    AnyOf,
    /// All of them are needed.
    AllOf,
}

/// One end of a flow.
#[derive(Clone, Debug)]
pub enum Target {
    /// The subnet of the placement.
    Subnet,
    /// Every address.
    Any,
    /// A service tag: `Storage.{region}`.
    Tag(Template),
    /// Addresses.
    Prefix(AddressSet),
    /// Hosts by name, all of them needed: `pypi.org`, `*.azureml.ms`, `{region}.tundra.azureml.ms`.
    Hosts(Hosts),
    /// The prefixes a fact holds.
    Fact(Arc<str>),
}

impl Requirement {
    /// The hosts it asks for by name, and those that a firewall may name instead of a service tag.
    pub fn hosts(&self) -> impl Iterator<Item = (HostsAre, &Hosts)> {
        let flow = match self {
            Self::Flow(flow) => Some(flow),
            Self::Route(_)
            | Self::Egress
            | Self::Dependencies(_)
            | Self::Resolve(_)
            | Self::Admission(_)
            | Self::Subnet(_) => None,
        };
        flow.into_iter().flat_map(|flow| {
            let sides = flow.from.items.iter().chain(&flow.to.items);
            let asked = sides.filter_map(|target| match target {
                Target::Hosts(hosts) => Some((HostsAre::Needed, hosts)),
                _ => None,
            });
            asked.chain((!flow.hosts.is_empty()).then_some((HostsAre::Alternative, &flow.hosts)))
        })
    }

    /// The clouds that it can be asked of: with nothing but hosts to reach, those that have hosts.
    fn clouds(&self) -> Vec<Cloud> {
        let Self::Flow(flow) = self else { return Vec::new() };
        let far = if flow.direction == Direction::Inbound { &flow.from } else { &flow.to };
        match &*far.items {
            [Target::Hosts(hosts)] if hosts.clouds().count() < Cloud::ALL.len() => {
                hosts.clouds().map(|(cloud, _)| cloud).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What hosts are to a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostsAre {
    /// They are what must be reached.
    Needed,
    /// A firewall may let them pass instead of a service tag.
    Alternative,
}

const DIRECTIONS: [(&str, Direction); 2] = [("inbound", Direction::Inbound), ("outbound", Direction::Outbound)];
const MATCHINGS: [(&str, Matching); 3] =
    [("effective", Matching::Effective), ("explicit", Matching::Explicit), ("single-rule", Matching::SingleRule)];
const LAYERS: [(&str, AskedLayer); 3] =
    [("nsg", AskedLayer::Nsg), ("route", AskedLayer::Route), ("firewall", AskedLayer::Firewall)];
const FLOW_KEYS: [&str; 8] = ["direction", "protocol", "from", "to", "ports", "match", "layers", "hosts"];

/// The clouds of a rule: those it names, else those it has hosts for.
pub(crate) fn read_clouds(written: Option<Written<'_>>, require: &Requirement) -> Result<Vec<Cloud>, RuleError> {
    let clouds = Cloud::ALL.map(|cloud| (cloud.as_str(), cloud));
    written.map_or_else(|| Ok(require.clouds()), |written| written.words("cloud", &clouds))
}

impl Requirement {
    /// Reads `require:`.
    pub(crate) fn read(written: Written<'_>, service: &Service) -> Result<Self, RuleError> {
        const KEYS: [&str; 7] = ["flow", "route", "egress", "dependencies", "resolve", "admission", "subnet"];
        let keys = written.keys("`require`", &KEYS)?;
        let given: Vec<Written<'_>> = KEYS.iter().filter_map(|key| keys.get(key)).collect();
        if let [_, second, ..] = &*given {
            return Err(second.error("a rule requires one thing; write a second rule for the other"));
        }
        if let Some(flow) = keys.get("flow") {
            return FlowRequirement::read(flow, service).map(Self::Flow);
        }
        if let Some(route) = keys.get("route") {
            let keys = route.keys("`route`", &["destination", "next-hop"])?;
            return Ok(Self::Route(RouteRequirement {
                destination: Targets::read(keys.need("destination")?, service, Side::Route)?,
                next_hop: keys.need("next-hop")?.word("next hop", &NextHop::WORDS)?,
            }));
        }
        if let Some(dependencies) = keys.get("dependencies") {
            let keys = dependencies.keys("`dependencies`", &["protocol", "udp-ports"])?;
            let udp_ports = keys.get("udp-ports").map(value::ports).transpose()?.unwrap_or_else(PortSet::empty);
            let protocols = value::protocols(keys.need("protocol")?)?;
            return Ok(Self::Dependencies(DependencyRequirement { protocols, udp_ports }));
        }
        if let Some(resolve) = keys.get("resolve") {
            return ResolveRequirement::read(resolve, service).map(Self::Resolve);
        }
        if let Some(admission) = keys.get("admission") {
            return AdmissionRequirement::read(admission).map(Self::Admission);
        }
        if let Some(subnet) = keys.get("subnet") {
            return SubnetRequirement::read(subnet).map(Self::Subnet);
        }
        let Some(egress) = keys.get("egress") else {
            let keys_are = "`flow`, `route`, `egress`, `dependencies`, `resolve`, `admission`, `subnet`";
            return Err(keys.error(format!("`require` needs one of the keys {keys_are}")));
        };
        egress.word("kind of egress", &[("explicit", ())])?;
        Ok(Self::Egress)
    }
}

impl AdmissionRequirement {
    fn read(written: Written<'_>) -> Result<Self, RuleError> {
        const KEYS: [&str; 6] = ["resource", "called", "named-by", "rules", "service-endpoint", "regional"];
        let keys = written.keys("`admission`", &KEYS)?;
        Ok(Self {
            resource: keys.need("resource")?.text()?,
            called: keys.need("called")?.text()?,
            named_by: keys.need("named-by")?.text()?,
            rules: keys.need("rules")?.text()?,
            service_endpoint: keys.need("service-endpoint")?.text()?,
            regional: keys.get("regional").map(Written::bool).transpose()?.unwrap_or(false),
        })
    }
}

impl ResolveRequirement {
    fn read(written: Written<'_>, service: &Service) -> Result<Self, RuleError> {
        let keys = written.keys("`resolve`", &["host", "to"])?;
        keys.need("to")?.word("end of names", &[("private-endpoint", ())])?;
        let host = keys.need("host")?;
        let fact = host.text().ok().and_then(|text| Template::parse(&text).ok()?.only_name().cloned());
        let names = match fact {
            Some(name) => Names::Fact(known_fact(host, &name, service, ", not names")?),
            None => Names::Hosts(Hosts::read(host, placeholders(service))?),
        };
        Ok(Self { names })
    }
}

/// A fact of a service that is no mere yes or no. `but`: what it is not, with a comma before it.
fn known_fact(written: Written<'_>, name: &Arc<str>, service: &Service, but: &str) -> Result<Arc<str>, RuleError> {
    let Some(spec) = service.facts.get(name) else {
        return Err(written
            .error(format!("service `{}` has no fact `{name}`", service.name))
            .label("unknown fact")
            .help(suggestion(name, "its facts are", service.facts.keys().map(|name| &**name))));
    };
    if spec.kind == FactKind::Boolean {
        return Err(written.error(format!("fact `{name}` is yes or no{but}")));
    }
    Ok(Arc::clone(name))
}

impl FlowRequirement {
    /// The ports as users write them, `80,443`; empty for every port.
    pub fn port_words(&self) -> String {
        if self.ports.is_full() {
            return String::new();
        }
        let range =
            |(first, last): &(u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
        self.ports.ranges().iter().map(range).collect::<Vec<_>>().join(",")
    }

    fn read(written: Written<'_>, service: &Service) -> Result<Self, RuleError> {
        let keys = written.keys("`flow`", &FLOW_KEYS)?;
        let protocols = value::protocols(keys.need("protocol")?)?;
        let ports = match keys.get("ports") {
            Some(ports) => value::ports(ports)?,
            None => PortSet::full(),
        };
        let direction = keys.need("direction")?.word("direction", &DIRECTIONS)?;
        let (far, near) = match direction {
            Direction::Inbound => ("from", "to"),
            Direction::Outbound => ("to", "from"),
        };
        let far = Targets::read(keys.need(far)?, service, Side::Far)?;
        let near = match keys.get(near) {
            Some(near) => Targets::read(near, service, Side::Near)?,
            None => Targets { mode: Mode::AnyOf, items: vec![Target::Subnet] },
        };
        let (from, to) = match direction {
            Direction::Inbound => (far, near),
            Direction::Outbound => (near, far),
        };
        let matching = keys.get("match").map(|word| word.word("way to match", &MATCHINGS)).transpose()?;
        let layers = keys.get("layers").map(|words| words.words("layer", &LAYERS)).transpose()?.unwrap_or_default();
        let hosts = keys.get("hosts").map(|hosts| Hosts::read(hosts, placeholders(service)));
        let hosts = hosts.transpose()?.unwrap_or_default();
        let matching = matching.unwrap_or(Matching::Effective);
        Ok(Self { direction, protocols, ports, from, to, matching, layers, hosts })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Near,
    Far,
    Route,
}

impl Targets {
    fn read(written: Written<'_>, service: &Service, side: Side) -> Result<Self, RuleError> {
        let (mode, list) = match group(written)? {
            Some(group) => group,
            None => (Mode::AnyOf, written),
        };
        let items: Vec<Target> =
            list.items().into_iter().map(|item| Target::read(item, service, side)).collect::<Result<_, _>>()?;
        if items.is_empty() {
            return Err(list.error("the list is empty"));
        }
        Ok(Self { mode, items })
    }
}

fn group(written: Written<'_>) -> Result<Option<(Mode, Written<'_>)>, RuleError> {
    if !written.is_mapping() {
        return Ok(None);
    }
    let keys =
        written.keys("a target", &["any-of", "all-of", "tag", "prefix", "fqdn", "hosts", "in-no-tag", "fact"])?;
    match (keys.get("any-of"), keys.get("all-of")) {
        (Some(_), Some(all)) => Err(all.error("`any-of` and `all-of` cannot stand beside each other")),
        (Some(list), None) => Ok(Some((Mode::AnyOf, list))),
        (None, Some(list)) => Ok(Some((Mode::AllOf, list))),
        (None, None) => Ok(None),
    }
}

impl Target {
    fn read(written: Written<'_>, service: &Service, side: Side) -> Result<Self, RuleError> {
        if written.is_mapping() {
            return Self::read_mapping(written, service, side);
        }
        let text = written.text()?;
        match &*text {
            "subnet" if side == Side::Route => Err(written.error("a route leads away from the subnet")),
            "subnet" => Ok(Self::Subnet),
            "any" | "*" => Ok(Self::Any),
            _ => {
                if let Some(set) = AddressSet::parse(&text) {
                    return Ok(Self::Prefix(set));
                }
                let template = Template::parse(&text).map_err(|message| written.error(message))?;
                match template.only_name() {
                    Some(name) => Self::fact(written, name, service),
                    None => Self::tag(written, service),
                }
            }
        }
    }

    fn read_mapping(written: Written<'_>, service: &Service, side: Side) -> Result<Self, RuleError> {
        let keys = written.keys("a target", &["tag", "prefix", "fqdn", "hosts", "in-no-tag", "fact"])?;
        if let Some(tag) = keys.get("tag") {
            return Self::tag(tag, service);
        }
        if let Some(prefix) = keys.get("prefix") {
            let text = prefix.text()?;
            return AddressSet::parse(&text).map(Self::Prefix).ok_or_else(|| prefix.error("this is not an address"));
        }
        if let Some(hosts) = keys.get("fqdn").or_else(|| keys.get("hosts")) {
            if side != Side::Far {
                return Err(hosts.error("host names can only be where a flow goes to or comes from"));
            }
            let hosts = Hosts::read(hosts, placeholders(service))?;
            let in_no_tag = keys.get("in-no-tag").map(Written::bool).transpose()?.unwrap_or(false);
            return Ok(Self::Hosts(if in_no_tag { hosts.in_no_tag() } else { hosts }));
        }
        if let Some(word) = keys.get("in-no-tag") {
            return Err(word.error("`in-no-tag` is said of `hosts`"));
        }
        let Some(fact) = keys.get("fact") else { return Err(keys.error("the target is empty")) };
        let name = fact.text()?;
        Self::fact(fact, &name, service)
    }

    fn fact(written: Written<'_>, name: &Arc<str>, service: &Service) -> Result<Self, RuleError> {
        known_fact(written, name, service, ", not addresses").map(Self::Fact)
    }

    fn tag(written: Written<'_>, service: &Service) -> Result<Self, RuleError> {
        let template = Template::read(written, placeholders(service))?;
        value::check_tag(written, &template)?;
        Ok(Self::Tag(template))
    }
}

/// What may be filled in: facts that are words.
fn placeholders(service: &Service) -> impl Iterator<Item = &str> + Clone {
    service.facts.iter().filter(|(_, spec)| spec.kind == FactKind::Text).map(|(name, _)| &**name)
}

/// The addresses a fact's value stands for; `None` when one of them is no address.
pub fn fact_addresses(value: &FactValue) -> Option<AddressSet> {
    let words = match value {
        FactValue::Bool(_) => return None,
        FactValue::Text(word) => std::slice::from_ref(word),
        FactValue::List(words) => words,
    };
    words.iter().try_fold(AddressSet::empty(), |set, word| Some(set.union(&AddressSet::parse(word)?)))
}
