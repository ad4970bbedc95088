//! The first line of a diagnostic: the finding's own words, or how many flows a cause stops.

use std::collections::BTreeSet;

use crate::finding::Index;
use crate::finding::{DeciderKind, Finding, Layer, PlacementReport, RuleId};
use crate::report::group::Group;
use crate::report::opening;

/// Says of a group what is the matter. What comes from the input is not made harmless here.
pub(crate) fn headline(group: &Group<'_>, index: &Index<'_>) -> String {
    let head = group.head();
    let flows = group.findings().iter().all(|finding| finding.flow.is_some());
    let placement = index.placements(head).next();
    let Some(placement) = placement.filter(|_| group.is_several() && flows) else {
        return head.message.clone();
    };
    let (said, needed) = counts(group, index);
    let flows = format!("{said} of the {needed} flows");
    let is_sure = group.findings().iter().all(|finding| finding.conditions.is_empty());
    let needs = format!("{} {}", title(placement, group, index), if is_sure { "needs" } else { "may need" });
    match (decider(group, index), head.undecided) {
        (Some((_, true)), false) => format!("no rule of the firewall allows {flows} that {needs}"),
        (Some((name, false)), false) => format!("`{name}` blocks {flows} that {needs}"),
        (Some((_, true)), true) => format!("cannot tell whether a rule of the firewall allows {flows} that {needs}"),
        (Some((name, false)), true) => format!("cannot tell whether `{name}` blocks {flows} that {needs}"),
        (None, false) => format!("{flows} that {needs} are blocked"),
        (None, true) => format!("cannot tell whether {flows} that {needs} are blocked"),
    }
}

/// What the place of a group is called: in several parameter sets it may have several names, and then goes by its id.
fn title(placement: &PlacementReport, group: &Group<'_>, index: &Index<'_>) -> String {
    let title = opening::placement_title(placement);
    let mut all = group.findings().iter().flat_map(|finding| index.placements(finding));
    match &group.head().placement {
        Some(id) if !all.all(|one| opening::placement_title(one) == title) => {
            format!("{} on {}{}", id.service, id.on, id.ending())
        }
        _ => title,
    }
}

/// How many flows a group is about, and how many its place needs: in any of the parameter sets it speaks for, each flow
/// once.
fn counts(group: &Group<'_>, index: &Index<'_>) -> (usize, usize) {
    let placements: Vec<_> = group.findings().iter().flat_map(|finding| index.placements(finding)).collect();
    let judged = placements.iter().flat_map(|placement| &placement.requirements).filter(|one| one.verdict.is_some());
    let needed: BTreeSet<(&RuleId, &str)> = judged.map(|one| (&one.rule, one.flow.as_str())).collect();
    let flow = |finding: &&Finding| Some((finding.rule.clone(), finding.flow.clone()?));
    let said = group.findings().iter().filter_map(flow).collect::<BTreeSet<_>>().len();
    (said, needed.len().max(said))
}

/// The name of the rule that decides every flow of a group, if it is one, and whether it is what a firewall does with
/// what none of its rules matches.
fn decider<'a>(group: &Group<'_>, index: &Index<'a>) -> Option<(&'a str, bool)> {
    let name = |finding: &&Finding| {
        let requirement = index.requirement(finding)?;
        let decider = requirement.decided_by.first()?;
        let by_default = requirement.layer == Some(Layer::Firewall) && decider.kind == DeciderKind::BuiltIn;
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
