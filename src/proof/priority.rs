//! Where a new rule can go: priorities that are still free.

use std::collections::BTreeSet;

use crate::estate::{Direction, NetworkSecurityGroup};

/// The priorities that custom rules can have (NSG-5).
const PRIORITIES: std::ops::RangeInclusive<i64> = 100..=4096;

/// A free priority of a direction for a new rule: ahead of the rule at `before`, behind the ones ahead of that, a multiple
/// of ten if there is room. Without `before`, behind all custom rules. `taken` are priorities given out already. `None`:
/// nothing is free there — nothing goes ahead of 100.
pub fn free_priority(
    group: &NetworkSecurityGroup,
    direction: Direction,
    before: Option<i64>,
    taken: &BTreeSet<i64>,
) -> Option<i64> {
    let looks = group.rules.iter().filter(|rule| rule.direction.known().is_none_or(|known| *known == direction));
    let used: BTreeSet<i64> =
        looks.filter_map(|rule| rule.priority.known().copied()).chain(taken.iter().copied()).collect();
    let end = before.unwrap_or(PRIORITIES.end() + 1).min(PRIORITIES.end() + 1);
    let ahead = used.range(..end).next_back().copied().unwrap_or(PRIORITIES.start() - 1);
    let next = (ahead.max(PRIORITIES.start() - 1) / 10 + 1) * 10;
    if next < end {
        return Some(next);
    }
    let free = |priority: &i64| !used.contains(priority);
    let below = || (*PRIORITIES.start()..end).rev();
    below().filter(|priority| priority % 10 == 0).find(free).or_else(|| below().find(free))
}
