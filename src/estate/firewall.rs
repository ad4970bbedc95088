//! Firewalls and their policies as typed values, and what they say against each other once they are joined: policies among
//! their own parents, and rules whose order no document tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::fault::{self, Fault};
use crate::estate::resource::{Access, Field, Header, Peer, Reference};
use crate::json::{Node, Unknown};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::source::Span;

/// An Azure Firewall.
#[derive(Clone, Debug)]
pub struct Firewall {
    /// What every resource has.
    pub header: Header,
    /// Its private addresses.
    pub addresses: Vec<Field<std::net::IpAddr>>,
    /// The subnets of its address configurations.
    pub subnets: Vec<Reference>,
    /// Its policy.
    pub policy: Option<Reference>,
    /// Its own (classic) rule collections.
    pub collections: Vec<RuleCollection>,
    /// Parts of their lists that are not known, by the kind of the list.
    pub unknown_collections: Vec<(CollectionKind, Field<()>)>,
}

/// A firewall policy.
#[derive(Clone, Debug)]
pub struct FirewallPolicy {
    /// What every resource has.
    pub header: Header,
    /// Its parent.
    pub base: Option<Reference>,
    /// Its rule collection groups: indexes into the estate's list, filled in by `build`.
    pub groups: Vec<usize>,
    /// Groups it names, by id.
    pub group_ids: Vec<Field<Arc<str>>>,
    /// Why it is not known which groups it has, when it is not.
    pub unknown_groups: Option<Arc<Unknown>>,
    /// `dnsSettings.enableProxy`.
    pub dns_proxy: Option<Field<bool>>,
}

/// A rule collection group.
#[derive(Clone, Debug)]
pub struct RuleCollectionGroup {
    /// What every resource has.
    pub header: Header,
    /// Its policy: an index into the estate's list, filled in by `build`.
    pub policy: Option<usize>,
    /// The lower number goes first.
    pub priority: Option<Field<i64>>,
    /// Its collections.
    pub collections: Vec<RuleCollection>,
    /// Parts only a deployment can tell.
    pub unknown_collections: Vec<Field<()>>,
}

/// The kinds of rule collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CollectionKind {
    /// Destination NAT.
    Nat,
    /// Network rules.
    Network,
    /// Application rules.
    Application,
}

/// A rule collection of a firewall.
#[derive(Clone, Debug)]
pub struct RuleCollection {
    /// Its name.
    pub name: Field<Arc<str>>,
    /// The whole collection.
    pub node: Node,
    /// Where it is written.
    pub span: Span,
    /// The lower number goes first.
    pub priority: Option<Field<i64>>,
    /// What it does; `None` for DNAT or when missing.
    pub action: Option<Field<Access>>,
    /// The kind that its list or its type tells.
    pub kind: Option<CollectionKind>,
    /// Its rules, of one kind each.
    pub rules: Vec<FirewallRule>,
    /// Parts only a deployment can tell.
    pub unknown_rules: Vec<Field<()>>,
    /// It may not exist.
    pub condition: Option<Arc<Unknown>>,
}

/// One rule of a firewall.
#[derive(Clone, Debug)]
pub struct FirewallRule {
    /// Its name.
    pub name: Field<Arc<str>>,
    /// The whole rule.
    pub node: Node,
    /// Where it is written.
    pub span: Span,
    /// Its kind.
    pub kind: Field<CollectionKind>,
    /// Network rules: `ipProtocols`.
    pub protocols: Vec<Field<ProtocolSet>>,
    /// Source addresses and ranges.
    pub sources: Vec<Field<Peer>>,
    /// Source IP groups.
    pub source_groups: Vec<Reference>,
    /// Destination addresses, ranges and tags.
    pub destinations: Vec<Field<Peer>>,
    /// Destination IP groups.
    pub destination_groups: Vec<Reference>,
    /// Network rules: `destinationFqdns`.
    pub destination_fqdns: Vec<Field<Arc<str>>>,
    /// Network rules: destination ports.
    pub destination_ports: Vec<Field<PortSet>>,
    /// Application rules: protocol name and port, such as `Https` and 443.
    pub applications: Vec<(Field<Arc<str>>, Field<PortSet>)>,
    /// Application rules: `targetFqdns`.
    pub target_fqdns: Vec<Field<Arc<str>>>,
    /// Application rules: `fqdnTags`.
    pub fqdn_tags: Vec<Field<Arc<str>>>,
    /// Application rules: `targetUrls`.
    pub target_urls: Vec<Field<Arc<str>>>,
    /// Application rules: `webCategories`.
    pub web_categories: Vec<Field<Arc<str>>>,
    /// Application rules: `terminateTLS`.
    pub terminate_tls: Option<Field<bool>>,
}

/// An IP group.
#[derive(Clone, Debug)]
pub struct IpGroup {
    /// What every resource has.
    pub header: Header,
    /// Its addresses, prefixes and ranges.
    pub addresses: Vec<Field<AddressSet>>,
}

/// The faults of the firewalls and policies of an estate whose mentions lead where they lead.
pub(crate) fn firewall_faults(
    firewalls: &[Firewall],
    policies: &[FirewallPolicy],
    collection_groups: &[RuleCollectionGroup],
) -> Vec<Fault> {
    let mut faults = Vec::new();
    own_parents(policies, &mut faults);
    for policy in policies {
        let groups = policy.groups.iter().filter_map(|at| collection_groups.get(*at));
        let parts = groups.filter_map(|group| {
            Part::of("groups", &group.header.name, group.priority.as_ref(), group.collections.iter())
        });
        same_priority(&policy.header, parts, &mut faults);
    }
    let groups = collection_groups.iter().map(|group| (&group.header, &group.collections));
    let classic = firewalls.iter().map(|firewall| (&firewall.header, &firewall.collections));
    for (header, collections) in groups.chain(classic) {
        let parts = collections
            .iter()
            .filter_map(|one| Part::of("rule collections", &one.name, one.priority.as_ref(), std::iter::once(one)));
        same_priority(header, parts, &mut faults);
    }
    faults
}

/// Something that has a place among others by its priority, and what its rules do.
struct Part<'e> {
    what: &'static str,
    name: &'e Field<Arc<str>>,
    priority: i64,
    at: &'e Field<i64>,
    does: Vec<(CollectionKind, Option<Access>)>,
}

impl<'e> Part<'e> {
    fn of(
        what: &'static str,
        name: &'e Field<Arc<str>>,
        at: Option<&'e Field<i64>>,
        collections: impl Iterator<Item = &'e RuleCollection>,
    ) -> Option<Self> {
        let at = at?;
        let mut does: Vec<(CollectionKind, Option<Access>)> = Vec::new();
        for collection in collections {
            let access = collection.action.as_ref().and_then(|action| action.known().copied());
            for kind in collection.rules.iter().filter_map(|rule| rule.kind.known().copied()) {
                // Rules that translate addresses neither allow nor deny.
                if kind != CollectionKind::Nat && !does.contains(&(kind, access)) {
                    does.push((kind, access));
                }
            }
        }
        Some(Self { what, name, priority: *at.known()?, at, does })
    }
}

/// What some rules do, and the part they belong to, by index.
type Done = (Option<Access>, usize);

/// Those that share a priority with an earlier one whose rules are read in the same pass and do something else.
fn same_priority<'e>(header: &Header, parts: impl Iterator<Item = Part<'e>>, faults: &mut Vec<Fault>) {
    let parts: Vec<Part<'e>> = parts.collect();
    // For each thing that rules do, the first part that does it.
    let mut seen: BTreeMap<(i64, CollectionKind), Vec<Done>> = BTreeMap::new();
    for (index, part) in parts.iter().enumerate() {
        let mut other = None;
        for (kind, access) in &part.does {
            let known = seen.entry((part.priority, *kind)).or_default();
            let differs = |(one, at): &&Done| *at != index && (one != access || access.is_none());
            other = other.or_else(|| known.iter().find(differs).map(|(_, at)| *at));
            if known.iter().all(|(one, _)| one != access) {
                known.push((*access, index));
            }
        }
        faults.extend(other.and_then(|at| parts.get(at)).map(|first| unordered(header, first, part)));
    }
}

fn unordered(header: &Header, first: &Part<'_>, second: &Part<'_>) -> Fault {
    let shown = |part: &Part<'_>| part.name.known().map_or_else(|| "?".to_owned(), ToString::to_string);
    let detail = format!(
        "{} `{}` and `{}` have priority {}, and no document says which goes first",
        second.what,
        shown(first),
        shown(second),
        second.priority
    );
    Fault {
        via: second.at.via.clone(),
        related: Some((first.at.span, "the other one".to_owned())),
        ..Fault::new(fault::DUPLICATE_COLLECTION_PRIORITY, second.at.span, detail, resource(header))
    }
}

/// Every policy that is its own parent, or a parent of its parents.
fn own_parents(policies: &[FirewallPolicy], faults: &mut Vec<Fault>) {
    const FRESH: usize = usize::MAX;
    // The walk that came to each policy first.
    let mut walk_of = vec![FRESH; policies.len()];
    for start in 0..policies.len() {
        let mut next = Some(start);
        while let Some(at) = next.filter(|at| walk_of.get(*at) == Some(&FRESH)) {
            walk_of[at] = start;
            next = parent(policies, at);
        }
        // A walk that comes back to itself has found a circle; that of an earlier walk is told already.
        let Some(first) = next.filter(|at| walk_of.get(*at) == Some(&start)) else { continue };
        let mut at = first;
        loop {
            faults.extend(policies.get(at).and_then(own_parent));
            match parent(policies, at) {
                Some(above) if above != first => at = above,
                _ => break,
            }
        }
    }
}

fn parent(policies: &[FirewallPolicy], at: usize) -> Option<usize> {
    policies.get(at)?.base.as_ref()?.target
}

fn own_parent(policy: &FirewallPolicy) -> Option<Fault> {
    let base = policy.base.as_ref()?;
    let name = policy.header.name.known().map_or("?", |name| name);
    let detail = format!("policy `{name}` is among its own parents: its `basePolicy` leads back to it");
    let fault = Fault::new(fault::POLICY_OWN_PARENT, base.id.span, detail, resource(&policy.header));
    Some(Fault { via: base.id.via.clone(), ..fault })
}

fn resource(header: &Header) -> String {
    let known = header.id.as_ref().and_then(|id| id.known()).or_else(|| header.name.known());
    known.map_or_else(|| header.key.to_string(), ToString::to_string)
}
