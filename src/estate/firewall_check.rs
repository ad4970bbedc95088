//! What firewalls and policies say against each other, once they are joined: policies among their own parents, and
//! rules whose order no document tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::fault;
use crate::estate::resource::{Access, CollectionKind, Fault, Field, FirewallPolicy, Header, RuleCollection};
use crate::estate::whole::Estate;

/// The faults of the firewalls and policies of an estate whose mentions lead where they lead.
pub(crate) fn firewall_faults(estate: &Estate) -> Vec<Fault> {
    let mut faults = Vec::new();
    own_parents(&estate.policies, &mut faults);
    for policy in &estate.policies {
        let groups = policy.groups.iter().filter_map(|at| estate.collection_groups.get(*at));
        let parts = groups.filter_map(|group| {
            Part::of("groups", &group.header.name, group.priority.as_ref(), group.collections.iter())
        });
        same_priority(&policy.header, parts, &mut faults);
    }
    let groups = estate.collection_groups.iter().map(|group| (&group.header, &group.collections));
    let classic = estate.firewalls.iter().map(|firewall| (&firewall.header, &firewall.collections));
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
    Fault {
        kind: fault::DUPLICATE_COLLECTION_PRIORITY,
        detail: format!(
            "{} `{}` and `{}` have priority {}, and no document says which goes first",
            second.what,
            shown(first),
            shown(second),
            second.priority
        ),
        span: second.at.span,
        via: second.at.via.clone(),
        related: Some((first.at.span, "the other one".to_owned())),
        resource: resource(header),
        help: None,
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
    Some(Fault {
        kind: fault::POLICY_OWN_PARENT,
        detail: format!("policy `{name}` is among its own parents: its `basePolicy` leads back to it"),
        span: base.id.span,
        via: base.id.via.clone(),
        related: None,
        resource: resource(&policy.header),
        help: None,
    })
}

fn resource(header: &Header) -> String {
    let known = header.id.as_ref().and_then(|id| id.known()).or_else(|| header.name.known());
    known.map_or_else(|| header.key.to_string(), ToString::to_string)
}
