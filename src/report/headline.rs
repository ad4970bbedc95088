//! The first line of a diagnostic: the finding's own words, or how many flows a cause stops.

use crate::finding::{Finding, RuleId};
use crate::report::group::Group;
use crate::report::ledger::Ledger;
use crate::report::opening;

/// Says of a group what is the matter. What comes from the input is not made harmless here.
pub(crate) fn headline(group: &Group<'_>, ledger: &Ledger<'_>) -> String {
    let head = group.head();
    let flows = group.findings().iter().all(|finding| finding.flow.is_some());
    let placement = head.placement.as_deref().and_then(|id| ledger.placement(id));
    let Some(placement) = placement.filter(|_| group.is_several() && flows) else {
        return head.message.clone();
    };
    let needed = placement.requirements.iter().filter(|requirement| requirement.verdict.is_some()).count();
    let flows = format!("{} of the {} flows", group.findings().len(), needed.max(group.findings().len()));
    let title = opening::placement_title(placement);
    match (decider(group, ledger), head.undecided) {
        (Some((_, true)), false) => format!("no rule of the firewall allows {flows} that {title} needs"),
        (Some((name, false)), false) => format!("`{name}` blocks {flows} that {title} needs"),
        (Some((name, _)), true) => format!("cannot tell whether `{name}` blocks {flows} that {title} needs"),
        (None, false) => format!("{flows} that {title} needs are blocked"),
        (None, true) => format!("cannot tell whether {flows} that {title} needs are blocked"),
    }
}

/// The name of the rule that decides every flow of a group, if it is one, and whether it is what a firewall does with
/// what none of its rules matches.
fn decider<'a>(group: &Group<'_>, ledger: &Ledger<'a>) -> Option<(&'a str, bool)> {
    let name = |finding: &&Finding| {
        let requirement = ledger.requirement(finding)?;
        let decider = requirement.decided_by.first()?;
        let by_default = requirement.layer == Some("firewall") && decider.kind == "built-in";
        Some((decider.name.as_str(), by_default))
    };
    let first = name(group.findings().first()?)?;
    group.findings().iter().all(|finding| name(finding) == Some(first)).then_some(first)
}

/// What stands in the brackets: the rule, or the folder of all rules that speak.
pub(crate) fn rules_of(group: &Group<'_>) -> String {
    let head = group.head().rule.as_str();
    if group.findings().iter().all(|finding| finding.rule.as_str() == head) {
        return head.to_owned();
    }
    let folder = |rule: &RuleId| rule.as_str().rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let first = folder(&group.head().rule);
    let shared = !first.is_empty() && group.findings().iter().all(|finding| folder(&finding.rule) == first);
    if shared { format!("{first}/*") } else { "*".to_owned() }
}
