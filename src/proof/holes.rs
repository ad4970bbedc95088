//! Addresses taken out of a set bit by bit: what many rules take is told for the price of what each of them names.
//!
//! Subtracting every rule from a set costs the size of that set every time; keeping what is gone beside it does not.

use std::collections::BTreeMap;

use crate::net::{AddressSet, Bound, RangeSet};

/// Addresses that are gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holes {
    v4: Gone<u32>,
    v6: Gone<u128>,
}

/// Disjoint closed ranges, last number by first.
#[derive(Clone, Debug)]
struct Gone<T>(BTreeMap<T, T>);

impl<T> Default for Gone<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl Holes {
    /// What is still there of a set.
    pub(crate) fn spare(&self, set: &AddressSet) -> AddressSet {
        AddressSet { v4: self.v4.spare(&set.v4), v6: self.v6.spare(&set.v6) }
    }

    /// Takes out what is still there.
    pub(crate) fn take(&mut self, set: &AddressSet) {
        self.v4.take(&set.v4);
        self.v6.take(&set.v6);
    }
}

impl<T: Bound> Gone<T> {
    fn spare(&self, set: &RangeSet<T>) -> RangeSet<T> {
        if self.0.is_empty() {
            return set.clone();
        }
        let mut spared = Vec::new();
        for &(first, last) in set.ranges() {
            let before = self.0.range(..first).next_back().filter(|(_, end)| **end >= first);
            let mut from = Some(first);
            for (&low, &high) in before.into_iter().chain(self.0.range(first..=last)) {
                let Some(start) = from.filter(|start| *start <= last) else { break };
                if let Some(end) = low.before().filter(|end| start <= *end) {
                    spared.push((start, end));
                }
                from = high.after();
            }
            if let Some(start) = from {
                spared.push((start, last));
            }
        }
        RangeSet::from_ranges(spared)
    }

    /// The ranges must be spared so far.
    fn take(&mut self, set: &RangeSet<T>) {
        for &(first, last) in set.ranges() {
            self.0.insert(first, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Gone;
    use crate::net::RangeSet;
    use proptest::prelude::{any, proptest};

    proptest! {
        #[test]
        fn what_is_spared_is_what_subtraction_leaves(sets in any::<Vec<Vec<(u16, u8)>>>(), asked in any::<Vec<(u16, u16)>>()) {
            let mut left = RangeSet::<u32>::full();
            let mut gone = Gone::default();
            let wide = |(first, length): &(u16, u8)| (u32::from(*first), u32::from(*first) + u32::from(*length));
            for set in &sets {
                let set = RangeSet::from_ranges(set.iter().map(wide));
                let part = gone.spare(&set);
                assert_eq!(part, left.intersection(&set));
                gone.take(&part);
                left = left.difference(&set);
            }
            let asked = RangeSet::from_ranges(asked.iter().map(|(one, two)| (u32::from(*one), u32::from(*two))));
            assert_eq!(gone.spare(&asked), left.intersection(&asked));
        }
    }
}
