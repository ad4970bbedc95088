//! Names longer than any of Azure's are shortened before they stand in every line that tells of them.

use std::borrow::Cow;

use crate::finding::{
    Decider, FactValue, Finding, Label, PlacementId, PlacementReport, Report, RequirementReport, hash,
};

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
    [help, snippet, resource, flow, cause].into_iter().flatten().for_each(text);
    placements.iter_mut().chain(placement).for_each(placement_id);
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
    use crate::judge::{Origin, Request, Requests};
    use crate::lint::{Settings, lint_texts};
    use crate::rule::Pack;

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
        let told = format!("{:?}", outcome.report);
        assert!(!told.contains(&name[..2000]), "{}", &told[..2000]);
    }
}
