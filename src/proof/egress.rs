//! What is asked of routes alone: whether they lead to the hop that is wanted, and whether compute without a public
//! address of its own has a way out (RT-9).
//!
//! Putting the routes in order is the work of `route`.

use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{Direction, NextHop};
use crate::finding::Verdict;
use crate::net::{AddressSet, PortSet, ProtocolSet, Tag};
use crate::proof::doubt::{Doubt, Reason, Remedy, What};
use crate::proof::explain::judge;
use crate::proof::ground::Party;
use crate::proof::hop::{Hop, Ruling};
use crate::proof::judgement::{Flow, Judgement, Matching};
use crate::proof::prepared::Prepared;
use crate::proof::route::stage;
use crate::proof::scene::Scene;
use crate::proof::stage::Passage;
use crate::proof::symbol::Meaning;

impl Prepared<'_, '_> {
    /// Judges whether all traffic from the subnet to a destination takes a next hop.
    pub fn judge_route(&self, destination: &Party, wanted: NextHop) -> Judgement {
        self.judge_hops(destination, &|hop| hop.is(wanted))
    }

    /// Judges traffic from the subnet to a destination by the hops it takes.
    pub(crate) fn judge_hops(&self, destination: &Party, ruling: &dyn Fn(&Hop) -> Ruling) -> Judgement {
        // Routes look at destinations alone; one protocol stands for all.
        let flow = Flow {
            direction: Direction::Outbound,
            protocols: ProtocolSet::TCP,
            from: Party::Subnet,
            to: destination.clone(),
            ports: PortSet::full(),
            matching: Matching::Effective,
        };
        self.scene.in_each_family(&flow, |family| {
            let routes = self.routes(family);
            let mut passage = Passage::of(routes.ground(), &flow, None);
            let stage = stage(&mut passage.ground, &routes.ways, ruling);
            passage.through(&Rc::new(stage));
            let mut judgement = judge(&flow, &passage);
            if let Some(witness) = &mut judgement.witness {
                (witness.source_port, witness.destination_port) = (None, None);
            }
            judgement
        })
    }
}

/// How traffic leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// By a NAT gateway, an appliance or a gateway: explicit egress.
    Explicit,
    /// Some of it only by default outbound access, which new networks no longer have.
    DefaultOnly,
    /// Some of it not at all.
    Missing,
    /// It cannot be told.
    Undecided,
}

/// The answer on egress.
#[derive(Clone, Debug, PartialEq)]
pub struct Egress {
    /// How traffic leaves.
    pub outcome: Outcome,
    /// The judgement on explicit egress; for `Missing` that on any egress.
    pub judgement: Judgement,
}

impl Prepared<'_, '_> {
    /// Judges the way out of the subnet for addresses of the internet. It is about the subnet: no packet shows it.
    pub fn egress(&self) -> Egress {
        let mut egress = self.way_out();
        egress.judgement.witness = None;
        egress
    }

    fn way_out(&self) -> Egress {
        let scene = self.scene;
        let internet = Party::Tag(Tag::named("Internet").expect("the catalogue has `Internet`"));
        // What gives a way out, a firewall above all, gives it to IPv4; what the services need is there.
        if scene.subnet.as_ref().is_some_and(|subnet| !subnet.v4.is_empty() && !subnet.v6.is_empty()) {
            let subnet = scene.subnet.as_ref().map(|both| both.intersection(&AddressSet::all_v4()));
            return Scene { subnet, ..scene.clone() }.prepared().egress();
        }
        let explicit = self.judge_hops(&internet, &|hop| scene.ruling(hop, false));
        if explicit.verdict == Verdict::Satisfied {
            return Egress { outcome: Outcome::Explicit, judgement: explicit };
        }
        let any = self.judge_hops(&internet, &|hop| scene.ruling(hop, true));
        match (explicit.verdict, any.verdict) {
            (_, Verdict::Violated) => Egress { outcome: Outcome::Missing, judgement: any },
            (Verdict::Violated, Verdict::Satisfied) => Egress { outcome: Outcome::DefaultOnly, judgement: explicit },
            (Verdict::Violated, _) => Egress { outcome: Outcome::Undecided, judgement: any },
            _ => Egress { outcome: Outcome::Undecided, judgement: explicit },
        }
    }
}

impl Scene<'_> {
    /// Whether a hop leads out; by default outbound access only if that counts.
    fn ruling(&self, hop: &Hop, by_default: bool) -> Ruling {
        match hop {
            Hop::Appliance(_)
            | Hop::HubFirewall(_)
            | Hop::To(NextHop::VirtualAppliance | NextHop::VirtualNetworkGateway) => Ruling::Pass,
            Hop::To(
                NextHop::ServiceEndpoint
                | NextHop::PrivateEndpoint
                | NextHop::Peering
                | NextHop::ConnectedGroup
                | NextHop::VnetLocal,
            ) => Ruling::Pass,
            // Which accounts a policy lets through is no question of a way out.
            Hop::Doubtful(NextHop::ServiceEndpoint, _) => Ruling::Pass,
            Hop::To(NextHop::Drop) | Hop::Lost(_) => Ruling::Drop,
            Hop::Doubtful(_, doubt) => {
                Ruling::Depends(Meaning::WorldOf("egress", Arc::clone(&doubt.reason)), doubt.clone())
            }
            Hop::Platform => Ruling::Pass,
            Hop::To(NextHop::Internet) => self.to_internet(by_default),
            Hop::Unknown(key, doubt) => {
                Ruling::Depends(Meaning::World(Arc::from(format!("hop leads out {key}"))), doubt.clone())
            }
        }
    }

    fn to_internet(&self, by_default: bool) -> Ruling {
        let open = |doubt| Ruling::Depends(Meaning::World(Arc::from("nat gateway")), doubt);
        match (&self.nat_gateway, &self.unknown_nat) {
            (Some(gateway), _) if gateway.has_address => Ruling::Pass,
            (Some(_), _) => Ruling::Drop,
            (None, Some(doubt)) => open(doubt.clone()),
            (None, None) if !self.subnet_shown => {
                let doubt = Doubt::new(Reason::NatGatewayNotShown);
                open(doubt.settled_by(Remedy::FileOfSubnet))
            }
            (None, None) if by_default => self.default_access(),
            (None, None) => Ruling::Drop,
        }
    }

    fn default_access(&self) -> Ruling {
        match self.default_outbound.as_ref().map(|field| &field.value) {
            Some(Ok(false)) => Ruling::Drop,
            Some(Ok(true)) | None => Ruling::Pass,
            Some(Err(unknown)) => Ruling::Depends(
                Meaning::World(Arc::from("default outbound access")),
                Doubt::of(What::DefaultOutboundAccess, unknown),
            ),
        }
    }
}
