//! What the rules say about themselves: the catalogue, one rule, one service, and which rule answers which row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::estate::{Direction, short_name};
use crate::finding::{FactValue, RuleCard, Source};
use crate::rule::case::{Case, CaseFile, Expect};
use crate::rule::compile::{About, Body, Rule};
use crate::rule::condition::Condition;
use crate::rule::fact::FactSource;
use crate::rule::flow::{HostsAre, Mode, Requirement, Target, Targets};
use crate::rule::hosts::{HostName, Hosts};
use crate::rule::pack::Pack;
use crate::rule::select::RuleName;
use crate::rule::service::Service;
use crate::spelling::nearest;

/// The rule or service of a name, explained, or the rules that a family, a tag or a pattern names; else what was meant.
pub fn explain(pack: &Pack, cases: &[CaseFile], name: &str) -> Result<String, Option<String>> {
    if let Some(rule) = pack.rule(name) {
        return Ok(explain_rule(rule, cases));
    }
    if let Some(service) = pack.service(name) {
        return Ok(explain_service(pack, service));
    }
    // The last part of an id is often all that is remembered.
    let ids = || pack.rules.iter().map(|rule| rule.card.id.as_str());
    let mut same = ids().filter(|id| id.rsplit('/').next() == Some(name));
    if let (Some(id), None) = (same.next(), same.next()) {
        return explain(pack, cases, id);
    }
    let several = RuleName::new(name);
    let named: Vec<&Rule> = pack.rules.iter().filter(|rule| several.names(&rule.card)).collect();
    if !named.is_empty() {
        let rules = if named.len() == 1 { "rule" } else { "rules" };
        let head = format!("{name}\n{} {rules}; `aznetlint explain RULE` tells more about each", named.len());
        return Ok(format!("{head}\n\n{}", list(named)));
    }
    let seen: Vec<&Rule> = pack.rules.iter().filter(|rule| is_seen_as(&rule.card, name)).collect();
    match &*seen {
        [] => {}
        [one] => return Ok(explain_rule(one, cases)),
        several => {
            let head =
                format!("{} rules are seen as this; `aznetlint explain RULE` tells more about each", several.len());
            return Ok(format!("{head}\n\n{}", list(several.iter().copied())));
        }
    }
    let services = pack.services.iter().map(|service| &*service.name);
    let families = ids().filter_map(|id| Some(id.split_once('/')?.0));
    Err(nearest(name, ids().chain(services).chain(families)).map(str::to_owned))
}

/// Whether an error that a user met is one that a rule is seen as: it holds the rule's text, or a part of it of some
/// length, whatever the case, the quotes and the white space.
pub fn is_seen_as(card: &RuleCard, error: &str) -> bool {
    /// Less than this many letters mean nothing.
    const LEAST: usize = 6;
    let plain = |text: &str| -> String {
        let words = text.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
    };
    let error = plain(error);
    error.len() >= LEAST
        && card.seen_as.iter().map(|text| plain(text)).any(|text| text.contains(&error) || error.contains(&text))
}

/// A rule in full: what it says, why, what to do, where that comes from, and an example of each kind.
fn explain_rule(rule: &Rule, cases: &[CaseFile]) -> String {
    let card = &rule.card;
    let mut text = format!("{}[{}]\n{}\n", card.level, card.id, card.title);
    prose(&mut text, "Why", &card.why);
    prose(&mut text, "What to do", &card.help);
    if let Body::Requirement(requirement) = rule.body() {
        let mut lines = format!("service {}", requirement.service);
        if requirement.applies != Condition::Always {
            let _ = write!(lines, ", when {}", requirement.applies);
        }
        if !requirement.clouds.is_empty() {
            let clouds = requirement.clouds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let _ = write!(lines, ", in the clouds {clouds}");
        }
        prose(&mut text, "Applies to", &lines);
        let assumes: Vec<&str> = requirement.assumes.iter().map(|one| &**one).collect();
        entries(&mut text, "Not judged, but taken for granted", &assumes.join("\n"));
        for (are, hosts) in requirement.require.hosts() {
            let title = match are {
                HostsAre::Needed => "Hosts, all of them needed",
                HostsAre::Alternative => "Hosts that a firewall may let pass instead of the tag, all of them",
            };
            section(&mut text, title, &shown_hosts(hosts));
        }
    }
    if let About::Resources { of, beside } = &rule.about {
        let mut types: Vec<&str> = Vec::new();
        of.iter().chain(beside).for_each(|name| types.extend((!types.contains(&&**name)).then_some(&**name)));
        section(&mut text, "Looks at", &types.join("\n"));
    }
    section(&mut text, "Seen as", &card.seen_as.join("\n"));
    let own = cases.iter().filter(|file| file.rule == card.id).flat_map(|file| &file.cases);
    for (expect, title) in
        [(Expect::Fail, "It speaks"), (Expect::Pass, "It is silent"), (Expect::Undecided, "It cannot tell")]
    {
        if let Some(case) = own.clone().find(|case| case.expect == expect) {
            section(&mut text, &format!("{title}: {}", case.name), &example(case));
        }
    }
    section(&mut text, "Sources", &card.sources.iter().map(shown_source).collect::<Vec<_>>().join("\n"));
    let mut last = Vec::new();
    if !card.tags.is_empty() {
        last.push(format!("tags {}", card.tags.join(", ")));
    }
    if !card.since.is_empty() {
        last.push(format!("since {}", card.since));
    }
    if !last.is_empty() {
        let _ = write!(text, "\n{}\n", last.join(" · "));
    }
    text
}

/// A service in full: how it is found, what is asked about it, and its rules.
fn explain_service(pack: &Pack, service: &Service) -> String {
    let mut text = format!("{}\n{}\n", service.name, service.title);
    prose(&mut text, "What it is", &service.describe);
    let found = service.found_on.iter().map(|finder| {
        let when = finder.when.iter().map(|(selector, values)| {
            let values = values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
            format!(", when {} is {values}", selector.text())
        });
        let through = finder
            .through
            .as_ref()
            .map(|through| format!(" of the {} at {}", short_name(&through.resource), through.id.text()));
        let (subnet, through) = (finder.subnet.words(), through.unwrap_or_default());
        format!("{}, subnet at {subnet}{through}{}", finder.resource, when.collect::<String>())
    });
    section(&mut text, "Found on", &found.collect::<Vec<_>>().join("\n"));
    let facts = service.facts.iter().map(|(name, fact)| {
        let mut line = format!("{name} ({}): {}", fact.kind.as_str(), fact.describe);
        if !fact.values.is_empty() {
            let _ = write!(line, " One of {}.", fact.values.join(", "));
        }
        if let Some(default) = &fact.default {
            let _ = write!(line, " {default} unless known.");
        }
        line
    });
    entries(&mut text, "Facts", &facts.collect::<Vec<_>>().join("\n"));
    let not_judged = service.not_judged.iter().map(|one| format!("when {}: {}", one.when, one.because));
    entries(&mut text, "Not judged", &not_judged.collect::<Vec<_>>().join("\n"));
    let of_service = |rule: &&Rule| matches!(&rule.about, About::Service(of) if of.name == service.name);
    let rules = pack.rules.iter().filter(of_service);
    let rules = rules.map(|rule| format!("{} {}: {}", rule.card.level, rule.card.id, rule.card.title));
    section(&mut text, "Rules", &rules.collect::<Vec<_>>().join("\n"));
    section(&mut text, "Sources", &service.sources.iter().map(shown_source).collect::<Vec<_>>().join("\n"));
    text
}

/// Hosts by cloud, one to a line with its rows; clouds that need the same stand together.
fn shown_hosts(hosts: &Hosts) -> String {
    let names = |of: &[HostName]| of.iter().map(|host| host.name.to_string()).collect::<Vec<_>>();
    let mut groups: Vec<(Vec<String>, &[HostName])> = Vec::new();
    for (cloud, list) in hosts.clouds() {
        match groups.iter_mut().find(|(_, known)| names(known) == names(list)) {
            Some((clouds, _)) => clouds.push(cloud.to_string()),
            None => groups.push((vec![cloud.to_string()], list)),
        }
    }
    let mut text = String::new();
    for (clouds, list) in groups {
        let _ = writeln!(text, "{}:", clouds.join(", "));
        let width = list.iter().map(|host| host.name.as_str().len()).max().unwrap_or_default();
        for host in list {
            let line = format!("  {:width$}  {}", host.name.as_str(), host.rows.join(", "));
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

fn section(text: &mut String, title: &str, body: &str) {
    if body.is_empty() {
        return;
    }
    let _ = write!(text, "\n{title}\n");
    for line in body.lines() {
        let _ = writeln!(text, "{}", format!("  {line}").trim_end());
    }
}

/// A section of paragraphs, broken into lines that are read with ease.
fn prose(text: &mut String, title: &str, body: &str) {
    let paragraphs = body.lines().filter(|line| !line.trim().is_empty());
    section(text, title, &paragraphs.map(|line| wrapped(line, "")).collect::<Vec<_>>().join("\n\n"));
}

/// A section of entries, the lines of each below its first set in.
fn entries(text: &mut String, title: &str, body: &str) {
    section(text, title, &body.lines().map(|line| wrapped(line, "  ")).collect::<Vec<_>>().join("\n"));
}

fn wrapped(line: &str, indent: &str) -> String {
    const WIDTH: usize = 98;
    // Names with a hyphen are one word.
    let options = textwrap::Options::new(WIDTH).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(line, options.break_words(false).subsequent_indent(indent))
}

fn example(case: &Case) -> String {
    match &*case.input.files {
        [(_, text)] => text.clone(),
        files => files.iter().map(|(name, text)| format!("{name}:\n{text}")).collect(),
    }
}

fn shown_source(source: &Source) -> String {
    let section = source.section.as_ref().map_or_else(String::new, |section| format!(", {section}"));
    format!("{}{section} ({})\n  {}", source.title, source.read, source.url)
}

/// The rules, one line each.
pub fn list<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> String {
    let rules: Vec<&Rule> = rules.into_iter().collect();
    let width = rules.iter().map(|rule| rule.card.id.as_str().len()).max().unwrap_or(0);
    let line = |rule: &&Rule| {
        format!("{:7}  {:width$}  {}\n", rule.card.level.as_str(), rule.card.id.as_str(), rule.card.title)
    };
    rules.iter().map(line).collect()
}

/// The rules for machines.
pub fn list_json<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Value {
    let rule = |rule: &Rule| {
        let card = &rule.card;
        let mut value = json!({
            "id": card.id.as_str(),
            "kind": rule.about.kind(),
            "level": card.level.as_str(),
            "title": card.title,
            "why": card.why,
            "help": card.help,
            "tags": card.tags,
            "seen-as": card.seen_as,
            "since": card.since,
            "sources": card.sources.iter().map(source_json).collect::<Vec<_>>(),
        });
        if let Body::Requirement(requirement) = rule.body() {
            value["service"] = json!(&*requirement.service);
            let of_hosts = requirement.require.hosts().flat_map(|(_, hosts)| hosts.rows());
            let rows: Vec<&str> = requirement.rows.iter().map(String::as_str).chain(of_hosts).collect();
            value["rows"] = json!(rows);
            for (are, hosts) in requirement.require.hosts() {
                let key = match are {
                    HostsAre::Needed => "hosts",
                    HostsAre::Alternative => "hosts-instead-of-the-tag",
                };
                value[key] = hosts_json(hosts);
            }
            value["applies"] = json!(requirement.applies.to_string());
        }
        value
    };
    Value::Array(rules.into_iter().map(rule).collect())
}

fn hosts_json(hosts: &Hosts) -> Value {
    let one = |host: &HostName| json!({ "host": host.name.as_str(), "rows": host.rows });
    let clouds = hosts.clouds().map(|(cloud, list)| (cloud.to_string(), list.iter().map(one).collect()));
    Value::Object(clouds.collect())
}

fn source_json(source: &Source) -> Value {
    json!({ "title": source.title, "section": source.section, "url": source.url, "read": source.read })
}

/// What a rule is about, for the catalogue.
fn about(rule: &Rule) -> String {
    match &rule.about {
        About::Service(service) => service.name.to_string(),
        About::Subject(subject) => subject.as_str().to_owned(),
        About::Resources { of, .. } => of.iter().map(|name| short_name(name)).collect::<Vec<_>>().join(", "),
    }
}

/// The catalogue of the rules as Markdown: what `rules/README.md` holds.
pub fn catalogue(pack: &Pack) -> String {
    let mut text = String::from(
        "# Rules\n\nGenerated from the files beside it: edit those. `aznetlint explain RULE` tells more about each.\n",
    );
    let mut folders: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in &pack.rules {
        let id = rule.card.id.as_str();
        folders.entry(id.rsplit_once('/').map_or("", |(folder, _)| folder)).or_default().push(rule);
    }
    for (folder, rules) in folders {
        let _ =
            write!(text, "\n## {folder}\n\n| rule | level | about | what it says | tags |\n|---|---|---|---|---|\n");
        for rule in rules {
            let RuleCard { id, level, title, tags, .. } = &*rule.card;
            let name = id.as_str().rsplit('/').next().unwrap_or_default();
            let title = title.replace('|', "\\|");
            let _ =
                writeln!(text, "| [{name}]({id}.yaml) | {level} | {} | {title} | {} |", about(rule), tags.join(", "));
        }
    }
    if !pack.services.is_empty() {
        text.push_str("\n## Services\n");
    }
    for service in &pack.services {
        let _ =
            write!(text, "\n### {}\n\n{}: {}\n\n", service.name, service.title, service.describe.replace('\n', " "));
        text.push_str("| fact | type | what it says | from |\n|---|---|---|---|\n");
        for (name, fact) in &service.facts {
            let mut from: Vec<String> = fact.from.iter().map(shown_origin).collect();
            from.extend(fact.default.as_ref().map(|value: &FactValue| format!("else `{value}`")));
            let describe = fact.describe.replace('\n', " ").replace('|', "\\|");
            let _ = writeln!(text, "| `{name}` | {} | {describe} | {} |", fact.kind.as_str(), from.join("; "));
        }
    }
    text.push_str(&coverage(pack));
    text
}

fn shown_origin(source: &FactSource) -> String {
    match source {
        FactSource::BuiltIn(fact) => format!("the estate (`{fact}`)"),
        FactSource::Fact(name) => format!("fact `{name}`"),
        FactSource::Resource { resource, select, .. } => {
            format!("`{}` of {}", select.text(), short_name(resource))
        }
    }
}

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
        let Body::Requirement(requirement) = rule.body() else { continue };
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
        Requirement::Resolve(_) => "names that lead to private endpoints".to_owned(),
        Requirement::Admission(what) => format!("access to the {} of the workspace", what.called),
        Requirement::Subnet(subnet) => format!("a subnet with {}", subnet.words()),
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

#[cfg(test)]
mod tests {
    use super::{explain, list, list_json};
    use crate::rule::case::CaseFile;
    use crate::rule::pack::Pack;

    #[test]
    fn a_rule_explains_itself_with_an_example() {
        let pack = Pack::load(true, &[]).unwrap();
        let cases = CaseFile::load(&pack, true, &[]).unwrap();
        let text = explain(&pack, &cases, "nsg/ssh-open-to-internet").unwrap();
        for part in
            ["SSH is open to the internet", "\nWhy\n", "\nWhat to do\n", "It speaks: ", "// here", "(2025-07-15)"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(explain(&pack, &cases, "ssh-open-to-internet"), Ok(text));
    }

    #[test]
    fn a_slip_is_met_with_the_name_that_was_meant() {
        let pack = Pack::load(true, &[]).unwrap();
        assert_eq!(explain(&pack, &[], "nsg/ssh-open-to-intrenet"), Err(Some("nsg/ssh-open-to-internet".into())));
        assert_eq!(explain(&pack, &[], "x"), Err(None));
    }

    #[test]
    fn lists_hold_every_rule() {
        let pack = Pack::load(true, &[]).unwrap();
        assert_eq!(list(&pack.rules).lines().count(), pack.rules.len());
        assert_eq!(list_json(&pack.rules).as_array().map(Vec::len), Some(pack.rules.len()));
    }
}
