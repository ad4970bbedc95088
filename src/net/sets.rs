//! Exact sets of whole numbers as sorted, disjoint, closed ranges, and on them of ports; sets of protocols.

use std::fmt::{self, Debug};

/// A number that ranges can be made of.
pub trait Bound: Copy + Ord + Debug {
    /// The least number.
    const MIN: Self;
    /// The greatest number.
    const MAX: Self;
    /// The next number; `None` after the greatest.
    fn after(self) -> Option<Self>;
    /// The number before; `None` before the least.
    fn before(self) -> Option<Self>;
}

macro_rules! bound {
    ($($number:ty),*) => {$(
        impl Bound for $number {
            const MIN: Self = <$number>::MIN;
            const MAX: Self = <$number>::MAX;
            fn after(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn before(self) -> Option<Self> {
                self.checked_sub(1)
            }
        }
    )*};
}
bound!(u16, u32, u128);

/// A set of numbers. Ranges are sorted, do not overlap and do not touch, so equal sets are equal values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RangeSet<T> {
    ranges: Vec<(T, T)>,
}

impl<T> Default for RangeSet<T> {
    fn default() -> Self {
        Self { ranges: Vec::new() }
    }
}

impl<T: Bound> RangeSet<T> {
    /// No number.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every number.
    pub fn full() -> Self {
        Self::range(T::MIN, T::MAX)
    }

    /// The numbers from `first` to `last`, both included; empty when `first` is greater.
    pub fn range(first: T, last: T) -> Self {
        Self { ranges: if first <= last { vec![(first, last)] } else { Vec::new() } }
    }

    /// The union of ranges in any order; those whose first is greater than their last are left out.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (T, T)>) -> Self {
        let mut ranges: Vec<(T, T)> = ranges.into_iter().filter(|(first, last)| first <= last).collect();
        if !ranges.is_sorted() {
            ranges.sort_unstable();
        }
        ranges.dedup_by(|next, last| {
            let joins = last.1.after().is_none_or(|after| next.0 <= after);
            if joins {
                last.1 = last.1.max(next.1);
            }
            joins
        });
        Self { ranges }
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> &[(T, T)] {
        &self.ranges
    }

    /// Whether no number is in it.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether every number is in it.
    pub fn is_full(&self) -> bool {
        self.ranges.first() == Some(&(T::MIN, T::MAX))
    }

    /// The least number in it.
    pub fn first(&self) -> Option<T> {
        self.ranges.first().map(|range| range.0)
    }

    /// Whether `value` is in it.
    pub fn contains(&self, value: T) -> bool {
        let at = self.ranges.partition_point(|range| range.1 < value);
        self.ranges.get(at).is_some_and(|range| range.0 <= value)
    }

    /// Numbers in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_full() {
            return other.clone();
        }
        if other.is_empty() || self.is_full() {
            return self.clone();
        }
        let (mut left, mut right) = (self.ranges.iter().peekable(), other.ranges.iter().peekable());
        let mut merged = Vec::with_capacity(self.ranges.len() + other.ranges.len());
        while let Some(&(first, last)) = match (left.peek(), right.peek()) {
            (Some(one), Some(two)) if one.0 <= two.0 => left.next(),
            (Some(_), None) => left.next(),
            _ => right.next(),
        } {
            push(&mut merged, first, last);
        }
        Self { ranges: merged }
    }

    /// Numbers in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (small, large) = if self.ranges.len() <= other.ranges.len() { (self, other) } else { (other, self) };
        let mut ranges = Vec::new();
        let mut at = 0;
        for &(first, last) in &small.ranges {
            at += gallop(&large.ranges[at..], |range| range.1 < first);
            let mut next = at;
            while let Some(&(low, high)) = large.ranges.get(next).filter(|range| range.0 <= last) {
                ranges.push((first.max(low), last.min(high)));
                next += 1;
            }
            at = next.saturating_sub(1).max(at);
        }
        Self { ranges }
    }

    /// Numbers in this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len());
        let mut at = 0;
        for &(first, last) in &self.ranges {
            at += gallop(&other.ranges[at..], |range| range.1 < first);
            let mut from = Some(first);
            let mut next = at;
            while let Some(start) = from {
                match other.ranges.get(next).filter(|range| range.0 <= last) {
                    Some(&(low, high)) => {
                        if start < low
                            && let Some(end) = low.before()
                        {
                            ranges.push((start, end));
                        }
                        from = high.after().filter(|start| *start <= last);
                        next += 1;
                    }
                    None => {
                        ranges.push((start, last));
                        from = None;
                    }
                }
            }
            at = next.saturating_sub(1).max(at);
        }
        Self { ranges }
    }

    /// Whether every number of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        let mut at = 0;
        self.ranges.iter().all(|&(first, last)| {
            at += gallop(&other.ranges[at..], |range| range.1 < first);
            other.ranges.get(at).is_some_and(|range| range.0 <= first && last <= range.1)
        })
    }

    /// Whether some number is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (small, large) = if self.ranges.len() <= other.ranges.len() { (self, other) } else { (other, self) };
        let mut at = 0;
        small.ranges.iter().any(|&(first, last)| {
            at += gallop(&large.ranges[at..], |range| range.1 < first);
            large.ranges.get(at).is_some_and(|range| range.0 <= last)
        })
    }
}

/// Appends a range that starts no earlier than the last one, merging what overlaps or touches.
fn push<T: Bound>(ranges: &mut Vec<(T, T)>, first: T, last: T) {
    match ranges.last_mut() {
        Some(previous) if previous.1.after().is_none_or(|next| first <= next) => previous.1 = previous.1.max(last),
        _ => ranges.push((first, last)),
    }
}

/// How many leading elements satisfy `before`, found in steps that double: cheap when the answer is near.
fn gallop<E>(slice: &[E], before: impl Fn(&E) -> bool) -> usize {
    let mut step = 1;
    let mut known = 0;
    while let Some(element) = slice.get(known + step - 1) {
        if !before(element) {
            break;
        }
        known += step;
        step *= 2;
    }
    let end = slice.len().min(known + step);
    known + slice[known..end].partition_point(before)
}

/// A set of ports.
pub type PortSet = RangeSet<u16>;

/// A set of protocols as NSGs know them (NSG-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolSet(u8);

impl ProtocolSet {
    /// No protocol.
    pub const NONE: Self = Self(0);
    /// TCP.
    pub const TCP: Self = Self(1);
    /// UDP.
    pub const UDP: Self = Self(2);
    /// ICMP.
    pub const ICMP: Self = Self(4);
    /// Encapsulating security payload.
    pub const ESP: Self = Self(8);
    /// Authentication header.
    pub const AH: Self = Self(16);
    /// Every protocol: `*`.
    pub const ALL: Self = Self(31);

    /// Every protocol that can be named, by itself, with its name in lower case.
    pub const NAMED: [(Self, &'static str); 5] =
        [(Self::TCP, "tcp"), (Self::UDP, "udp"), (Self::ICMP, "icmp"), (Self::ESP, "esp"), (Self::AH, "ah")];

    /// Reads a protocol of a rule: `Tcp`, `UDP`, `*`, `All`, `Any`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" || text.eq_ignore_ascii_case("all") || text.eq_ignore_ascii_case("any") {
            return Some(Self::ALL);
        }
        Self::NAMED.iter().find(|(_, name)| text.eq_ignore_ascii_case(name)).map(|(set, _)| *set)
    }

    /// Protocols in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Protocols in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Protocols in this set that are not in the other.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether no protocol is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every protocol of this set is in the other.
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether ports mean anything for every protocol in it: TCP and UDP only.
    pub fn has_ports(self) -> bool {
        self.is_subset(Self::TCP.union(Self::UDP))
    }

    /// Each protocol in it by itself.
    pub fn each(self) -> impl Iterator<Item = (Self, &'static str)> {
        Self::NAMED.into_iter().filter(move |(one, _)| one.is_subset(self))
    }
}

impl fmt::Display for ProtocolSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return out.write_str("any protocol");
        }
        let names: Vec<String> = self.each().map(|(_, name)| name.to_ascii_uppercase()).collect();
        out.write_str(&names.join("/"))
    }
}

/// Which rules may let required traffic pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matching {
    /// Whatever rules do, the built-in ones among them.
    #[default]
    Effective,
    /// Custom rules only; several may share the work.
    Explicit,
    /// One custom rule per group.
    SingleRule,
}

#[cfg(test)]
mod tests {
    use super::{Bound, ProtocolSet, RangeSet};
    use proptest::collection::vec;
    use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};

    fn set(ranges: &[(u16, u16)]) -> RangeSet<u16> {
        RangeSet::from_ranges(ranges.iter().copied())
    }

    fn complement<T: Bound>(set: &RangeSet<T>) -> RangeSet<T> {
        RangeSet::full().difference(set)
    }

    #[test]
    fn touching_ranges_are_one() {
        assert_eq!(set(&[(5, 9), (1, 4), (11, 12)]).ranges(), &[(1, 9), (11, 12)]);
    }

    #[test]
    fn the_ends_of_the_number_line_are_no_trap() {
        assert_eq!(complement(&set(&[(0, 0)])).ranges(), &[(1, u16::MAX)]);
        assert_eq!(complement(&set(&[(u16::MAX, u16::MAX)])).ranges(), &[(0, u16::MAX - 1)]);
        assert!(complement(&set(&[])).is_full());
        assert!(complement(&set(&[(0, u16::MAX)])).is_empty());
    }

    /// Few wide ranges, or many short ones with gaps between them, so that one set often steps past many of the other.
    fn ranges() -> impl Strategy<Value = Vec<(u16, u16)>> {
        prop_oneof![
            vec((0u16..300, 0u16..300), 0..4),
            vec((0u16..300, 0u16..3).prop_map(|(first, more)| (first, first + more)), 0..60),
        ]
    }

    /// A set in the one form it has: sorted, neither overlapping nor touching.
    fn is_canonical(set: &RangeSet<u16>) -> bool {
        set.ranges().iter().all(|range| range.0 <= range.1)
            && set.ranges().windows(2).all(|two| u32::from(two[0].1) + 1 < u32::from(two[1].0))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn algebra_agrees_with_membership(left in ranges(), right in ranges()) {
            let (a, b) = (set(&left), set(&right));
            let within = |ranges: &[(u16, u16)], n: u16| ranges.iter().any(|r| (r.0..=r.1).contains(&n));
            let (union, both, less) = (a.union(&b), a.intersection(&b), a.difference(&b));
            let mut subset = true;
            let mut overlap = false;
            for n in 0..=310 {
                let (in_a, in_b) = (within(&left, n), within(&right, n));
                assert_eq!(a.contains(n), in_a);
                assert_eq!(union.contains(n), in_a || in_b);
                assert_eq!(both.contains(n), in_a && in_b);
                assert_eq!(less.contains(n), in_a && !in_b);
                assert_eq!(complement(&a).contains(n), !in_a);
                subset &= !in_a || in_b;
                overlap |= in_a && in_b;
            }
            assert_eq!(a.is_subset(&b), subset);
            assert_eq!(a.overlaps(&b), overlap);
            assert_eq!(less.union(&both), a);
            for result in [&a, &union, &both, &less, &complement(&a)] {
                assert!(is_canonical(result), "{result:?}");
            }
        }
    }

    #[test]
    fn the_least_number_comes_first() {
        assert_eq!(set(&[(5, 9), (2, 3)]).first(), Some(2));
        assert_eq!(set(&[]).first(), None);
    }

    #[test]
    fn what_is_left_of_one_set_goes_into_a_union() {
        let (few, many) = (set(&[(1, 2)]), set(&[(5, 6), (8, 9)]));
        assert_eq!(few.union(&many).ranges(), &[(1, 2), (5, 6), (8, 9)]);
        assert_eq!(many.union(&few).ranges(), &[(1, 2), (5, 6), (8, 9)]);
    }

    #[test]
    fn a_protocol_is_read_in_any_case_and_any_of_them_by_three_words() {
        for any in ["*", "all", "ALL", "Any"] {
            assert_eq!(ProtocolSet::parse(any), Some(ProtocolSet::ALL), "{any}");
        }
        for (one, name) in ProtocolSet::NAMED {
            assert_eq!(ProtocolSet::parse(&name.to_uppercase()), Some(one), "{name}");
        }
        assert_eq!(ProtocolSet::parse("gre"), None);
        assert_eq!(ProtocolSet::parse(""), None);
    }

    #[test]
    fn ports_mean_something_to_tcp_and_udp_alone() {
        let has: Vec<bool> = ProtocolSet::NAMED.iter().map(|(one, _)| one.has_ports()).collect();
        assert_eq!(has, [true, true, false, false, false]);
        assert!(ProtocolSet::TCP.union(ProtocolSet::UDP).has_ports());
        assert_eq!(ProtocolSet::TCP.union(ProtocolSet::TCP), ProtocolSet::TCP);
        assert!(!ProtocolSet::TCP.union(ProtocolSet::ICMP).has_ports() && !ProtocolSet::ALL.has_ports());
    }
}
