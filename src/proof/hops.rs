//! Requirements on where routes lead, whatever stands on the way there.
//!
//! Putting the routes in order is the work of `route`.

use std::rc::Rc;

use crate::estate::{Direction, NextHop};
use crate::net::{Family, PortSet, ProtocolSet};
use crate::proof::explain::explain;
use crate::proof::flow::{Ends, Flow, Journey, Matching};
use crate::proof::ground::Party;
use crate::proof::hop::{Hop, Ruling};
use crate::proof::judgement::Judgement;
use crate::proof::prepared::Prepared;
use crate::proof::route::stage;
use crate::proof::scene::Scene;

impl Scene<'_> {
    /// Judges whether all traffic from the subnet to a destination takes a next hop.
    pub fn judge_route(&self, destination: &Party, wanted: NextHop) -> Judgement {
        self.prepared().judge_route(destination, wanted)
    }
}

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
        self.scene.in_each_family(&flow, |family: Family| {
            let routes = self.routes(family);
            let mut ground = routes.ground();
            let ends = Ends::new(&mut ground, &flow.from, &flow.to);
            let stage = stage(&mut ground, &routes.ways, ruling);
            let mut journey = Journey::new(ends.cells(flow.protocols, &flow.ports));
            journey.through(&ground, &Rc::new(stage));
            let decision = journey.decide(&ground, &ends);
            let mut judgement = explain(&ground, &flow, &journey, decision, &ends);
            if let Some(witness) = &mut judgement.witness {
                (witness.source_port, witness.destination_port) = (None, None);
            }
            judgement
        })
    }
}
