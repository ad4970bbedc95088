//! The judgement on traffic, through the groups of a scene or through every layer of it: network security groups, then
//! the route that wins (ALG-2).
//!
//! What lies behind an appliance or a gateway is not known here.

use std::sync::Arc;

use crate::estate::{Direction, NextHop};
use crate::net::Family;
use crate::proof::explain::explain;
use crate::proof::flow::{Ends, Flow, Journey, group_stages};
use crate::proof::ground::Ground;
use crate::proof::hop::{Hop, Ruling};
use crate::proof::judgement::Judgement;
use crate::proof::lead::stage;
use crate::proof::scene::Scene;
use crate::proof::symbol::{Doubt, Meaning};

impl Scene<'_> {
    /// Judges traffic by the network security groups alone.
    pub fn judge(&self, flow: &Flow) -> Judgement {
        self.in_each_family(|family| self.path(flow, family, false))
    }

    /// Judges traffic by every layer it meets. Inbound traffic meets the groups only.
    pub fn judge_path(&self, flow: &Flow) -> Judgement {
        self.in_each_family(|family| self.path(flow, family, flow.direction == Direction::Outbound))
    }

    fn path(&self, flow: &Flow, family: Family, routed: bool) -> Judgement {
        let mut ground = Ground::new(self, family);
        let ends = Ends::new(&mut ground, &flow.from, &flow.to);
        let mut stages = group_stages(&mut ground, flow.direction, flow.matching);
        if routed {
            stages.push(stage(&mut ground, &onward));
        }
        let mut journey = Journey::new(ends.cells(flow.protocols, &flow.ports));
        for stage in stages {
            journey.through(&ground, stage);
        }
        let decision = journey.decide(&ground, &ends);
        explain(&ground, flow, &journey, decision, &ends)
    }
}

/// Whether traffic goes on behind a hop.
fn onward(hop: &Hop) -> Ruling {
    let open = |key: &str, what: &str| {
        Ruling::Depends(Meaning::Packet(Arc::from(key)), Doubt::new(format!("what {what} lets through is not known")))
    };
    match hop {
        Hop::To(NextHop::Drop) => Ruling::Drop,
        Hop::To(NextHop::VirtualNetworkGateway) => open("behind gateway", "the gateway the route leads to"),
        Hop::Appliance(addresses) => {
            let name = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            open(&format!("behind {name}"), &format!("the appliance at {name}"))
        }
        Hop::To(_) => Ruling::Pass,
        Hop::Unknown(key, doubt) => Ruling::Depends(Meaning::Packet(Arc::from(format!("behind {key}"))), doubt.clone()),
    }
}
