//! Requirements on where traffic is led: the routes of a scene judged by the hops they take.

use crate::estate::{Access, Direction, NextHop};
use crate::net::{Family, PortSet, ProtocolSet};
use crate::proof::entry::Entry;
use crate::proof::explain::explain;
use crate::proof::flow::{Ends, Flow, Journey, Matching, Stage};
use crate::proof::ground::{Ground, Party};
use crate::proof::hop::{Hop, Ruling};
use crate::proof::judgement::{Judgement, Layer};
use crate::proof::route::ways;
use crate::proof::scene::Scene;

/// The routes as a stage of a journey, by what a layer makes of each hop.
pub(crate) fn stage<'a>(ground: &mut Ground<'_, 'a>, ruling: &dyn Fn(&Hop) -> Ruling) -> Stage<'a> {
    let mut entries = Vec::new();
    for way in ways(ground) {
        let mut push = |access, guard| {
            let mut clause = way.clause.clone();
            clause.guards.extend(guard);
            entries.push(Entry { clause, access, author: way.author.clone() });
        };
        match ruling(&way.hop) {
            Ruling::Pass => push(Access::Allow, None),
            Ruling::Drop => push(Access::Deny, None),
            Ruling::Depends(meaning, doubt) => {
                let symbol = ground.symbols.of(meaning, || doubt);
                push(Access::Allow, Some(symbol.holds()));
                push(Access::Deny, Some(symbol.fails()));
            }
        }
    }
    Stage { layer: Layer::Route, group: 0, entries }
}

impl Scene<'_> {
    /// Judges whether all traffic from the subnet to a destination takes a next hop.
    pub fn judge_route(&self, destination: &Party, wanted: NextHop) -> Judgement {
        self.judge_hops(destination, &|hop| hop.is(wanted))
    }

    /// Judges traffic from the subnet to a destination by the hops it takes.
    pub(crate) fn judge_hops(&self, destination: &Party, ruling: &dyn Fn(&Hop) -> Ruling) -> Judgement {
        self.in_each_family(|family: Family| {
            let mut ground = Ground::new(self, family);
            // Routes look at destinations alone; one protocol stands for all.
            let flow = Flow {
                direction: Direction::Outbound,
                protocols: ProtocolSet::TCP,
                from: Party::Subnet,
                to: destination.clone(),
                ports: PortSet::full(),
                matching: Matching::Effective,
            };
            let ends = Ends::new(&mut ground, &flow.from, &flow.to);
            let stage = stage(&mut ground, ruling);
            let mut journey = Journey::new(ends.cells(flow.protocols, &flow.ports));
            journey.through(&ground, stage);
            let decision = journey.decide(&ground, &ends);
            let mut judgement = explain(&ground, &flow, &journey, decision, &ends);
            if let Some(witness) = &mut judgement.witness {
                (witness.source_port, witness.destination_port) = (None, None);
            }
            judgement
        })
    }
}
