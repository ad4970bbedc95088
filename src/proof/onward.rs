//! Where traffic goes on behind the routes: on its way, into a firewall of the input, or out of sight.
//!
//! Which appliance is a firewall of the input is told by `lead`; what lies behind another appliance or a gateway is not
//! known here.

use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{Export, Firewall, NextHop};
use crate::proof::firewall::Appliance;
use crate::proof::ground::Ground;
use crate::proof::hop::{Hop, Ruling, Way};
use crate::proof::judgement::Layer;
use crate::proof::lead::{Lead, lead};
use crate::proof::reach::{Reach, reach};
use crate::proof::route::ruled;
use crate::proof::scene::Scene;
use crate::proof::stage::Stage;
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
        let (ruling, led) = match lead(scene, way) {
            Lead::Firewall(firewall, assumption) => {
                assumptions.extend(assumption.filter(|one| !assumptions.contains(one)));
                let same =
                    |one: &Appliance<'_>| matches!(one, Appliance::Firewall(one) if std::ptr::eq(*one, firewall));
                let index = firewalls.iter().position(same).unwrap_or_else(|| {
                    firewalls.push(Appliance::Firewall(firewall));
                    firewalls.len() - 1
                });
                (reached(scene, firewall), Some(index))
            }
            Lead::Elsewhere => (ruling(&way.hop), None),
            Lead::Unknown(doubt) => (Ruling::Depends(open(&doubt.message), doubt), None),
        };
        let ruled = ruled(ground, &way.clause, &way.author, ruling);
        leads.extend(ruled.iter().map(|_| led));
        entries.extend(ruled);
    }
    let stage = Rc::new(Stage::new(Layer::Route, 0, entries));
    Onward { stage, leads, firewalls, assumptions }
}

/// Whether traffic comes to a firewall that a route leads to.
fn reached(scene: &Scene<'_>, firewall: &Firewall) -> Ruling {
    match scene.estate.map(|estate| reach(estate, scene.network_at, firewall)) {
        Some(Reach::No) => Ruling::Drop,
        Some(Reach::Unknown(doubt)) => {
            let meaning = Meaning::World(Arc::from(format!("a peering leads to {}", firewall.header.key)));
            Ruling::Depends(meaning, doubt)
        }
        Some(Reach::Yes) | None => Ruling::Pass,
    }
}

fn open(key: &str) -> Meaning {
    Meaning::Packet(Arc::from(format!("behind {key}")))
}

/// Whether traffic goes on behind a hop that is no firewall of the input.
fn ruling(hop: &Hop) -> Ruling {
    match hop {
        Hop::To(NextHop::Drop) | Hop::Lost(_) => Ruling::Drop,
        Hop::Doubtful(_, doubt) => Ruling::Depends(open(&doubt.message), doubt.clone()),
        Hop::To(NextHop::VirtualNetworkGateway) => Ruling::Depends(
            open("gateway"),
            Doubt::new("what lies behind the gateway that the route leads to is not known"),
        ),
        Hop::Appliance(addresses) => {
            let name = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let doubt = Doubt::new(format!("what the appliance at {name} lets through is not known"));
            let doubt = doubt.settled_by("the firewall and its policy, if it is an Azure Firewall");
            let firewalls = Export::Every { type_name: "Microsoft.Network/azureFirewalls".into() };
            Ruling::Depends(open(&name), doubt.shown_by([firewalls]))
        }
        Hop::To(_) | Hop::HubFirewall(_) | Hop::Platform => Ruling::Pass,
        Hop::Unknown(key, doubt) => Ruling::Depends(open(key), doubt.clone()),
    }
}
