//! The rows of the requirement tables, each with the rules that answer it: the last table of the catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::estate::Direction;
use crate::rule::compile::Body;
use crate::rule::flow::{Mode, Requirement, Target, Targets};
use crate::rule::pack::Pack;

/// What answers one row: the rules, and what they ask for.
#[derive(Default)]
struct Answers<'r> {
    rules: BTreeSet<&'r str>,
    asked: BTreeSet<String>,
}

/// The table, as Markdown; empty when no rule names a row.
pub(crate) fn coverage(pack: &Pack) -> String {
    let mut rows: BTreeMap<RowName<'_>, Answers<'_>> = BTreeMap::new();
    for rule in &pack.rules {
        let Body::Requirement(requirement) = &rule.body else { continue };
        let of_hosts = requirement.require.hosts().flat_map(|(_, hosts)| hosts.clouds()).flat_map(|(_, list)| list);
        let named = of_hosts.flat_map(|host| host.rows.iter().map(|row| (row, format!("`{}`", host.name))));
        let own = requirement.rows.iter().map(|row| (row, words(&requirement.require)));
        for (row, asked) in own.chain(named) {
            let answers = rows.entry(RowName::of(row)).or_default();
            answers.rules.insert(rule.card.id.as_str());
            answers.asked.insert(asked);
        }
    }
    let mut text = String::new();
    for (row, answers) in rows {
        if text.is_empty() {
            text.push_str(
                "\n## Rows of the requirement tables\n\n| row | what is asked for | rules |\n|---|---|---|\n",
            );
        }
        let rules: Vec<String> = answers.rules.iter().map(|id| format!("[{id}]({id}.yaml)")).collect();
        let asked: Vec<String> = answers.asked.into_iter().collect();
        let _ = writeln!(text, "| {} | {} | {} |", row.name, asked.join(", "), rules.join(", "));
    }
    text
}

/// A requirement in a few words, on whatever placement.
fn words(require: &Requirement) -> String {
    match require {
        Requirement::Flow(flow) => {
            let (side, far) = match flow.direction {
                Direction::Inbound => ("inbound", format!("from {}", targets(&flow.from))),
                Direction::Outbound => ("outbound", format!("to {}", targets(&flow.to))),
            };
            format!("{side} {} {}", format!("{} {}", flow.protocols, flow.port_words()).trim_end(), far)
        }
        Requirement::Route(route) => {
            format!("route {} to next hop {}", targets(&route.destination), route.next_hop.as_str())
        }
        Requirement::Egress => "a way out to the internet".to_owned(),
        Requirement::Dependencies(_) => "what the service says it needs".to_owned(),
    }
}

fn targets(targets: &Targets) -> String {
    let words = targets.items.iter().map(|target| match target {
        Target::Subnet => "the subnet".to_owned(),
        Target::Any => "any address".to_owned(),
        Target::Tag(tag) => format!("`{tag}`"),
        Target::Prefix(set) => set.prefixes().map(|prefix| format!("`{prefix}`")).collect::<Vec<_>>().join(", "),
        Target::Hosts(_) => "hosts".to_owned(),
        Target::Fact(name) => name.replace('-', " "),
    });
    // Of alternatives the first is the one the sources name.
    let most = if targets.mode == Mode::AnyOf { 1 } else { usize::MAX };
    words.take(most).collect::<Vec<_>>().join(" and ")
}

/// A row, sorted by its words and then its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RowName<'r> {
    words: &'r str,
    number: u32,
    name: &'r str,
}

impl<'r> RowName<'r> {
    fn of(name: &'r str) -> Self {
        let (words, last) = name.rsplit_once('-').unwrap_or((name, ""));
        match last.parse() {
            Ok(number) => Self { words, number, name },
            Err(_) => Self { words: name, number: 0, name },
        }
    }
}
