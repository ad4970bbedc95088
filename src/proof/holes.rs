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

/// Of sets that have fewer ranges than one in so many that are gone, each range is looked up by itself.
const LOOK_UP: usize = 16;

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
    pub(crate) fn spare(&self, set: AddressSet) -> AddressSet {
        AddressSet { v4: self.v4.spare(set.v4), v6: self.v6.spare(set.v6) }
    }

    /// Takes out what is still there.
    pub(crate) fn take(&mut self, set: &AddressSet) {
        self.v4.take(&set.v4);
        self.v6.take(&set.v6);
    }
}

impl<T: Bound> Gone<T> {
    fn spare(&self, set: RangeSet<T>) -> RangeSet<T> {
        let (Some(&(first, _)), Some(&(_, last))) = (set.ranges().first(), set.ranges().last()) else { return set };
        let many = set.ranges().len() > self.0.len() / LOOK_UP;
        if !many && set.ranges().iter().all(|range| self.within(*range).next().is_none()) {
            return set;
        }
        if !many {
            let holes = set.ranges().iter().flat_map(|range| self.within(*range));
            return set.difference(&RangeSet::from_ranges(holes));
        }
        let holes: Vec<(T, T)> = self.within((first, last)).collect();
        if holes.is_empty() { set } else { set.difference(&RangeSet::from_ranges(holes)) }
    }

    /// What is gone of a range, descending, with what hangs over its ends.
    fn within(&self, (first, last): (T, T)) -> impl Iterator<Item = (T, T)> + '_ {
        let holes = self.0.range(..=last).rev();
        holes.map(|(low, high)| (*low, *high)).take_while(move |(_, high)| *high >= first)
    }

    /// The ranges must be spared so far.
    fn take(&mut self, set: &RangeSet<T>) {
        if set.ranges().len() > self.0.len() / LOOK_UP {
            self.0.append(&mut set.ranges().iter().copied().collect());
        } else {
            self.0.extend(set.ranges().iter().copied());
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
                let part = gone.spare(set.clone());
                assert_eq!(part, left.intersection(&set));
                gone.take(&part);
                left = left.difference(&set);
            }
            let asked = RangeSet::from_ranges(asked.iter().map(|(one, two)| (u32::from(*one), u32::from(*two))));
            assert_eq!(gone.spare(asked.clone()), left.intersection(&asked));
        }
    }
}
