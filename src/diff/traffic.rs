//! The traffic that turns at one pair of places.

use std::sync::Arc;

use crate::diff::model::{Line, OpenPart, Texts, TrafficChange, Why};
use crate::diff::pairs::{Kind, Pair, Place};
use crate::estate::{Direction, Estate};
use crate::net::{Cloud, TagData};
use crate::proof::{
    self, Appliance, Change, Decider, Difference, Doubt, FileNames, FirewallSide, Given, Names, Scene,
    firewall_difference, scene_difference,
};

/// One side as traffic is told of it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) files: Texts<'a>,
    pub(crate) estate: &'a Estate,
    /// The names of its files, seen from the path that is compared.
    pub(crate) names: FileNames<'a>,
    /// The service tags of a cloud, where they are loaded.
    pub(crate) tags: &'a (dyn Fn(Option<Cloud>) -> Option<&'a TagData> + Sync),
}

impl<'a> Source<'a> {
    /// The scene of a place; `None` where it has none: a firewall.
    fn scene(self, place: &Place) -> Option<Scene<'a>> {
        let cloud = self.scene_with(place, None)?.cloud;
        self.scene_with(place, (self.tags)(cloud))
    }

    fn scene_with(self, place: &Place, tags: Option<&'a TagData>) -> Option<Scene<'a>> {
        let estate = self.estate;
        let scene = match place.kind {
            Kind::Subnet => Scene::of_subnet(estate, place.at, tags)?,
            Kind::Interface => {
                let interface = estate.interfaces.get(place.at)?;
                let subnet = interface.subnets.iter().find_map(|subnet| subnet.target);
                let scene = subnet.and_then(|at| Scene::of_subnet(estate, at, tags));
                let scene = scene.unwrap_or_else(|| Scene { tags, ..Scene::default() });
                match &interface.nsg {
                    Some(group) => scene.with_interface_of(estate, group),
                    None => scene,
                }
            }
            Kind::Group => Scene::of_group(estate.nsgs.get(place.at)?, tags),
            Kind::Table => Scene::of_routes(estate.route_tables.get(place.at)?, tags),
            Kind::Firewall | Kind::Policy => return None,
        };
        Some(scene.in_estate(estate))
    }

    fn firewall(self, place: &Place) -> Option<FirewallSide<'a>> {
        let (header, appliance) = match place.kind {
            Kind::Firewall => {
                let one = self.estate.firewalls.get(place.at)?;
                (&one.header, Appliance::Firewall(one))
            }
            Kind::Policy => {
                let one = self.estate.policies.get(place.at)?;
                (&one.header, Appliance::Policy(one))
            }
            _ => return None,
        };
        let cloud = header.location.as_ref().and_then(|location| location.known()).map(|location| Cloud::of(location));
        Some(FirewallSide { estate: self.estate, appliance, tags: (self.tags)(cloud) })
    }
}

/// What turns at a pair of places, and what could not be told.
pub(crate) fn turned(base: Source<'_>, head: Source<'_>, pair: &Pair) -> (Vec<TrafficChange>, Vec<OpenPart>) {
    let mut open = Vec::new();
    let shown = |place: &Option<Place>| place.as_ref().filter(|place| !place.mentioned).cloned();
    let hidden = |place: &Option<Place>| place.as_ref().is_some_and(|place| place.mentioned);
    let on = format!("{} {}", pair.kind.as_str(), pair.name());
    if hidden(&pair.base) != hidden(&pair.head) && pair.base.is_some() && pair.head.is_some() {
        let side = if hidden(&pair.base) { "base" } else { "head" };
        open.push(OpenPart { on, why: format!("the {side} mentions it and shows nothing of it") });
        return (Vec::new(), open);
    }
    let (before, after) = (shown(&pair.base), shown(&pair.head));
    if before.is_none() && after.is_none() {
        return (Vec::new(), open);
    }
    let mut changes = Vec::new();
    let names = Names { base: base.names, head: head.names };
    let mut take = |difference: Difference| {
        if difference.exceeded {
            open.push(OpenPart { on: on.clone(), why: "there are too many cases to tell them apart".to_owned() });
        }
        changes.extend(difference.changes.into_iter().map(|change| told(base, head, pair, change)));
    };
    match pair.kind {
        Kind::Firewall | Kind::Policy => {
            let one = before.as_ref().and_then(|place| base.firewall(place));
            let two = after.as_ref().and_then(|place| head.firewall(place));
            if one.is_some() || two.is_some() {
                take(firewall_difference(one, two, names));
            }
        }
        _ => {
            let one = before.as_ref().and_then(|place| base.scene(place));
            let two = after.as_ref().and_then(|place| head.scene(place));
            if pair.kind != Kind::Table {
                take(scene_difference(one.as_ref(), two.as_ref(), Direction::Inbound, false, names));
            }
            let routed = |scene: &Option<Scene<'_>>| {
                scene.as_ref().is_some_and(|scene| scene.subnet_shown || scene.routes.is_some())
            };
            let routes = routed(&one) || routed(&two);
            take(scene_difference(one.as_ref(), two.as_ref(), Direction::Outbound, routes, names));
        }
    }
    (changes, open)
}

fn told(base: Source<'_>, head: Source<'_>, pair: &Pair, change: Change) -> TrafficChange {
    let Change { turn, from, to, traffic, base: one, head: two, witness, why, is_public } = change;
    let line = |source: Source<'_>, place: &Option<Place>, decider: Option<Decider>| {
        let decider = decider?;
        Some(line(source, group_name(source, place, &decider), &decider))
    };
    TrafficChange {
        turn,
        on: vec![(pair.kind.as_str(), pair.name().to_owned())],
        sets: Vec::new(),
        before: from,
        after: to,
        traffic,
        base: line(base, &pair.base, one),
        head: line(head, &pair.head, two),
        witness,
        why: why
            .into_iter()
            .map(|(doubt, of_head)| if of_head { self::why(head, &doubt) } else { self::why(base, &doubt) })
            .collect(),
        is_public,
        anchor: match (&pair.head, &pair.base) {
            (Some(place), _) => Some(head.files.place(place.span)),
            (None, Some(place)) => Some(base.files.place(place.span)),
            (None, None) => None,
        },
    }
}

/// The name of the group that a built-in rule is in: it stands nowhere itself.
fn group_name(source: Source<'_>, place: &Option<Place>, decider: &Decider) -> Option<Arc<str>> {
    if decider.kind != proof::Kind::BuiltIn || !decider.layer.is_nsg() {
        return None;
    }
    let scene = source.scene_with(place.as_ref()?, None)?;
    match scene.groups.get(decider.group)? {
        (_, Given::Here(group)) => group.header.name.known().cloned(),
        _ => None,
    }
}

fn line(source: Source<'_>, group: Option<Arc<str>>, decider: &Decider) -> Line {
    let name = match group {
        Some(group) => format!("{} of {group}", decider.name),
        None => decider.name.to_string(),
    };
    Line {
        layer: decider.layer.as_str(),
        kind: decider.kind.as_str(),
        name,
        priority: decider.priority,
        place: decider.written.map(|written| source.files.place(written.name)),
    }
}

fn why(source: Source<'_>, doubt: &Doubt) -> Why {
    Why { text: doubt.message(), settle: doubt.settle(), place: doubt.span.map(|span| source.files.place(span)) }
}
