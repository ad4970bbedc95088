//! Where traffic goes on behind the routes: on its way, into a firewall of the input, or out of sight.
//!
//! Which appliance is a firewall of the input is told by `lead`; what lies behind another appliance or a gateway is not
//! known here.

use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{Access, NextHop};
use crate::proof::entry::Entry;
use crate::proof::firewall::Appliance;
use crate::proof::flow::Stage;
use crate::proof::ground::Ground;
use crate::proof::judgement::Layer;
use crate::proof::lead::{Lead, lead};
use crate::proof::route::{Hop, Ruling, Way};
use crate::proof::symbol::{Doubt, Meaning};

/// The routes as a layer of the path, and the firewalls they lead to.
pub(crate) struct Onward<'a> {
    pub(crate) stage: Rc<Stage<'a>>,
    /// For each entry the firewall it leads to, as an index.
    pub(crate) leads: Vec<Option<usize>>,
    pub(crate) firewalls: Vec<Appliance<'a>>,
    /// What is taken for granted about where the routes lead.
    pub(crate) assumptions: Vec<String>,
}

/// The routes as a stage, and the firewalls they lead to.
pub(crate) fn onward<'a>(ground: &mut Ground<'_, 'a>, ways: &[Way<'a>]) -> Onward<'a> {
    let scene = ground.scene;
    let (mut entries, mut leads) = (Vec::new(), Vec::new());
    let (mut firewalls, mut assumptions): (Vec<Appliance<'a>>, Vec<String>) = (Vec::new(), Vec::new());
    for way in ways {
        let mut push = |access, guard, lead| {
            let mut clause = way.clause.clone();
            clause.guards.extend(guard);
            entries.push(Entry { clause, access, author: way.author.clone() });
            leads.push(lead);
        };
        let ruling = match lead(scene.estate, scene.table(), way) {
            Lead::Firewall(firewall, assumption) => {
                assumptions.extend(assumption.filter(|one| !assumptions.contains(one)));
                let same =
                    |one: &Appliance<'_>| matches!(one, Appliance::Firewall(one) if std::ptr::eq(*one, firewall));
                let index = firewalls.iter().position(same).unwrap_or_else(|| {
                    firewalls.push(Appliance::Firewall(firewall));
                    firewalls.len() - 1
                });
                push(Access::Allow, None, Some(index));
                continue;
            }
            Lead::Elsewhere => ruling(&way.hop),
            Lead::Unknown(doubt) => Ruling::Depends(open(&doubt.message), doubt),
        };
        match ruling {
            Ruling::Pass => push(Access::Allow, None, None),
            Ruling::Drop => push(Access::Deny, None, None),
            Ruling::Depends(meaning, doubt) => {
                let symbol = ground.symbols.of(meaning, || doubt);
                push(Access::Allow, Some(symbol.holds()), None);
                push(Access::Deny, Some(symbol.fails()), None);
            }
        }
    }
    let stage = Rc::new(Stage { layer: Layer::Route, group: 0, entries });
    Onward { stage, leads, firewalls, assumptions }
}

fn open(key: &str) -> Meaning {
    Meaning::Packet(Arc::from(format!("behind {key}")))
}

/// Whether traffic goes on behind a hop that is no firewall of the input.
fn ruling(hop: &Hop) -> Ruling {
    match hop {
        Hop::To(NextHop::Drop) => Ruling::Drop,
        Hop::To(NextHop::VirtualNetworkGateway) => Ruling::Depends(
            open("gateway"),
            Doubt::new("what lies behind the gateway that the route leads to is not known"),
        ),
        Hop::Appliance(addresses) => {
            let name = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let doubt = Doubt::new(format!("what the appliance at {name} lets through is not known"));
            Ruling::Depends(open(&name), doubt.settled_by("the firewall and its policy, if it is an Azure Firewall"))
        }
        Hop::To(_) => Ruling::Pass,
        Hop::Unknown(key, doubt) => Ruling::Depends(open(key), doubt.clone()),
    }
}
