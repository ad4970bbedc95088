//! Findings that a loop repeats with every turn.

use std::collections::BTreeMap;

use crate::finding::{Finding, Remark};

/// More findings of one rule at one place are said once.
const MOST_AT_ONE_PLACE: usize = 20;

/// A finding, and the parameter sets that have it.
type Told = (Finding, Vec<String>);

/// The findings; what is said of one place by one rule more than [`MOST_AT_ONE_PLACE`] times is said once, with the
/// count. Flows stay, since each has a verdict of its own.
pub(crate) fn once_for_a_place(findings: impl Iterator<Item = Told>) -> Vec<Told> {
    let mut places: BTreeMap<_, Vec<Told>> = BTreeMap::new();
    let mut all = Vec::new();
    for told in findings {
        let finding = &told.0;
        if finding.flow.is_some() {
            all.push(told);
            continue;
        }
        let place = (finding.rule.clone(), finding.at.span, finding.level, finding.undecided);
        places.entry(place).or_default().push(told);
    }
    for mut same in places.into_values() {
        if same.len() > MOST_AT_ONE_PLACE {
            let text = format!("{} at this place; this is the first", same.len());
            same.truncate(1);
            same[0].0.remarks.push(Remark { kind: "times", text });
        }
        all.append(&mut same);
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::finding::Finding;
    use crate::lint::{Settings, lint_texts};
    use crate::rule::Pack;

    /// What is found about a wrong prefix that a loop writes so many times.
    fn repeated(times: usize) -> Vec<Finding> {
        let template = format!(
            r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": [{{"type": "Microsoft.Network/networkSecurityGroups/securityRules",
            "apiVersion": "2024-05-01", "name": "[format('nsg/rule-{{0}}', copyIndex())]",
            "copy": {{"name": "loop", "count": {times}}},
            "properties": {{"priority": "[add(100, copyIndex())]", "direction": "Inbound", "access": "Deny",
            "protocol": "*", "sourceAddressPrefix": "10.0.0.0/33", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "*"}}}}]}}"#
        );
        let pack = Pack::load(true, &[]).unwrap();
        let outcome = lint_texts([("main.json".to_owned(), template)], &pack, &Settings::default());
        let found = outcome.report.findings.into_iter();
        found.filter(|finding| finding.rule.as_str() == "address/prefix-invalid").collect()
    }

    #[test]
    fn a_mistake_of_a_loop_is_said_once_with_its_count() {
        let found = repeated(30);
        let [finding] = &*found else { panic!("{} findings", found.len()) };
        let told: Vec<&str> = finding.remarks.iter().map(|remark| &*remark.text).collect();
        assert!(told.contains(&"30 at this place; this is the first"), "{told:?}");
    }

    #[test]
    fn a_few_are_said_one_by_one() {
        assert_eq!(repeated(3).len(), 3);
    }
}
