//! A problem in short: its first line, the places its excerpt cannot do without, and a line each for why it is necessary,
//! the packet, what to do, and where it is written.

use std::collections::BTreeSet;

use crate::finding::{Brief, Finding, Index, Label, Offered, RuleId, changed_lines, edited};
use crate::report::context::Context;
use crate::report::group::{self, Group, counts};
use crate::report::notes::Notes;
use crate::report::words::{count, fill};

/// The places shown.
const PLACES: usize = 5;
/// The pieces of advice shown.
const ADVICE: usize = 2;
/// The lines of an edit shown.
const EDITED: usize = 16;
/// Flows that stand in a table; more stand in lines.
const TABLE: usize = 8;
/// What is missing, told in this many words.
const DOUBTS: usize = 2;

/// Says of a group what is the matter. What comes from the input is not made harmless here.
pub(crate) fn headline(group: &Group<'_>, index: &Index<'_>) -> String {
    let head = group.head();
    if !group.is_several() {
        return head.headline().to_owned();
    }
    let Some(brief) = head.brief.as_deref() else { return group::headline(group, index) };
    let flows = flows(group);
    let places: BTreeSet<&str> = flows.iter().filter_map(|flow| Some(flow.brief?.place.as_str())).collect();
    let place = match places.len() {
        0 | 1 => format!("{} needs", brief.place),
        more => format!("{} need", count(more, "place")),
    };
    let number = flows.len();
    if head.undecided && !brief.doubt.is_empty() {
        let of = if places.len() > 1 { format!(" of {}", count(places.len(), "place")) } else { String::new() };
        return format!("{}{of}: {}", count(number, "flow"), brief.doubt);
    }
    if group.findings().iter().all(|finding| !finding.conditions.is_empty()) {
        return format!("{number} more would be blocked if: {}", conditions(group));
    }
    let needed = match group.findings().iter().all(|finding| finding.placement == head.placement) {
        true => format!("{number} of the {}", count(counts(group, index).1, "flow")),
        false => count(number, "flow"),
    };
    match brief.actor.as_str() {
        "" => format!("{needed} {place} are blocked"),
        actor => format!("{actor} {needed} {place}"),
    }
}

/// `hbi=true (AzureKeyVault.westeurope:443) · …`: each condition once, with the traffic that hangs on it.
fn conditions(group: &Group<'_>) -> String {
    let mut all: Vec<(String, Vec<&str>)> = Vec::new();
    for brief in group.findings().iter().filter_map(|finding| finding.brief.as_deref()) {
        let condition = brief.conditions.join(" and ");
        match all.iter_mut().find(|(known, _)| *known == condition) {
            Some((_, traffic)) if traffic.contains(&brief.traffic.as_str()) => {}
            Some((_, traffic)) => traffic.push(&brief.traffic),
            None => all.push((condition, vec![&brief.traffic])),
        }
    }
    let told = all.iter().map(|(condition, traffic)| format!("{condition} ({})", traffic.join(", ")));
    told.collect::<Vec<_>>().join(" · ")
}

/// The places of the excerpt: what is at fault, and what nearly was right. How things hang together is not among them.
pub(crate) fn places<'a>(group: &Group<'a>) -> Vec<&'a Label> {
    let head = group.head();
    let aside: BTreeSet<_> =
        group.findings().iter().filter_map(|one| one.brief.as_deref()).flat_map(|brief| &brief.aside).collect();
    let mut places = group::places(group);
    places.retain(|place| place.span == head.at.span || !aside.contains(&place.span));
    places.truncate(PLACES);
    places
}

/// One flow of a group.
struct Flow<'a> {
    finding: &'a Finding,
    brief: Option<&'a Brief>,
    words: &'a str,
}

/// The flows of a group, each once for each place.
fn flows<'a>(group: &Group<'a>) -> Vec<Flow<'a>> {
    let mut said = BTreeSet::new();
    let flow = |finding: &&'a Finding| Flow {
        finding,
        brief: finding.brief.as_deref(),
        words: finding.flow.as_deref().unwrap_or(&finding.message),
    };
    let all = group.findings().iter().map(flow);
    all.filter(|flow| said.insert((&flow.finding.rule, flow.words, &flow.finding.placement))).collect()
}

/// The lines below the excerpt.
pub(crate) fn notes(group: &Group<'_>, context: &Context<'_>, notes: &mut Notes) {
    let head = group.head();
    if group.is_several() {
        notes.say("flows", &flow_lines(group, notes.columns("flows")));
    }
    needed(head, context, notes);
    let has = |kind: &str| head.remarks.iter().any(|remark| remark.kind == kind);
    let mut doubts = 0;
    let mut settled: Vec<&str> = Vec::new();
    let mut facts = BTreeSet::new();
    let remarks = group.remarks(false);
    for (kind, text) in &remarks {
        match *kind {
            "replay" | "path" => {}
            "flow" if has("packet") || head.brief.is_some() => {}
            "depends on" if head.brief.as_ref().is_some_and(|brief| brief.doubt == **text) => {}
            "depends on" => {
                doubts += 1;
                if doubts <= DOUBTS {
                    notes.say_in(2, "depends on", text);
                }
            }
            "settle it" => settled.push(text),
            "if" => facts.extend(text.split(": ").next()),
            "packet" => {
                notes.say("packet", text);
                if let Some(way) = head.brief.as_deref().and_then(|brief| brief.way.as_deref()) {
                    notes.say_in(3, "path", way);
                }
            }
            kind => notes.say_in(2, kind, text),
        }
    }
    if doubts > DOUBTS {
        notes.say("depends on", &format!("{} more; -v tells all", doubts - DOUBTS));
    }
    settled.extend(facts);
    if !settled.is_empty() {
        notes.say_in(3, "settle it", &settled.join(" · "));
    }
    advise(group, context, notes);
    why(head, context, notes);
}

/// The flows of several findings, each with its rule: none is left out.
fn flow_lines(group: &Group<'_>, columns: usize) -> String {
    let level = group.head().level;
    let mixed = group.findings().iter().any(|finding| finding.level != level);
    let name = |finding: &Finding| match mixed {
        true => format!("{}[{}]", finding.level, finding.rule),
        false => finding.rule.to_string(),
    };
    let flows = flows(group);
    let place = |flow: &Flow<'_>| flow.finding.placement.as_ref().map(|id| (id.on.clone(), id.ending()));
    let one_place = flows.iter().all(|flow| place(flow) == place(&flows[0]));
    // The first line of the group says which traffic hangs on what.
    let is_told = group.findings().iter().all(|finding| !finding.conditions.is_empty());
    let words = |flow: &Flow<'_>| {
        let traffic = flow.brief.map_or(flow.words, |brief| &brief.traffic);
        let place = flow.finding.placement.as_ref().filter(|_| !one_place).map(|id| format!(", {}", id.on));
        let condition =
            flow.brief.map(|brief| brief.conditions.join(" and ")).filter(|one| !is_told && !one.is_empty());
        let condition = condition.map(|condition| format!(" (if {condition})")).unwrap_or_default();
        format!("{traffic}{condition}{}", place.unwrap_or_default()).replace('\n', " ")
    };
    if flows.len() <= TABLE {
        let width = flows.iter().map(|flow| name(flow.finding).chars().count()).max().unwrap_or(0);
        let line = |flow: &Flow<'_>| format!("{:width$}  {}", name(flow.finding), words(flow));
        let lines: Vec<String> = flows.iter().map(line).collect();
        if lines.iter().all(|line| line.chars().count() <= columns) {
            return lines.join("\n");
        }
    }
    let mut by_rule: Vec<(&RuleId, String, Vec<String>)> = Vec::new();
    for flow in &flows {
        let rule = &flow.finding.rule;
        match by_rule.iter_mut().find(|(known, ..)| *known == rule) {
            Some((.., all)) => all.push(words(flow)),
            None => by_rule.push((rule, name(flow.finding), vec![words(flow)])),
        }
    }
    let told = by_rule.into_iter().map(|(_, name, all)| {
        let more = all.len().saturating_sub(2);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{name} {}{more}", all[..all.len().min(2)].join(", "))
    });
    fill(&told.collect::<Vec<_>>(), " · ", columns).join("\n")
}

/// The facts that make it necessary, with their places.
fn needed(head: &Finding, context: &Context<'_>, notes: &mut Notes) {
    let Some(brief) = &head.brief else { return };
    let told = brief.needed.iter().map(|ground| {
        let place = ground.place.map(|span| {
            let line = context.files.position(span).line;
            format!("{}:{line}", context.files.name(span.file))
        });
        let from = place.unwrap_or_else(|| ground.from.to_owned());
        format!("{} ({from})", ground.fact)
    });
    let told: Vec<String> = told.collect();
    if !told.is_empty() {
        notes.say_in(2, "needed", &told.join(" · "));
    }
}

/// What to do. Edits that were tried go here, in place of the prose.
fn advise(group: &Group<'_>, context: &Context<'_>, notes: &mut Notes) {
    if offered(group, context, notes) {
        return;
    }
    let advice = group.advice();
    let told: Vec<&str> = advice.iter().map(|(help, _)| *help).filter(|help| !help.is_empty()).collect();
    let cure = group.head().brief.as_deref().map_or("", |brief| &brief.cure);
    if told.len() > 1 && !cure.is_empty() {
        return notes.say("fix", &format!("{cure}; -v has what to paste for each"));
    }
    for help in told.iter().take(ADVICE) {
        notes.say_in(2, "fix", help);
    }
    match told.len().saturating_sub(ADVICE) {
        0 => {}
        more => notes.say("fix", &format!("{more} more like these; -v tells all")),
    }
}

/// The edits that settle the findings of a group, each once: what is done where, and its lines. Whether every finding
/// has one.
pub(crate) fn offered(group: &Group<'_>, context: &Context<'_>, notes: &mut Notes) -> bool {
    let mut said: Vec<&Offered> = Vec::new();
    for offered in group.findings().iter().filter_map(|finding| finding.offered.as_ref()) {
        if said.contains(&offered) {
            continue;
        }
        said.push(offered);
        if said.len() > ADVICE {
            continue;
        }
        let place = offered.edits.first().map_or_else(String::new, |edit| {
            format!(" ({}:{})", context.files.name(edit.span.file), context.files.position(edit.span))
        });
        let caution = offered.caution.iter().map(|why| format!("; look at it first: {why}")).collect::<String>();
        notes.say("fix", &format!("{}{place}{caution}", offered.title));
        for (file, new) in edited(context.files, &offered.edits) {
            notes.lines(&changed_lines(context.files.text(file), &new), EDITED);
        }
    }
    match said.len().saturating_sub(ADVICE) {
        0 => {}
        more => notes.say("fix", &format!("{more} more edits; `aznetlint fix` prints all")),
    }
    !said.is_empty() && group.findings().iter().all(|finding| finding.offered.is_some())
}

/// What is lost by it, and who says so. The address of the page is told by `explain` and with `verbose`.
fn why(head: &Finding, context: &Context<'_>, notes: &mut Notes) {
    let Some(card) = context.report.rules.get(&head.rule) else { return };
    let title = card.title.trim_end_matches('.');
    let source = card.sources.first().map(|source| format!("\"{}\", {}", source.title, source.read));
    let is_said = head.brief.is_none() || head.headline().contains(title);
    let said = match (is_said, source) {
        (true, None) => return,
        (true, Some(source)) => source,
        (false, None) => title.to_owned(),
        (false, Some(source)) => format!("{title} ({source})"),
    };
    notes.say("why", &said);
}
