//! Requirements on the subnet itself: its name, its size, whom it is delegated to, what it has.

use std::sync::Arc;

use crate::estate::{Estate, Field, Reference, Subnet};
use crate::finding::Verdict;
use crate::json::Reason;
use crate::judge::placement::Placement;
use crate::judge::question::Answer;
use crate::net::{AddressSet, Family};
use crate::proof::{Doubt, Judgement};
use crate::rule::SubnetRequirement;

/// What is known of one of the things asked for.
enum Told {
    Yes,
    No,
    Open(Doubt),
}

impl From<bool> for Told {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// Judges what is asked of the subnet: violated when one thing is not so, undecided when one cannot be told. The error is
/// what is missing where no subnet is shown.
pub(crate) fn judge(estate: &Estate, placement: &Placement<'_>, what: &SubnetRequirement) -> Result<Answer, Doubt> {
    let Some(subnet) = estate.subnet(placement.site.subnet) else {
        return Err(Doubt::new("the input does not show the subnet"));
    };
    let mut judgement = Judgement::satisfied(Family::V4);
    for told in asked(placement, subnet, what) {
        match told {
            Told::Yes => {}
            Told::No => judgement.verdict = Verdict::Violated,
            Told::Open(doubt) => judgement.why.push(doubt),
        }
    }
    if judgement.verdict == Verdict::Violated {
        judgement.why.clear();
    } else if !judgement.why.is_empty() {
        judgement.verdict = Verdict::Undecided;
    }
    Ok(Answer::of(judgement))
}

fn asked(placement: &Placement<'_>, subnet: &Subnet, what: &SubnetRequirement) -> Vec<Told> {
    let site = &placement.site;
    let has = |wanted: bool, word: &'static str, own: Option<&Reference>, at_site: bool| match own {
        _ if at_site => Told::from(wanted),
        Some(reference) if may_be_nothing(subnet, reference) => open(word, &reference.id),
        own => Told::from(own.is_some() == wanted),
    };
    let name = what.name.as_ref().map(|name| match subnet.header.name.known() {
        Some(known) => Told::from(known.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(name))),
        None => open("the name of the subnet", &subnet.header.name),
    });
    let all = [
        name,
        what.delegated_to.as_ref().map(|service| delegated(subnet, service)),
        what.size.map(|least| size(subnet, least)),
        what.nsg.map(|is| has(is, "the network security group", subnet.nsg.as_ref(), site.nsg.is_some())),
        what.route_table.map(|is| has(is, "the route table", subnet.route_table.as_ref(), site.route_table.is_some())),
        what.nat_gateway.map(|is| has(is, "the NAT gateway", subnet.nat_gateway.as_ref(), false)),
    ];
    all.into_iter().flatten().collect()
}

/// Whether it is delegated to a service.
fn delegated(subnet: &Subnet, service: &str) -> Told {
    let is = |field: &Field<Arc<str>>| field.known().is_some_and(|known| known.eq_ignore_ascii_case(service));
    match subnet.delegations.iter().find(|field| field.known().is_none()) {
        _ if subnet.delegations.iter().any(is) => Told::Yes,
        Some(field) => open("the delegation of the subnet", field),
        None => Told::No,
    }
}

/// Whether its prefixes hold so many IPv4 addresses.
fn size(subnet: &Subnet, least: u64) -> Told {
    let known = subnet.prefixes.iter().filter_map(|field| field.known());
    let set = known.fold(AddressSet::empty(), |all, one| all.union(one));
    let count: u64 = set.v4.ranges().iter().map(|(first, last)| u64::from(last - first) + 1).sum();
    match subnet.prefixes.iter().find(|field| field.known().is_none()) {
        _ if count >= least => Told::Yes,
        Some(field) => open("the prefix of the subnet", field),
        None if subnet.prefixes.is_empty() => Told::Open(Doubt::new("the prefix of the subnet is not shown")),
        None => Told::No,
    }
}

/// Whether a reference stands for something the input does not show, or for a value that may turn out to be nothing. An
/// object with an id that is not known is something.
fn may_be_nothing(subnet: &Subnet, reference: &Reference) -> bool {
    let Some(unknown) = reference.id.unknown() else { return false };
    let properties = subnet.header.node.get("properties");
    let is_whole = |name: &str| {
        let value = properties.and_then(|properties| properties.get(name));
        value.is_some_and(|value| value.unknown().is_some_and(|whole| whole.key == unknown.key))
    };
    matches!(unknown.reason, Reason::NotShown(_))
        || ["networkSecurityGroup", "routeTable", "natGateway"].into_iter().any(is_whole)
}

/// The doubt that a value leaves which is not known.
fn open<T>(what: &'static str, field: &Field<T>) -> Told {
    Told::Open(match field.unknown() {
        Some(unknown) => Doubt::of(what.to_owned(), unknown),
        None => Doubt::new(format!("{what} is not known")),
    })
}
