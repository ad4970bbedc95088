//! A judgement in one line: who does what to which traffic, with the numbers that matter.

use crate::estate::{Header, NextHop};
use crate::finding::{Brief, Ground, Label, Layer, Traffic, Verdict};
use crate::judge::fixes::{Subject, is_slip};
use crate::judge::remedy;
use crate::judge::site;
use crate::proof::{Decider, Judgement, Kind};
use crate::rule::FactKind;

/// The finding in short. `message` is what stands in for a headline where nobody can be named; `aside` are its labels that
/// only tell how things hang together.
pub(crate) fn brief(
    subject: &Subject<'_, '_>,
    judgement: &Judgement,
    undecided: bool,
    message: &str,
    aside: &[Label],
) -> Brief {
    let place = subject.placement.site.name(subject.estate);
    let traffic = Traffic::of(&subject.judged.flow);
    let short = traffic.as_ref().map_or_else(|| subject.judged.flow.clone(), Traffic::short);
    let actor = if undecided { None } else { actor(subject, judgement) };
    let doubt = judgement.why.first().filter(|_| undecided).map(|doubt| doubt.message()).unwrap_or_default();
    let conditions: Vec<String> = subject.judged.open_facts.iter().map(|fact| condition(subject, fact)).collect();
    let mut headline = match (&traffic, &actor) {
        _ if undecided && doubt.is_empty() => message.to_owned(),
        (Some(traffic), _) if undecided => format!("{}: {doubt}", traffic.arrow(&place)),
        (None, _) if undecided => format!("{short}, for {place}: {doubt}"),
        (Some(traffic), Some(actor)) => sentence(subject, judgement, traffic, actor, &place),
        _ => match diverted(judgement) {
            Some(route) => format!("{route}: {message}"),
            None => message.to_owned(),
        },
    };
    let is_said = headline.ends_with(message);
    let cure = if actor.is_some() { cure(subject, judgement) } else { String::new() };
    if !undecided && !conditions.is_empty() && !is_said {
        headline = format!("{headline}; this matters if {}", conditions.join(" and "));
    }
    Brief {
        headline: headline.replace('\n', " "),
        actor: actor.unwrap_or_default(),
        cure,
        doubt,
        traffic: short,
        place,
        needed: grounds(subject),
        conditions,
        way: way(subject, judgement),
        aside: aside.iter().map(|label| label.span).collect(),
    }
}

fn sentence(
    subject: &Subject<'_, '_>,
    judgement: &Judgement,
    traffic: &Traffic<'_>,
    actor: &str,
    place: &str,
) -> String {
    let arrow = traffic.arrow(place);
    let Some(decider) = judgement.deciders.first() else { return arrow };
    if let Some(hidden) = judgement.shadowed.first().filter(|_| decider.kind == Kind::Rule) {
        let hides = format!("{} hides {}", named(decider), named(hidden));
        return format!("{hides}: {}", traffic.lost(place));
    }
    let near = judgement.near.iter().find(|near| is_slip(subject, near));
    let near =
        near.map(|near| format!("{} would allow it, but for its {}", named(&near.rule), near.coordinate.as_str()));
    match near {
        Some(near) => format!("{actor} {arrow}; {near}"),
        None if remedy::is_default(decider) => format!("{actor} {arrow}; no rule names it"),
        None => format!("{actor} {arrow}"),
    }
}

/// Who drops it, with the verb.
fn actor(subject: &Subject<'_, '_>, judgement: &Judgement) -> Option<String> {
    let decider = judgement.deciders.first()?;
    let at = |layer: &str| subject.placement.site.parts(subject.estate).into_iter().find(|(kind, _)| *kind == layer);
    let shown = |part: Option<(&str, &Header)>| part.map(|(_, header)| site::shown(header));
    let elsewhere = subject.judged.receiver.as_ref().map(|receiver| format!(" at {receiver}")).unwrap_or_default();
    Some(match decider.kind {
        Kind::Rule => format!("{}{elsewhere} drops", named(decider)),
        Kind::BuiltIn if remedy::is_default(decider) => {
            match shown(at("firewall")).or_else(|| shown(at("firewall-policy"))) {
                Some(name) => format!("firewall {name} drops"),
                None => "the firewall drops".to_owned(),
            }
        }
        Kind::BuiltIn if decider.layer.is_nsg() => match subject.scene.group_at(decider.group) {
            Some(group) => format!("{} of {} drops", named(decider), site::shown(&group.header)),
            None => format!("{} drops", named(decider)),
        },
        Kind::FirewallRule => format!("firewall rule {} drops", named(decider)),
        Kind::Route if decider.next_hop.is_none_or(|hop| hop == NextHop::Drop) => {
            format!("route {} drops", named(decider))
        }
        _ => return None,
    })
}

/// Where what is dropped can be let through, whatever it is.
fn cure(subject: &Subject<'_, '_>, judgement: &Judgement) -> String {
    match judgement.deciders.first() {
        Some(one) if one.kind == Kind::Rule => format!("allow them ahead of {}", named(one)),
        Some(one) if one.kind == Kind::BuiltIn && one.layer.is_nsg() => {
            let group = subject.scene.group_at(one.group).map(|group| format!(" in {}", site::shown(&group.header)));
            format!("allow them{}", group.unwrap_or_default())
        }
        Some(one) if one.layer == Layer::Firewall => "allow them in the firewall".to_owned(),
        _ => String::new(),
    }
}

/// The route that takes it another way.
fn diverted(judgement: &Judgement) -> Option<String> {
    let decider = judgement.deciders.first().filter(|decider| decider.kind == Kind::Route)?;
    Some(format!("route {} leads to {}", named(decider), decider.next_hop?.as_str()))
}

/// A rule with its priority.
fn named(decider: &Decider) -> String {
    let priority = decider.priority.map(|priority| format!(" ({priority})")).unwrap_or_default();
    format!("`{}`{priority}", decider.name)
}

/// What a fact would have to be for the requirement to apply.
fn condition(subject: &Subject<'_, '_>, fact: &str) -> String {
    let spec = subject.placement.service.facts.get(fact);
    match spec.map(|spec| spec.kind) {
        Some(FactKind::Boolean) | None => format!("{fact}={}", !subject.body.applies.refuses(fact)),
        _ => format!("{fact}=…"),
    }
}

fn grounds(subject: &Subject<'_, '_>) -> Vec<Ground> {
    let facts = subject.body.applies.grounds(&|name| subject.placement.fact(name));
    let told = facts.iter().filter_map(|name| {
        let fact = subject.placement.facts.get(name).filter(|fact| fact.from != "default")?;
        let value = fact.value.as_ref()?;
        let from = if fact.from == "estate" { "" } else { fact.from };
        (fact.place.is_some() || !from.is_empty()).then(|| Ground {
            fact: format!("{name} is {value}"),
            place: fact.place,
            from,
        })
    });
    told.take(3).collect()
}

/// The layers on the way, where more than the first of them matters.
fn way(subject: &Subject<'_, '_>, judgement: &Judgement) -> Option<String> {
    let layers = subject.judged.answer.as_ref().map_or(&[][..], |answer| &answer.path.layers);
    let decides = layers.iter().position(|(_, one)| one.verdict != Verdict::Satisfied)?;
    let open = layers.iter().filter(|(_, one)| one.verdict != Verdict::Satisfied).count();
    if layers.len() < 2 || (decides == 0 && open == 1) {
        return None;
    }
    let said = layers.iter().enumerate().map(|(at, (layer, one))| {
        let is_behind = at > decides;
        let verb = match (one.verdict, is_behind) {
            (Verdict::Satisfied, false) => "allows",
            (Verdict::Satisfied, true) => "would allow",
            (Verdict::Violated, false) => "drops",
            (Verdict::Violated, true) => "would drop, too",
            (Verdict::Undecided, _) => "not decided",
        };
        let met = judgement.replay.iter().filter(|step| step.missed.is_none() && step.rule.layer == *layer);
        let met = met.filter(|step| !matches!(step.rule.kind, Kind::Platform | Kind::SystemRoute | Kind::Unknown));
        let met: Vec<String> = met.filter(|_| !is_behind).map(|step| plain(&step.rule)).collect();
        let met = if met.is_empty() { String::new() } else { format!(" ({})", met.join(", ")) };
        format!("{} {verb}{met}", word(*layer))
    });
    Some(said.collect::<Vec<_>>().join(" → "))
}

fn plain(decider: &Decider) -> String {
    match decider.priority {
        Some(priority) => format!("{priority} {}", decider.name),
        None => decider.name.to_string(),
    }
}

fn word(layer: Layer) -> &'static str {
    match layer {
        Layer::InterfaceNsg => "interface NSG",
        Layer::SubnetNsg => "NSG",
        Layer::Route => "route",
        Layer::Firewall => "firewall",
        Layer::Admin => "security admin rules",
        Layer::Appliance => "appliance",
        Layer::Resolve => "DNS",
        Layer::Resource => "the resource",
    }
}
