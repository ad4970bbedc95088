//! Whether the resources that a workspace names let the subnet of a placement in: their public access, their network rules
//! and the perimeters they are in (NEW-4). It is said of the resource, beside the verdict on the path to it.
//!
//! The path and the name are judged elsewhere: what is reached by a private endpoint is not asked for its rules.

use std::sync::Arc;

use crate::estate::{Access, Estate, Export, Field, Header, Lead, Leads, PrivateEndpoint, Shape, Subnet};
use crate::finding::{Applies, FactValue, Finding, Layer, Verdict};
use crate::json::{Node, Value};
use crate::judge::dependency::Asking;
use crate::judge::diagnose::diagnose;
use crate::judge::fixes::Subject;
use crate::judge::named::{Name, leads_to_resource};
use crate::judge::question::Answer;
use crate::judge::require::{self, Judged};
use crate::judge::resolve::{self, Directory};
use crate::judge::site::shown;
use crate::net::{Family, Region};
use crate::proof::{Decider, Doubt, Judgement, Kind, Written};
use crate::rule::AdmissionRequirement;
use crate::source::Span;

const ASSOCIATION: &str = "Microsoft.Network/networkSecurityPerimeters/resourceAssociations";
const ACCESS_RULE: &str = "Microsoft.Network/networkSecurityPerimeters/profiles/accessRules";

/// Judges every resource that the workspaces of a placement name and the input shows, each once.
pub(crate) fn judge(asking: &Asking<'_, '_, '_>, what: &AdmissionRequirement) -> Vec<(Judged, Option<Finding>)> {
    let (estate, placement) = (asking.estate, asking.placement);
    let Some(at) = placement.site.subnet else { return Vec::new() };
    let Some(subnet) = estate.subnet(Some(at)).filter(|subnet| !subnet.header.mentioned) else { return Vec::new() };
    let blank = require::judge(estate, placement, asking.scene, asking.body);
    if blank.applies == Applies::No {
        return Vec::new();
    }
    let named = named(asking, what);
    named
        .into_iter()
        .filter_map(|resource| {
            let door = Door { asking, what, resource, subnet, at };
            let said = door.said()?;
            let mut judged = Judged { flow: door.flow(), peer: shown(resource), ..blank.clone() };
            let finding = door.told(said, &mut judged);
            Some((judged, finding))
        })
        .collect()
}

/// The resources that the workspaces of a placement name, where the input shows what they are. A placement that rests on
/// no resource belongs to the only workspace there is.
fn named<'a>(asking: &Asking<'_, '_, 'a>, what: &AdmissionRequirement) -> Vec<&'a Header> {
    let estate = asking.estate;
    let mut workspaces = asking.placement.belongs_to.clone();
    if let ([], [only]) = (&*workspaces, &*estate.workspaces) {
        workspaces.push(&only.header);
    }
    let of_type = |header: &&Header| header.type_name.eq_ignore_ascii_case(&what.resource);
    let all: Vec<&Header> = estate.others.iter().map(|one| &one.header).filter(of_type).collect();
    let leads = Leads::of(all.iter().copied());
    let mut found: Vec<&Header> = Vec::new();
    for workspace in workspaces {
        let id = workspace.node.at(&["properties", &*what.named_by]);
        let Some(Lead::To(at)) = id.map(|id| leads.lead(id, workspace.span.file)) else { continue };
        let is_shown = !all[at].mentioned && all[at].node.get("properties").is_some();
        if is_shown && found.iter().all(|one| !std::ptr::eq(*one, all[at])) {
            found.push(all[at]);
        }
    }
    found
}

/// What a resource does with the traffic of a subnet.
enum Said {
    /// Why it lets it in, where something says so.
    In(Option<(String, Span)>),
    /// What refuses it.
    Out(String, Span),
    Open(Doubt),
}

/// A property as it is told: an object around it that is not known leaves it open.
enum Told<'n> {
    Nothing,
    It(&'n Node),
    Open(&'n Node),
}

fn told<'n>(mut node: &'n Node, path: &[&str]) -> Told<'n> {
    for key in path {
        if matches!(node.value, Value::Unknown(_)) {
            return Told::Open(node);
        }
        let Some(next) = node.at(&[key]) else { return Told::Nothing };
        node = next;
    }
    match node.value {
        Value::Unknown(_) => Told::Open(node),
        Value::Null => Told::Nothing,
        _ => Told::It(node),
    }
}

/// The items of a list, and what of it is not known.
fn items<'n>(told: &Told<'n>) -> (&'n [Node], Option<Span>) {
    match told {
        Told::Nothing => (&[], None),
        Told::Open(node) => (&[], Some(node.span)),
        Told::It(list) => {
            let open = list.items().iter().find(|item| matches!(item.value, Value::Unknown(_)));
            (list.items(), open.map(|item| item.span))
        }
    }
}

fn is(node: &Node, word: &str) -> bool {
    node.text().is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// One resource, and the subnet that asks to be let in.
struct Door<'x, 'p, 's, 'a> {
    asking: &'x Asking<'p, 's, 'a>,
    what: &'x AdmissionRequirement,
    resource: &'a Header,
    subnet: &'a Subnet,
    at: usize,
}

impl<'a> Door<'_, '_, '_, 'a> {
    fn estate(&self) -> &'a Estate {
        self.asking.estate
    }

    fn flow(&self) -> String {
        format!("access to {} `{}`", self.what.called, shown(self.resource))
    }

    /// What is said of it; `None` where the name answers for it.
    fn said(&self) -> Option<Said> {
        let public = self.by_public_address();
        match self.by_endpoint() {
            Way::Private(words, at) => Some(Said::In(Some((words, at)))),
            // That the public answer is refused there is said of the name.
            Way::Public if self.is_closed() => None,
            Way::Public => Some(public),
            Way::Open(doubt) => match public {
                Said::In(_) => Some(public),
                _ => Some(Said::Open(doubt)),
            },
            Way::NoEndpoint(Some(doubt)) => match public {
                Said::In(_) => Some(public),
                _ => Some(Said::Open(doubt)),
            },
            Way::NoEndpoint(None) => Some(self.unless_hidden(public)),
        }
    }

    fn is_closed(&self) -> bool {
        matches!(told(&self.resource.node, &["properties", "publicNetworkAccess"]), Told::It(word) if is(word, "Disabled"))
    }

    /// A resource that is closed to everybody is meant to be reached by a private endpoint: one that the input does not
    /// show may be there, unless the resource lists its connections.
    fn unless_hidden(&self, public: Said) -> Said {
        let Said::Out(words, at) = public else { return public };
        let lists = matches!(told(&self.resource.node, &["properties", "privateEndpointConnections"]), Told::It(_));
        let export = self.resource.shape != Shape::Template && lists;
        if export || (!self.is_closed() && (self.has_rules() || self.service_endpoint().is_some())) {
            return Said::Out(words, at);
        }
        let doubt = format!("{words}, and whether a private endpoint leads to it is not shown");
        Said::Open(Doubt::new(doubt).at(at).settled_by("the private endpoints of its network"))
    }

    /// Whether it names subnets or addresses that it lets in.
    fn has_rules(&self) -> bool {
        ["virtualNetworkRules", "ipRules"].into_iter().any(|key| !items(&self.rules(key)).0.is_empty())
    }

    fn rules(&self, key: &str) -> Told<'a> {
        told(&self.resource.node, &["properties", &*self.what.rules, key])
    }
}

/// How the subnet reaches the resource.
enum Way {
    /// By a private endpoint, in words.
    Private(String, Span),
    /// By its public address: its name does not lead to the endpoint that there is.
    Public,
    /// There is no private endpoint in reach; what may be one.
    NoEndpoint(Option<Doubt>),
    Open(Doubt),
}

impl<'a> Door<'_, '_, '_, 'a> {
    /// The names of the resource that have to lead to private endpoints in reach.
    fn names(&self) -> Vec<String> {
        let Some(FactValue::List(all)) = self.asking.placement.fact("private-names") else { return Vec::new() };
        let own = self.resource.name.known().map(|name| name.to_ascii_lowercase());
        let is_own = |name: &String| {
            let Some(read) = Name::read(name) else { return false };
            let first = read.label.split('.').next().unwrap_or_default();
            let named = read.is_open() || own.as_deref().is_none_or(|own| own == first);
            named && read.service.type_name.eq_ignore_ascii_case(&self.what.resource)
        };
        all.into_iter().filter(is_own).collect()
    }

    fn by_endpoint(&self) -> Way {
        let names = self.names();
        let own: Vec<&PrivateEndpoint> =
            self.estate().private_endpoints.iter().filter(|one| leads_to_resource(one, self.resource)).collect();
        let Some(network) = self.subnet.network.filter(|_| !names.is_empty()) else {
            return Way::NoEndpoint(self.out_of_reach(&own));
        };
        let directory = Directory::of(self.estate());
        let mut open = None;
        for name in &names {
            let Some(resolved) = directory.private(network, name) else { continue };
            match resolved.answer {
                resolve::Answer::Private(_) | resolve::Answer::Written(_) => {}
                resolve::Answer::Public(_) | resolve::Answer::Nowhere(_) => return Way::Public,
                resolve::Answer::Open(doubt) | resolve::Answer::Unshown(doubt) => open = open.or(Some(doubt)),
            }
        }
        match (open, own.first()) {
            (Some(doubt), _) => Way::Open(doubt),
            (None, Some(one)) => {
                Way::Private(format!("private endpoint {} leads to it", shown(&one.header)), one.header.place())
            }
            (None, None) => Way::Private("a private endpoint leads to it".to_owned(), self.resource.place()),
        }
    }

    /// An endpoint to the resource that is elsewhere, or of which only the connection is shown.
    fn out_of_reach(&self, own: &[&PrivateEndpoint]) -> Option<Doubt> {
        if let Some(one) = own.first() {
            let words =
                format!("whether `{}` reaches private endpoint `{}`", shown(&self.subnet.header), shown(&one.header));
            return Some(Doubt::new(words).at(one.header.place()).settled_by("the peerings of both networks"));
        }
        let connections = told(&self.resource.node, &["properties", "privateEndpointConnections"]);
        let (all, open) = items(&connections);
        if let Some(first) = all.first() {
            let words = format!("where the private endpoint of `{}` is, the input does not show", shown(self.resource));
            let doubt = Doubt::new(words).at(first.span).settled_by("that private endpoint");
            let id = first.at(&["properties", "privateEndpoint", "id"]).and_then(Node::text);
            return Some(doubt.shown_by(id.map(|id| Export::resource("Microsoft.Network/privateEndpoints", id))));
        }
        open.map(|at| Doubt::new("the private endpoints of the resource are not known").at(at))
    }

    /// What becomes of traffic to its public address, by a service endpoint or without.
    fn by_public_address(&self) -> Said {
        let name = shown(self.resource);
        if let Some(said) = self.by_perimeter() {
            return said;
        }
        match told(&self.resource.node, &["properties", "publicNetworkAccess"]) {
            Told::Open(node) => return Said::Open(open_of("the public network access", &name, node.span)),
            Told::It(word) if is(word, "Disabled") => {
                return Said::Out(format!("public access to `{name}` is off"), word.span);
            }
            Told::It(_) | Told::Nothing => {}
        }
        match self.rules("defaultAction") {
            Told::Open(node) => Said::Open(open_of("the default action", &name, node.span)),
            Told::It(word) if is(word, "Deny") => self.by_rules(word.span),
            Told::It(word) => Said::In(Some((format!("`{name}` lets in whoever comes"), word.span))),
            Told::Nothing => Said::In(None),
        }
    }

    /// What an enforced perimeter leaves of it (NEW-4).
    fn by_perimeter(&self) -> Option<Said> {
        let estate = self.estate();
        let leads = Leads::of([self.resource]);
        let of_type = |wanted: &'static str| {
            estate
                .others
                .iter()
                .filter(move |one| one.header.type_name.eq_ignore_ascii_case(wanted))
                .map(|one| &one.header)
        };
        let is_own = |header: &&Header| {
            let id = header.node.at(&["properties", "privateLinkResource", "id"]);
            id.is_some_and(|id| leads.lead(id, header.span.file) == Lead::To(0))
        };
        let enforced =
            |header: &&Header| header.node.at(&["properties", "accessMode"]).is_some_and(|mode| is(mode, "Enforced"));
        let by_word = told(&self.resource.node, &["properties", "publicNetworkAccess"]);
        let secured = match by_word {
            Told::It(word) if is(word, "SecuredByPerimeter") => Some(word.span),
            _ => None,
        };
        let association = of_type(ASSOCIATION).filter(is_own).find(enforced);
        let at = association.map(Header::place).or(secured)?;
        let name = shown(self.resource);
        // Rules let in addresses or subscriptions, and which of these the compute comes with is not told.
        let rule = of_type(ACCESS_RULE)
            .find(|rule| rule.node.at(&["properties", "direction"]).is_none_or(|one| !is(one, "Outbound")));
        if let Some(rule) = rule {
            let words = format!("whether rule `{}` of the perimeter lets `{name}` be reached", shown(rule));
            return Some(Said::Open(Doubt::new(words).at(rule.place()).settled_by("the public address it leaves by")));
        }
        let in_template = association.is_some_and(|one| one.shape == Shape::Template);
        if in_template {
            return Some(Said::Out(format!("an enforced perimeter keeps `{name}` to itself"), at));
        }
        let doubt = Doubt::new(format!("which access rules the perimeter of `{name}` has"));
        Some(Said::Open(doubt.at(at).settled_by("the access rules of its perimeter profile")))
    }
}

impl<'a> Door<'_, '_, '_, 'a> {
    /// The service endpoint of the subnet for this service, of the regions that it covers.
    fn service_endpoint(&self) -> Option<&'a Field<Arc<str>>> {
        let wanted = &*self.what.service_endpoint;
        self.subnet.service_endpoints.iter().find(|field| {
            field.known().is_some_and(|service| {
                let everywhere =
                    service.to_ascii_lowercase().strip_prefix(&wanted.to_ascii_lowercase()) == Some(".global");
                everywhere || (service.eq_ignore_ascii_case(wanted) && !(self.what.regional && self.is_far()))
            })
        })
    }

    /// The location of the resource, and that of the subnet.
    fn locations(&self) -> Option<(&'a str, String)> {
        let own = self.resource.location.as_ref()?.known()?;
        let network = self.subnet.network.and_then(|at| self.estate().networks.get(at));
        let here = network.and_then(|one| Some(one.header.location.as_ref()?.known()?.to_string()));
        Some((own, here.or_else(|| self.asking.placement.fact_text("region"))?))
    }

    /// Whether it is in another region than the subnet, which is not the paired one either.
    fn is_far(&self) -> bool {
        let Some((own, here)) = self.locations() else { return false };
        let (Some(own), Some(here)) = (Region::by_name(own), Region::by_name(&here)) else { return false };
        own.location != here.location && here.paired().is_none_or(|pair| pair.location != own.location)
    }

    /// What the rules let in where the default is to refuse, which stands at a place.
    fn by_rules(&self, default: Span) -> Said {
        let name = shown(self.resource);
        let subnet = shown(&self.subnet.header);
        let list = self.rules("virtualNetworkRules");
        let (rules, mut open) = items(&list);
        let mut own = None;
        for rule in rules {
            let Some(id) = rule.at(&["id"]) else { continue };
            match self.estate().subnet_meant(id, self.resource.span.file) {
                Some(meant) if meant == self.at => own = own.or(Some(id.span)),
                Some(_) => {}
                None if id.text().is_none() => open = open.or(Some(id.span)),
                None => {}
            }
        }
        let service = &self.what.service_endpoint;
        let hidden = self.subnet.service_endpoints.iter().find(|field| field.unknown().is_some());
        match (own, self.service_endpoint(), hidden) {
            (Some(rule), Some(_), _) => {
                return Said::In(Some((
                    format!("a rule of `{name}` lets `{subnet}` in by its service endpoint"),
                    rule,
                )));
            }
            (Some(_), None, Some(hidden)) => {
                let words = format!("whether `{subnet}` has a service endpoint for {service}");
                return Said::Open(Doubt::new(words).at(hidden.span));
            }
            (Some(rule), None, None) => {
                let words =
                    format!("the rule counts with a service endpoint for {service}, and `{subnet}` has none that does");
                return Said::Out(words, rule);
            }
            (None, ..) => {}
        }
        if let Some(at) = open {
            return Said::Open(open_of("a virtual network rule", &name, at));
        }
        if let Some(doubt) = self.as_another(rules).or_else(|| self.by_address()) {
            return Said::Open(doubt);
        }
        Said::Out(format!("`{name}` refuses whom it does not name, and `{subnet}` is not named"), default)
    }

    /// What leaves by an appliance comes with the service endpoint of the appliance's subnet.
    fn as_another(&self, rules: &[Node]) -> Option<Doubt> {
        let by_appliance = self.asking.placement.fact_text("default-route").is_some_and(|hop| hop != "internet");
        let first = rules.first().filter(|_| by_appliance && self.service_endpoint().is_none())?;
        let words = "whether the subnet of the appliance that the default route leads to is among the rules";
        Some(Doubt::new(words).at(first.span).settled_by("the subnet of the appliance, and its service endpoints"))
    }

    /// Rules for addresses say something about who comes with a public one. A service endpoint gives none, and neither has
    /// who reaches a storage account from its own region.
    fn by_address(&self) -> Option<Doubt> {
        let list = self.rules("ipRules");
        let (rules, open) = items(&list);
        let at = rules.first().map(|one| one.span).or(open)?;
        let near = self.what.regional && self.locations().is_some_and(|(own, here)| own.eq_ignore_ascii_case(&here));
        if self.service_endpoint().is_some() || near {
            return None;
        }
        let words = format!(
            "whether `{}` leaves by an address that `{}` lets in",
            shown(&self.subnet.header),
            shown(self.resource)
        );
        Some(Doubt::new(words).at(at).settled_by("the public address that the subnet leaves by"))
    }

    /// Puts what is said into a judgement and a finding on the resource.
    fn told(&self, mut said: Said, judged: &mut Judged) -> Option<Finding> {
        if let (Said::Out(words, at), Some(_)) = (&said, &self.resource.condition) {
            said = Said::Open(Doubt::new(format!("{words}, and whether it exists is not known")).at(*at));
        }
        let mut judgement = Judgement { layer: Some(Layer::Resource), ..Judgement::satisfied(Family::V4) };
        match said {
            Said::In(why) => {
                judgement.deciders.extend(why.map(|(words, at)| decider(Access::Allow, &words, at)));
            }
            Said::Out(words, at) => {
                judgement.verdict = Verdict::Violated;
                judgement.deciders.push(decider(Access::Deny, &words, at));
                if !self.lists_connections() {
                    let name = shown(self.resource);
                    judged.assumptions.push(format!("`{name}` has no private endpoint that the input does not show"));
                }
            }
            Said::Open(doubt) => {
                judgement.verdict = Verdict::Undecided;
                judgement.why.push(doubt);
            }
        }
        judged.answer = Some(Answer::of(judgement));
        let Asking { estate, placement, rule, body, given, .. } = *self.asking;
        let subject = Subject { estate, placement, scene: self.asking.scene.scene(), rule, body, judged, given };
        let mut finding = diagnose(&subject)?;
        let id = self.resource.id.as_ref().and_then(Field::known);
        finding.resource = Some(id.map_or_else(|| shown(self.resource), ToString::to_string));
        Some(finding)
    }

    fn lists_connections(&self) -> bool {
        matches!(told(&self.resource.node, &["properties", "privateEndpointConnections"]), Told::It(_))
    }
}

fn open_of(what: &str, name: &str, at: Span) -> Doubt {
    Doubt::new(format!("{what} of `{name}` is not known before deployment")).at(at)
}

fn decider(access: Access, words: &str, at: Span) -> Decider {
    Decider {
        layer: Layer::Resource,
        group: Decider::ELSEWHERE,
        index: None,
        kind: Kind::Platform,
        name: Arc::from(words),
        priority: None,
        access,
        next_hop: None,
        written: Some(Written { span: at, name: at, priority: None, fault: at }),
    }
}
