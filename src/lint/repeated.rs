//! Findings that a loop repeats with every turn.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Remark};

/// More findings of one rule at one place are said once.
const MOST_AT_ONE_PLACE: usize = 20;

/// A finding that was made once or more often.
pub(crate) struct Told {
    /// The first of them.
    pub(crate) finding: Finding,
    /// The parameter sets that have it.
    pub(crate) labels: Vec<String>,
    /// The fingerprints of what it was found at: several when a loop says the same of all it makes.
    pub(crate) fingerprints: BTreeSet<String>,
}

/// The findings; what is said of one place by one rule more than [`MOST_AT_ONE_PLACE`] times in different words is said
/// once. What is said once of several things has their count. Flows stay, since each has a verdict of its own.
pub(crate) fn once_for_a_place(findings: impl Iterator<Item = Told>) -> Vec<Told> {
    let mut places: BTreeMap<_, Vec<Told>> = BTreeMap::new();
    let mut all = Vec::new();
    for told in findings {
        let finding = &told.finding;
        if finding.flow.is_some() {
            all.push(told);
            continue;
        }
        let place = (finding.rule.clone(), finding.at.span, finding.level, finding.undecided);
        places.entry(place).or_default().push(told);
    }
    for mut same in places.into_values() {
        let whole = same.iter().map(|told| told.fingerprints.len()).sum();
        if same.len() > MOST_AT_ONE_PLACE {
            same.truncate(1);
            count(&mut same[0], whole);
        } else {
            same.iter_mut().for_each(|told| count(told, told.fingerprints.len()));
        }
        all.append(&mut same);
    }
    all
}

fn count(told: &mut Told, times: usize) {
    if times > 1 {
        let text = format!("{times} at this place; this is the first");
        told.finding.remarks.push(Remark { kind: "times", text });
    }
}

#[cfg(test)]
mod tests {
    use crate::finding::Finding;
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
}
