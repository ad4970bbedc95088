//! One judgement of both address families, and why a flow has no packet in either: its two ends share no family, or one of
//! them has no address.
//!
//! Judging a flow in one family is the work of `flow` and `path`.

use crate::estate::{Direction, Export};
use crate::net::{Family, ProtocolSet};
use crate::proof::ground::{Ground, Party};
use crate::proof::judgement::{Flow, Judgement};
use crate::proof::scene::Scene;
use crate::proof::stage::Ends;
use crate::proof::symbol::Doubt;
use crate::proof::verdict::Verdict;

impl Scene<'_> {
    /// The judgement of the first family that is not satisfied; a violation goes before a doubt. A family in which the
    /// flow has no packet is left out; where that is so in both, the reason is the answer.
    pub(crate) fn in_each_family(&self, flow: &Flow, judge: impl Fn(Family) -> Judgement) -> Judgement {
        let first = judge(Family::V4);
        let v6 = first.asks_nothing || self.subnet.as_ref().is_some_and(|subnet| !subnet.v6.is_empty());
        if !v6 || first.verdict == Verdict::Violated {
            return first;
        }
        let second = judge(Family::V6);
        match (first.asks_nothing, second.asks_nothing) {
            (true, true) => return Judgement { why: vec![no_packet(self, flow)], ..first },
            (true, false) => return second,
            (false, true) => return first,
            (false, false) => {}
        }
        match (first.verdict, second.verdict) {
            (Verdict::Undecided, Verdict::Satisfied | Verdict::Undecided) => first,
            (Verdict::Satisfied, Verdict::Satisfied) => Judgement {
                partly_built_in: first.partly_built_in || second.partly_built_in,
                built_in_only: first.built_in_only && second.built_in_only,
                ..first
            },
            _ => second,
        }
    }
}

/// In which families an end of a flow has addresses.
#[derive(Clone, Copy)]
struct Families {
    v4: bool,
    v6: bool,
}

/// The reason why no packet of a flow exists in either family.
fn no_packet(scene: &Scene<'_>, flow: &Flow) -> Doubt {
    if !flow.ports.is_full() && flow.protocols.intersection(ProtocolSet::TCP.union(ProtocolSet::UDP)).is_empty() {
        return Doubt::new(format!("{} has no ports: no packet of it goes to one", flow.protocols));
    }
    if flow.ports.is_empty() {
        return Doubt::new("no port is asked for");
    }
    let ends = |family| {
        let mut ground = Ground::new(scene, family);
        Ends::new(&mut ground, &flow.from, &flow.to)
    };
    let (v4, v6) = (ends(Family::V4), ends(Family::V6));
    let from = Families { v4: !v4.sources.terms.is_empty(), v6: !v6.sources.terms.is_empty() };
    let to = Families { v4: !v4.destinations.terms.is_empty(), v6: !v6.destinations.terms.is_empty() };
    let (near, far) = match flow.direction {
        Direction::Outbound => ((&flow.from, from), (&flow.to, to)),
        Direction::Inbound => ((&flow.to, to), (&flow.from, from)),
    };
    for (party, families) in [far, near] {
        if !families.v4 && !families.v6 {
            return no_address(party);
        }
    }
    let missing = |families: Families| if families.v4 { "IPv6" } else { "IPv4" };
    let far_words = format!("{} has no {} address", words(far.0), missing(far.1));
    match (near.0, &scene.subnet) {
        (Party::Subnet, None) => {
            Doubt::new(format!("{far_words}, and whether the subnet has an IPv6 prefix is not known"))
                .settled_by("--fact subnet-prefixes=…")
        }
        (Party::Subnet, Some(_)) => Doubt::new(format!(
            "the subnet has no {} prefix, and {far_words}: no packet goes from one to the other",
            missing(near.1)
        )),
        _ => Doubt::new(format!(
            "{} has no {} address, and {far_words}: no packet goes from one to the other",
            words(near.0),
            missing(near.1)
        )),
    }
}

fn no_address(party: &Party) -> Doubt {
    match party {
        Party::Subnet => Doubt::new("the subnet has no prefix"),
        Party::Tag(tag) => Doubt::new(format!("the service tags that are loaded hold no address of `{tag}`"))
            .settled_by("the service tag file of its cloud")
            .shown_by([Export::ServiceTags]),
        Party::Hosts(_) | Party::Untagged(_) => Doubt::new("no host is asked for"),
        Party::Regional(..) | Party::Addresses(_) | Party::Any => Doubt::new("no address is asked for"),
    }
}

fn words(party: &Party) -> String {
    match party {
        Party::Subnet => "the subnet".to_owned(),
        Party::Tag(tag) => format!("`{tag}`"),
        Party::Regional(tag, _) => format!("`{tag}` of the region"),
        Party::Hosts(hosts) | Party::Untagged(hosts) => format!("`{hosts}`"),
        Party::Addresses(set) => {
            let mut prefixes = set.prefixes();
            let first = prefixes.next().map(|prefix| prefix.to_string()).unwrap_or_default();
            if prefixes.next().is_some() {
                format!("`{first}` and what is asked for beside it")
            } else {
                format!("`{first}`")
            }
        }
        Party::Any => "the other end".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Flow, Party, Scene};

    use crate::estate::{Access, Direction};
    use crate::net::{AddressSet, PortSet, ProtocolSet, Tag, TagData};
    use crate::proof::given::Given;
    use crate::proof::host::HostSet;
    use crate::proof::judgement::Matching;
    use crate::proof::scene::Level;
    use crate::proof::tests::sample::{outbound, security_group};
    use crate::proof::verdict::Verdict;

    fn set(texts: &[&str]) -> AddressSet {
        AddressSet::from_prefixes(texts.iter().map(|text| text.parse().unwrap()))
    }

    fn flow(to: Party) -> Flow {
        let ports = PortSet::range(443, 443);
        let (from, matching) = (Party::Subnet, Matching::Effective);
        Flow { direction: Direction::Outbound, protocols: ProtocolSet::TCP, from, to, ports, matching }
    }

    #[test]
    fn a_flow_without_a_packet_is_neither_satisfied_nor_violated() {
        let (v4, v6) = (&["10.0.1.0/24"][..], &["2001:db8:1::/64"][..]);
        let both = &["10.0.1.0/24", "2001:db8:1::/64"][..];
        let far = [&[][..], &["20.0.0.0/8"], &["2603:1000::/24"], &["20.0.0.0/8", "2603:1000::/24"]];
        for access in [Access::Allow, Access::Deny] {
            let group = security_group(vec![outbound("all", 100, access, "*", PortSet::full())]);
            for subnet in [None, Some(v4), Some(v6), Some(both)] {
                for to in far {
                    let mut scene = Scene { groups: vec![(Level::Subnet, Given::Here(&group))], ..Scene::default() };
                    scene.subnet = subnet.map(set);
                    let (near, to) = (set(subnet.unwrap_or(v4)), set(to));
                    let meet = (!near.v4.is_empty() && !to.v4.is_empty()) || (!near.v6.is_empty() && !to.v6.is_empty());
                    for judgement in [
                        scene.judge(&flow(Party::Addresses(to.clone()))),
                        scene.path(&flow(Party::Addresses(to.clone())), None).judgement,
                        scene.judge_route(&Party::Addresses(to.clone()), crate::estate::NextHop::Internet),
                    ] {
                        assert_eq!(judgement.asks_nothing, !meet, "{subnet:?} to {to:?}");
                        assert!(meet || judgement.verdict == Verdict::Undecided);
                        assert_eq!(judgement.why.is_empty(), meet, "{subnet:?} to {to:?}");
                    }
                    if meet {
                        let wanted = if access == Access::Allow { Verdict::Satisfied } else { Verdict::Violated };
                        assert_eq!(scene.judge(&flow(Party::Addresses(to))).verdict, wanted);
                    }
                }
            }
        }
    }

    #[test]
    fn the_reason_names_the_end_that_has_no_address() {
        let mut tags = TagData::default();
        tags.insert("AzureMachineLearning", vec!["2603:1000::/24".parse().unwrap()]);
        tags.insert("Sql", Vec::new());
        let why = |scene: &Scene<'_>, flow: &Flow| scene.path(flow, None).judgement.why[0].message.clone();
        let tag = |name| flow(Party::Tag(Tag::named(name).unwrap()));
        let scene = Scene { tags: Some(&tags), subnet: Some(set(&["10.0.1.0/24"])), ..Scene::default() };
        assert_eq!(
            why(&scene, &tag("AzureMachineLearning")),
            "the subnet has no IPv6 prefix, and `AzureMachineLearning` has no IPv4 address: no packet goes from one to \
             the other"
        );
        assert_eq!(why(&scene, &tag("Sql")), "the service tags that are loaded hold no address of `Sql`");
        assert_eq!(why(&scene, &flow(Party::Hosts(HostSet::empty()))), "no host is asked for");
        let icmp = Flow { protocols: ProtocolSet::ICMP, ..tag("Storage") };
        assert_eq!(why(&scene, &icmp), "ICMP has no ports: no packet of it goes to one");
        let lone = Scene { tags: Some(&tags), ..Scene::default() };
        let doubt = lone.path(&tag("AzureMachineLearning"), None).judgement.why[0].clone();
        assert_eq!(doubt.settle.as_deref(), Some("--fact subnet-prefixes=…"));
    }
}
