//! Words that all forms share: what a text is for, what it rests on, and why a line is in it.

use std::sync::Arc;

use textwrap::{Options, WordSplitter, wrap};

use crate::finding::RuleCard;
use crate::generate::lines::Line;
use crate::generate::plan::Plan;

/// What the text is, a line for each thing to say.
pub(crate) fn header(plan: &Plan) -> Vec<String> {
    let mut lines = vec![format!("{}: the least that lets it work.", plan.title)];
    let told = |given: bool| {
        let facts = plan.facts.iter().filter(|(.., is_default)| *is_default != given);
        facts.map(|(name, value, _)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
    };
    lines.extend(Some(told(true)).filter(|told| !told.is_empty()).map(|told| format!("Facts: {told}.")));
    lines.extend(
        Some(told(false)).filter(|told| !told.is_empty()).map(|told| format!("Taken as the service says: {told}.")),
    );
    lines.push(
        "Two deny rules end the group: the built-in rules would let pass the whole virtual network, and everything out \
         to the internet. Between machines of the subnet nothing passes either."
            .to_owned(),
    );
    let by_host: Vec<&str> = plan.lines.rules.iter().flat_map(|line| &line.hosts).map(String::as_str).collect();
    if let Some(first) = by_host.first() {
        let others = match by_host.len() {
            1 => String::new(),
            2 => " and 1 other host".to_owned(),
            count => format!(" and {} other hosts", count - 1),
        };
        let rest = if plan.firewall.is_some() {
            "the firewall lets pass these hosts alone"
        } else {
            "only a firewall could say less"
        };
        lines.push(format!("A group knows no host names: {first}{others} take Internet on their port; {rest}."));
    }
    lines
}

/// The command that judges a text once more.
pub(crate) fn check(plan: &Plan, file: &str) -> String {
    let mut words = vec![format!("aznetlint check {file} --service {}@{}", plan.service, plan.name("snet"))];
    words.extend(plan.given.iter().map(|(name, value)| match name.as_str() {
        "region" => format!("--region {}", crate::shell::quoted(value)),
        _ => format!("--fact {}", crate::shell::quoted(&format!("{name}={value}"))),
    }));
    words.join(" ")
}

/// The first source of a requirement, with the day it was read.
pub(crate) fn source(card: &RuleCard) -> Option<String> {
    let source = card.sources.first()?;
    Some(format!("\"{}\", {}", source.title, source.read))
}

/// Why a line is there: each requirement with its source.
pub(crate) fn reasons(line: &Line) -> Vec<String> {
    let reason = |card: &Arc<RuleCard>| {
        let source = source(card).map(|source| format!(": {source}")).unwrap_or_default();
        format!("{}{source}", card.id)
    };
    line.cards.iter().map(reason).collect()
}

/// The header as comments, each line behind a mark.
pub(crate) fn comments(plan: &Plan, mark: &str, file: &str) -> String {
    let mut out = String::new();
    for line in header(plan) {
        for part in wrap(&line, Options::new(110).word_splitter(WordSplitter::NoHyphenation)) {
            out.push_str(&format!("{mark} {part}\n"));
        }
    }
    if !file.is_empty() {
        out.push_str(&format!("{mark} {}\n", check(plan, file)));
    }
    out
}
