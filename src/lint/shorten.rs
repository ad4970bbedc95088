//! Keeps a report short: findings that a loop repeats with every turn are said once, and names longer than any of Azure's
//! are cut before they stand in every line that tells of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{
    Brief, Decider, FactValue, Finding, Label, PlacementId, PlacementReport, Remark, Report, RequirementReport, hash,
};

/// More findings of one rule at one place are said once.
const MOST_AT_ONE_PLACE: usize = 20;

/// A finding of a run before its last words: it was made once or more often.
pub(crate) struct Draft {
    /// The first of them.
    pub(crate) finding: Finding,
    /// The parameter sets that have it.
    pub(crate) labels: Vec<String>,
    /// The fingerprints of what it was found at: several when a loop says the same of all it makes.
    pub(crate) fingerprints: BTreeSet<String>,
}

/// The findings; what is said of one place by one rule more than [`MOST_AT_ONE_PLACE`] times in different words is said
/// once. What is said once of several things has their count. Flows stay, since each has a verdict of its own.
pub(crate) fn once_for_a_place(findings: impl Iterator<Item = Draft>) -> Vec<Draft> {
    let mut places: BTreeMap<_, Vec<Draft>> = BTreeMap::new();
    let mut all = Vec::new();
    for draft in findings {
        let finding = &draft.finding;
        if finding.flow.is_some() {
            all.push(draft);
            continue;
        }
        let place = (finding.rule.clone(), finding.at.span, finding.level, finding.undecided);
        places.entry(place).or_default().push(draft);
    }
    for mut same in places.into_values() {
        let whole = same.iter().map(|draft| draft.fingerprints.len()).sum();
        if same.len() > MOST_AT_ONE_PLACE {
            same.truncate(1);
            count(&mut same[0], whole);
        } else {
            same.iter_mut().for_each(|draft| count(draft, draft.fingerprints.len()));
        }
        all.append(&mut same);
    }
    all
}

fn count(draft: &mut Draft, times: usize) {
    if times > 1 {
        let text = format!("{times} at this place; this is the first");
        draft.finding.remarks.push(Remark { kind: "times", text });
    }
}

/// No name in Azure is longer, in characters; ids and expressions are made of words.
const LONGEST_WORD: usize = 1024;

/// So many characters of a longer word are shown.
const SHOWN: usize = 80;

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 1 << 14;

/// Shortens every word and text of the report that is too long. What was left out is told by its length and its hash,
/// so two names stay two.
pub(crate) fn shorten(report: &mut Report) {
    report.findings.iter_mut().for_each(finding);
    report.placements.iter_mut().for_each(placement);
    report.assumptions.iter_mut().chain(&mut report.remarks).for_each(text);
    report.files.iter_mut().filter_map(|file| file.detail.as_mut()).for_each(text);
    report.data.iter_mut().for_each(|(_, state)| text(state));
}

fn finding(finding: &mut Finding) {
    let Finding {
        message,
        brief: short,
        at,
        related,
        remarks,
        conditions,
        help,
        snippet,
        resource,
        placement,
        placements,
        flow,
        cause,
        fingerprint,
        ..
    } = finding;
    label(at);
    related.iter_mut().for_each(label);
    remarks.iter_mut().for_each(|remark| text(&mut remark.text));
    [message, fingerprint].into_iter().chain(conditions).for_each(text);
    short.iter_mut().for_each(|short| brief(short));
    [help, snippet, resource, flow, cause].into_iter().flatten().for_each(text);
    placements.iter_mut().chain(placement).for_each(placement_id);
}

fn brief(brief: &mut Brief) {
    let Brief { headline, actor, cure, doubt, traffic, place, needed, conditions, way, aside: _ } = brief;
    [headline, actor, cure, doubt, traffic, place].into_iter().chain(conditions).chain(way).for_each(text);
    needed.iter_mut().for_each(|ground| text(&mut ground.fact));
}

fn label(label: &mut Label) {
    text(&mut label.message);
}

fn placement_id(id: &mut PlacementId) {
    text(&mut id.on);
    text(&mut id.choice);
}

fn placement(placement: &mut PlacementReport) {
    let PlacementReport { id, found, on, facts, requirements, not_judged, .. } = placement;
    placement_id(id);
    std::iter::once(found).chain(on.values_mut()).chain(not_judged).for_each(text);
    for fact in facts {
        match &mut fact.value {
            Some(FactValue::Text(value)) => text(value),
            Some(FactValue::List(values)) => values.iter_mut().for_each(text),
            Some(FactValue::Bool(_)) | None => {}
        }
    }
    requirements.iter_mut().for_each(requirement);
}

fn requirement(requirement: &mut RequirementReport) {
    let RequirementReport { flow, decided_by, uncovered, why, path, .. } = requirement;
    std::iter::once(flow).chain(uncovered).chain(why).chain(std::iter::once(&mut path.peer)).for_each(text);
    decided_by.iter_mut().chain(path.layers.iter_mut().flat_map(|layer| &mut layer.decided_by)).for_each(decider);
}

fn decider(decider: &mut Decider) {
    text(&mut decider.name);
}

fn text(text: &mut String) {
    if text.len() <= LONGEST_WORD {
        return;
    }
    let ends = |ch: char| ch.is_whitespace() || matches!(ch, '`' | '"' | '\'' | '/' | ',');
    let mut short = String::new();
    for part in text.split_inclusive(ends) {
        let word = part.strip_suffix(ends).unwrap_or(part);
        short.push_str(&cut(word, LONGEST_WORD, SHOWN));
        short.push_str(&part[word.len()..]);
    }
    *text = cut(&short, LONGEST_TEXT, LONGEST_TEXT / 2).into_owned();
}

/// A text that is at most `longest` bytes long, or its first `shown` characters with the length and the hash of the whole.
fn cut(text: &str, longest: usize, shown: usize) -> Cow<'_, str> {
    if text.len() <= longest {
        return Cow::Borrowed(text);
    }
    let start: String = text.chars().take(shown).collect();
    Cow::Owned(format!("{start}…({} characters, {})", text.chars().count(), hash(text.bytes())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{LONGEST_TEXT, text};
    use crate::finding::Finding;
    use crate::judge::{Origin, Request, Requests};
    use crate::lint::{Settings, lint_texts};
    use crate::rule::Pack;

    /// What is found about the prefix of a rule that a loop writes so many times.
    fn repeated(times: usize, prefix: &str) -> Vec<Finding> {
        let template = format!(
            r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": [{{"type": "Microsoft.Network/networkSecurityGroups/securityRules",
            "apiVersion": "2024-05-01", "name": "[format('nsg/rule-{{0}}', copyIndex())]",
            "copy": {{"name": "loop", "count": {times}}},
            "properties": {{"priority": "[add(100, copyIndex())]", "direction": "Inbound", "access": "Deny",
            "protocol": "*", "sourceAddressPrefix": "{prefix}", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "*"}}}}]}}"#
        );
        let pack = Pack::load(true, &[]).unwrap();
        let outcome = lint_texts([("main.json".to_owned(), template)], &pack, &Settings::default());
        let found = outcome.report.findings.into_iter();
        found.filter(|finding| finding.rule.as_str() == "address/prefix-invalid").collect()
    }

    /// What is said of how often each was found.
    fn times(found: &[Finding]) -> Vec<&str> {
        let remarks = found.iter().flat_map(|finding| &finding.remarks);
        remarks.filter(|remark| remark.kind == "times").map(|remark| &*remark.text).collect()
    }

    #[test]
    fn the_same_of_all_a_loop_makes_is_said_once_with_its_count() {
        for count in [2, 30] {
            let found = repeated(count, "10.0.0.0/33");
            assert_eq!(found.len(), 1);
            assert_eq!(times(&found), [format!("{count} at this place; this is the first")]);
        }
        assert!(times(&repeated(1, "10.0.0.0/33")).is_empty());
    }

    #[test]
    fn different_words_are_said_once_when_they_are_many() {
        let each = "[format('10.0.{0}.0/33', copyIndex())]";
        let found = repeated(30, each);
        assert_eq!(found.len(), 1);
        assert_eq!(times(&found), ["30 at this place; this is the first"]);
        let few = repeated(3, each);
        assert_eq!(few.len(), 3);
        assert!(times(&few).is_empty());
    }

    fn short(long: &str) -> String {
        let mut long = long.to_owned();
        text(&mut long);
        long
    }

    #[test]
    fn names_of_usual_length_stay() {
        let name = "n".repeat(1000);
        assert_eq!(short(&format!("`{name}` and `{name}` meet")), format!("`{name}` and `{name}` meet"));
    }

    #[test]
    fn of_a_long_name_its_start_and_length_are_told() {
        let told = short(&format!("`{}` is open", "é".repeat(5000)));
        assert!(told.starts_with("`éé") && told.contains("é…(5000 characters, "), "{told}");
        assert!(told.ends_with(")` is open"), "{told}");
    }

    #[test]
    fn two_long_names_stay_two() {
        let name = |end: &str| short(&format!("{}{end}", "n".repeat(5000)));
        assert_ne!(name("a"), name("b"));
        assert_eq!(name("a"), name("a"));
    }

    #[test]
    fn many_words_are_shortened_too() {
        assert!(short(&"a b/".repeat(LONGEST_TEXT)).len() < LONGEST_TEXT);
    }

    #[test]
    fn a_report_does_not_grow_with_a_name() {
        let name = "n".repeat(100_000);
        let file = format!(
            r#"{{"name": "{name}", "type": "Microsoft.Network/networkSecurityGroups", "location": "westeurope",
            "properties": {{"securityRules": [{{"name": "{name}", "properties": {{"priority": 100, "direction": "Inbound",
            "access": "Allow", "protocol": "*", "sourceAddressPrefix": "{name}", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "*"}}}}]}}}}"#
        );
        let request = Request {
            service: "azureml-compute".to_owned(),
            pattern: None,
            facts: BTreeMap::new(),
            origin: Origin::CommandLine,
        };
        let requests = Requests { services: vec![request], ..Requests::default() };
        let settings = Settings { requests, ..Settings::default() };
        let outcome = lint_texts([("nsg.json".to_owned(), file)], &Pack::load(true, &[]).unwrap(), &settings);
        assert!(!outcome.report.placements.is_empty() && !outcome.report.findings.is_empty());
        let draft = format!("{:?}", outcome.report);
        assert!(!draft.contains(&name[..2000]), "{}", &draft[..2000]);
    }
}
