//! A judgement on a requirement, put into a finding: where it points, what it says, what to paste.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::{Field, NetworkSecurityGroup};
use crate::finding::{Applies, Finding, Label, Layer, Level, Remark, Verdict, fingerprint};
use crate::json::Trail;
use crate::judge::brief::brief;
use crate::judge::fixes::{Proposal, Subject, help_elsewhere, is_slip, lost_hosts, propose, written_rule};
use crate::judge::remedy;
use crate::judge::site;
use crate::proof::{self, Decider, Judgement, Kind};
use crate::rule::Requirement;
use crate::source::Span;

/// At most so many rules of a replay are named; the decider always is.
const MOST_STEPS: usize = 5;

/// The finding on a requirement that does not hold or cannot be decided; `None` when there is nothing to point at.
pub(crate) fn diagnose(subject: &Subject<'_, '_>) -> Option<Finding> {
    let verdict = subject.judged.verdict()?;
    if verdict == Verdict::Satisfied {
        return None;
    }
    // What no input shows is said once for the run, not once for each requirement.
    let judgement = subject.judged.judgement()?;
    let undecided = verdict == Verdict::Undecided;
    let conditional = subject.judged.applies == Applies::Unknown;
    let card = &subject.rule.card;
    let level = match (undecided, conditional) {
        (true, _) => Level::Note,
        (false, true) => card.level.min(Level::Warning),
        (false, false) => card.level,
    };
    let (at, mut related) = places(subject, judgement, undecided)?;
    let mut aside: Vec<Label> = association(subject).into_iter().chain(way_to_firewall(judgement)).collect();
    related.append(&mut aside.clone());
    if judgement.layer == Some(Layer::Firewall) {
        related.extend(remedy::near_hosts(subject.estate, &subject.placement.site, &lost_hosts(subject)));
    }
    let reasons = reasons(subject);
    related.extend(reasons.iter().cloned());
    aside.extend(reasons);
    related.retain(|label| label.span != at.span);
    let mut seen = BTreeSet::new();
    related.retain(|label| seen.insert(label.span));
    let resource = resource(subject);
    let id = subject.placement.id(subject.estate);
    let proposal = if undecided { Proposal::default() } else { propose(subject, judgement) };
    let message = message(subject, judgement, undecided, conditional);
    Some(Finding {
        rule: card.id.clone(),
        level,
        undecided,
        brief: Some(Box::new(brief(subject, judgement, undecided, &message, &aside))),
        message,
        fingerprint: fingerprint(
            &card.id,
            resource.as_deref().unwrap_or(&id.to_string()),
            &format!("{}/{}", subject.placement.service.name, subject.judged.flow),
        ),
        subject: judgement.deciders.iter().find_map(|decider| decider.written).map(|written| written.span),
        ignored: None,
        cause: Some(cause(subject, judgement, undecided, conditional)),
        at,
        related,
        remarks: remarks(subject, judgement, undecided),
        conditions: subject.judged.open_facts.iter().map(ToString::to_string).collect(),
        help: help(subject, judgement, undecided),
        snippet: proposal.snippet,
        offered: None,
        fixes: proposal.fixes,
        resource,
        placement: Some(id),
        placements: Vec::new(),
        flow: Some(subject.judged.flow.clone()),
    })
}

/// The subnet, or whatever else it stands on: its id, or its name where no id is shown.
fn resource(subject: &Subject<'_, '_>) -> Option<String> {
    let parts = subject.placement.site.parts(subject.estate);
    let (_, header) = parts.first()?;
    Some(header.id.as_ref().and_then(|id| id.known()).map_or_else(|| site::shown(header), ToString::to_string))
}

fn message(subject: &Subject<'_, '_>, judgement: &Judgement, undecided: bool, conditional: bool) -> String {
    let card = &subject.rule.card;
    let words = subject.rule.message().and_then(|message| {
        message
            .fill(|name| match name {
                "placement" | "subnet" => Some(subject.placement.site.title(subject.estate)),
                "service" => Some(subject.placement.service.title.to_string()),
                "flow" => Some(subject.judged.flow.clone()),
                "layer" => judgement.layer.map(|layer| layer.as_str().to_owned()),
                "decided-by" => judgement.deciders.first().map(|decider| decider.name.to_string()),
                fact => subject.placement.fact(fact).map(|value| value.to_string()),
            })
            .ok()
    });
    let words = words.unwrap_or_else(|| card.title.clone());
    let stands = subject.placement.site.title(subject.estate);
    if undecided {
        return format!("cannot tell whether `{stands}` has {}", subject.judged.flow);
    }
    let detail = if words.contains(&format!("`{stands}`")) { words } else { format!("{words}, on `{stands}`") };
    match (conditional, subject.judged.open_facts.first()) {
        (true, Some(fact)) => format!("{detail}; this matters {}", fact_words(subject, fact)),
        _ => detail,
    }
}

/// A fact that is not known, in words: what the requirement needs it to be.
fn fact_words(subject: &Subject<'_, '_>, fact: &str) -> String {
    let spec = subject.placement.service.facts.get(fact);
    let word = if subject.body.applies.refuses(fact) { "unless" } else { "if" };
    // A full stop inside `0.0.0.0/0` ends no sentence.
    match spec.map(|spec| spec.describe.split(". ").next().unwrap_or_default().trim_end_matches('.').trim().to_owned())
    {
        Some(words) if !words.is_empty() => format!("{word} `{fact}` holds ({})", words.replace('\n', " ")),
        _ => format!("{word} `{fact}` holds"),
    }
}

/// Where the finding points, and the other rules that have a part in it.
fn places(subject: &Subject<'_, '_>, judgement: &Judgement, undecided: bool) -> Option<(Label, Vec<Label>)> {
    let mut related = Vec::new();
    let mut primary = None;
    if undecided {
        for doubt in &judgement.why {
            if let Some(span) = doubt.span {
                let label = Label { span, message: doubt.message() };
                if primary.is_none() { primary = Some(label) } else { related.push(label) }
            }
        }
    }
    for decider in &judgement.deciders {
        let Some(label) = decider_label(subject, decider, judgement, undecided) else { continue };
        if primary.is_none() {
            related.extend(
                written_rule(subject, decider)
                    .and_then(|rule| rule.access.via.as_deref())
                    .map(trail)
                    .unwrap_or_default(),
            );
            primary = Some(label);
        } else if related.len() < 6 {
            related.push(label);
        }
    }
    for shadowed in judgement.shadowed.iter().take(3) {
        if let Some(written) = shadowed.written {
            let priority = shadowed.priority.map(|priority| format!("priority {priority}, ")).unwrap_or_default();
            related.push(Label { span: written.name, message: format!("{priority}never reached by this traffic") });
        }
    }
    for near in judgement.near.iter().filter(|near| is_slip(subject, near)).take(2) {
        if let Some(written) = near.rule.written {
            let message = format!("`{}` would let it pass, but for its {}", near.rule.name, near.coordinate.as_str());
            related.push(Label { span: written.fault, message });
        }
    }
    let primary = primary.or_else(|| fallback(subject))?;
    Some((primary, related))
}

/// The way a value came to a rule, as labels.
fn trail(via: &Trail) -> Vec<Label> {
    via.steps().take(4).map(|step| Label { span: step.span, message: step.how.to_string() }).collect()
}

fn decider_label(
    subject: &Subject<'_, '_>,
    decider: &Decider,
    judgement: &Judgement,
    undecided: bool,
) -> Option<Label> {
    let priority = decider.priority.map(|priority| priority.to_string()).unwrap_or_default();
    let maybe = if undecided { "may drop" } else { "drops" };
    match decider.kind {
        Kind::Rule => {
            let message = if judgement.shadowed.is_empty() {
                format!("`{}`, priority {priority}, {maybe} it", decider.name)
            } else {
                format!("`{}`, priority {priority}, {maybe} it first", decider.name)
            };
            Some(Label { span: decider.written?.fault, message })
        }
        Kind::BuiltIn | Kind::Declared if decider.layer == Layer::Appliance => {
            let message = format!("{} {maybe} it", decider.name);
            decider.written.map(|written| Label { span: written.fault, message })
        }
        Kind::BuiltIn if remedy::is_default(decider) => {
            let (estate, site) = (subject.estate, &subject.placement.site);
            let slip = judgement.near.iter().find(|near| is_slip(subject, near));
            remedy::place(
                estate,
                site,
                decider,
                judgement,
                slip,
                remedy::near_hosts(estate, site, &lost_hosts(subject)),
            )
        }
        Kind::BuiltIn => {
            let group = subject.scene.group_at(decider.group)?;
            let message = format!("no rule here lets it pass; {} ({priority}, built in) {maybe} it", decider.name);
            Some(Label { span: list_start(group), message })
        }
        Kind::Route | Kind::FirewallRule => {
            let message = match decider.next_hop {
                Some(_) => format!("`{}` takes this traffic", decider.name),
                None => format!("`{}` {maybe} it", decider.name),
            };
            Some(Label { span: decider.written?.fault, message })
        }
        Kind::Platform | Kind::SystemRoute | Kind::Declared | Kind::Unknown => {
            decider.written.map(|written| Label { span: written.fault, message: decider.name.to_string() })
        }
    }
}

/// The bracket that opens the rule list; the group's name when it has none.
fn list_start(group: &NetworkSecurityGroup) -> Span {
    group.rules_span.map_or_else(|| group.header.place(), |span| span.part(0, 1))
}

/// Where a finding points that no rule is to blame for: the subnet, or the first thing the placement is made of.
fn fallback(subject: &Subject<'_, '_>) -> Option<Label> {
    let parts = subject.placement.site.parts(subject.estate);
    let (kind, header) = parts.first()?;
    let message = if *kind == "subnet" { "this subnet" } else { "here" };
    Some(Label { span: header.place(), message: message.to_owned() })
}

/// The route that leads to the firewall that decides.
fn way_to_firewall(judgement: &Judgement) -> Option<Label> {
    let at_firewall = matches!(judgement.layer, Some(Layer::Firewall | Layer::Appliance));
    let mut routes = judgement.replay.iter().filter(|step| step.missed.is_none() && step.rule.kind == Kind::Route);
    let route = routes.next().filter(|_| at_firewall)?;
    let message = format!("`{}` leads there", route.rule.name);
    Some(Label { span: route.rule.written?.fault, message })
}

/// The place where the subnet takes the network security group or the route table into use.
fn association(subject: &Subject<'_, '_>) -> Option<Label> {
    let subnet = subject.estate.subnet(subject.placement.site.subnet)?;
    let name = site::shown(&subnet.header);
    let layer = subject.judged.judgement()?.layer;
    let elsewhere = subject.judged.receiver.is_some();
    if elsewhere
        || matches!(layer, Some(Layer::Firewall | Layer::Admin | Layer::Appliance | Layer::Resolve | Layer::Resource))
    {
        return None;
    }
    let is_route = layer == Some(Layer::Route);
    let reference = if is_route { subnet.route_table.as_ref() } else { subnet.nsg.as_ref() }?;
    let what = if is_route { "route table" } else { "network security group" };
    // A back reference in the group itself names no place in the subnet.
    let same_file = reference.id.span.file == subnet.header.span.file;
    same_file.then(|| Label { span: end_of_id(&reference.id), message: format!("`{name}` uses this {what}") })
}

/// The name at the end of an id, where it is written out; else the whole of it.
fn end_of_id(id: &Field<Arc<str>>) -> Span {
    match id.known() {
        Some(text) if id.span.len() == text.len() + 2 && id.via.is_none() => {
            let name = site::last_segment(text).len();
            id.span.part(1 + text.len() - name, name)
        }
        _ => id.span,
    }
}

/// The places of the facts that made the requirement apply.
fn reasons(subject: &Subject<'_, '_>) -> Vec<Label> {
    let facts = subject.body.applies.grounds(&|name| subject.placement.fact(name));
    let shown = facts.iter().filter_map(|name| {
        let fact = subject.placement.facts.get(name)?;
        let value = fact.value.as_ref()?;
        let span = fact.place.filter(|_| fact.from == "estate")?;
        Some(Label { span, message: format!("{name} is {value}: this makes it necessary") })
    });
    shown.take(2).collect()
}

/// Findings of a placement with one cause are drawn as one diagnostic: one rule, route or doubt stands behind them.
fn cause(subject: &Subject<'_, '_>, judgement: &Judgement, undecided: bool, conditional: bool) -> String {
    if let Requirement::Subnet(_) = &subject.body.require {
        // No rule stands behind what a subnet is like.
        return format!("subnet: {}", subject.judged.flow);
    }
    let kind = if conditional { "if" } else { "is" };
    if let Some(doubt) = judgement.why.first().filter(|_| undecided) {
        return format!("{kind} undecided: {}", doubt.reason);
    }
    match judgement.deciders.first() {
        Some(one) => {
            let index = one.index.map(|index| format!("#{index}")).unwrap_or_default();
            format!("{kind} {}/{}/{}{index}", one.layer.as_str(), one.group, one.name)
        }
        None => kind.to_owned(),
    }
}

fn remarks(subject: &Subject<'_, '_>, judgement: &Judgement, undecided: bool) -> Vec<Remark> {
    let mut remarks = vec![Remark { kind: "flow", text: subject.judged.flow.clone() }];
    if let Some(packet) = &judgement.witness {
        let (source, destination) = packet.ends();
        let text = format!("{} {source} → {destination}, {}", packet.protocol.to_uppercase(), packet.direction());
        remarks.push(Remark { kind: "packet", text });
    }
    if !judgement.replay.is_empty() {
        remarks.push(Remark { kind: "replay", text: replay(judgement) });
    }
    let layers = subject.judged.answer.as_ref().map_or(&[][..], |answer| &answer.path.layers);
    if layers.len() > 1 {
        let mut dropped = false;
        let said = layers.iter().map(|(layer, one)| {
            let verdict = match (one.verdict, dropped) {
                (Verdict::Satisfied, false) => "lets it pass",
                (Verdict::Satisfied, true) => "would let it pass",
                (Verdict::Violated, false) => "drops it",
                (Verdict::Violated, true) => "would drop it as well",
                (Verdict::Undecided, _) => "cannot be told",
            };
            dropped |= one.verdict == Verdict::Violated;
            format!("{} {verdict}", layer.as_str())
        });
        remarks.push(Remark { kind: "path", text: said.collect::<Vec<_>>().join(" → ") });
    }
    if !judgement.uncovered.is_empty() {
        remarks.push(Remark { kind: "not let through", text: judgement.uncovered.join(", ") });
    }
    if undecided {
        for doubt in judgement.why.iter().filter(|doubt| doubt.span.is_none()) {
            remarks.push(Remark { kind: "depends on", text: doubt.message() });
        }
        let settles: BTreeSet<String> = judgement.why.iter().filter_map(proof::Doubt::settle).collect();
        for settle in settles {
            remarks.push(Remark { kind: "settle it", text: settle });
        }
    }
    for fact in &subject.judged.open_facts {
        let spec = subject.placement.service.facts.get(fact);
        let what = spec.map(|spec| spec.describe.replace('\n', " ")).unwrap_or_default();
        remarks.push(Remark { kind: "if", text: format!("--fact {fact}=…: {}", what.trim()) });
    }
    remarks
}

/// The rules the packet met, the decider last; those that did not match in parentheses.
fn replay(judgement: &Judgement) -> String {
    // What Azure adds by itself is worth a word only where it decides.
    let told = judgement.replay.iter().filter(|step| {
        step.missed.is_none() || !matches!(step.rule.kind, Kind::Platform | Kind::SystemRoute | Kind::Unknown)
    });
    let told: Vec<_> = told.filter(|step| step.missed != Some(proof::Coordinate::Rule)).collect();
    // What matched is the story; of the rest the rules nearest to the decider are told.
    let matched = told.iter().filter(|step| step.missed.is_none()).count();
    let mut more = MOST_STEPS.saturating_sub(matched);
    let mut keep: Vec<bool> = told.iter().map(|step| step.missed.is_none()).collect();
    for kept in keep.iter_mut().rev().filter(|kept| !**kept) {
        *kept = more > 0;
        more = more.saturating_sub(1);
    }
    let mut steps: Vec<String> = Vec::new();
    let mut hidden = 0_usize;
    for (step, kept) in told.iter().zip(keep) {
        if !kept {
            hidden += 1;
            continue;
        }
        if hidden > 0 {
            steps.push(format!("({} more)", std::mem::take(&mut hidden)));
        }
        let priority = step.rule.priority.map(|priority| format!("{priority} ")).unwrap_or_default();
        steps.push(match step.missed {
            Some(missed) => format!("({priority}{}: other {})", step.rule.name, missed.as_str()),
            None => {
                let effect = match (step.rule.next_hop, step.rule.access) {
                    // It may do either.
                    _ if step.rule.kind == Kind::Unknown => "",
                    (Some(_), _) => " taken",
                    (None, crate::estate::Access::Allow) => " ALLOW",
                    (None, crate::estate::Access::Deny) => " DENY",
                };
                format!("{priority}{}{effect}", step.rule.name)
            }
        });
    }
    if hidden > 0 {
        steps.push(format!("({hidden} more)"));
    }
    steps.join(" · ")
}

fn help(subject: &Subject<'_, '_>, judgement: &Judgement, undecided: bool) -> Option<String> {
    if undecided {
        return None;
    }
    if let Some(help) = help_elsewhere(subject, judgement) {
        return Some(help);
    }
    let card = &subject.rule.card;
    let help = match subject.judged.unnamed() {
        [] if !subject.judged.blocked().is_empty() && judgement.layer.is_some_and(Layer::is_nsg) => {
            "A network security group knows no host names: let VirtualNetwork reach Internet on the port, and choose \
             the hosts in a firewall behind it."
                .to_owned()
        }
        [] if subject.judged.answer.as_ref().is_some_and(|answer| answer.partly) => {
            let blocked = subject.judged.blocked();
            let are = if blocked.len() == 1 { "is" } else { "are" };
            format!("{} {are} missing. {}", listed(blocked), card.help)
        }
        [] => card.help.clone(),
        hosts => by_names(subject, hosts),
    };
    let decider = judgement.deciders.first().filter(|one| one.kind == Kind::Rule);
    match decider.and_then(|one| one.priority.map(|priority| (one, priority))) {
        Some((decider, priority)) if priority <= 100 => Some(format!(
            "give `{}` a later priority: nothing can go before {priority}, and a deny-all belongs at 4096, behind the rules \
             that allow what is needed",
            decider.name
        )),
        _ => Some(help),
    }
}

/// `a`, `b` and `c`.
fn listed(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match &*words {
        [init @ .., last] if !init.is_empty() => format!("{} and {last}", init.join(", ")),
        _ => words.concat(),
    }
}

/// What to do where a firewall works by the names of hosts.
fn by_names(subject: &Subject<'_, '_>, hosts: &[String]) -> String {
    let names = listed(hosts);
    let ports = match &subject.body.require {
        Requirement::Flow(flow) => format!("{} {}", flow.protocols, flow.port_words()),
        Requirement::Route(_)
        | Requirement::Egress
        | Requirement::Dependencies(_)
        | Requirement::Resolve(_)
        | Requirement::Admission(_)
        | Requirement::Subnet(_) => String::new(),
    };
    let peer = &subject.judged.peer;
    format!(
        "This firewall works by host names: let {names} pass on {ports}. A network rule for {peer} would do as well."
    )
}
