//! Host names as firewall rules and requirements write them, and exact sets of them (FW-12).
//!
//! Every pattern Azure takes is one name, or all names that end in some characters. Sets of those are closed under
//! union, intersection and difference, so *does this list of rules cover `*.azureml.ms`* has an exact answer. Which
//! rule goes first is the work of `firewall`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use crate::net::is_host_name;

/// A pattern of host names. Case does not matter; names are kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    /// One host.
    Exact(Arc<str>),
    /// Every host that ends in these characters: `.contoso.com` for `*.contoso.com`, which is not `contoso.com` itself,
    /// and `contoso.com` for `*contoso.com`, which is, as is `evilcontoso.com`. Empty for `*`.
    Ending(Arc<str>),
}

impl HostPattern {
    /// Reads a pattern. `None` for what is no host name, or has its asterisk anywhere but in front: that matches nothing.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_suffix('.').filter(|text| !text.ends_with('*')).unwrap_or(text).to_ascii_lowercase();
        match text.strip_prefix('*') {
            None => is_host_name(&text).then(|| Self::Exact(Arc::from(text))),
            Some("") => Some(Self::Ending(Arc::from(""))),
            Some(end) => is_host_name(end.strip_prefix('.').unwrap_or(end)).then(|| Self::Ending(Arc::from(end))),
        }
    }

    /// Whether every host of another pattern is one of this.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(own), Self::Exact(host)) => own == host,
            (Self::Exact(_), Self::Ending(_)) => false,
            (Self::Ending(end), Self::Exact(text) | Self::Ending(text)) => text.ends_with(&**end),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => out.write_str(host),
            Self::Ending(end) => write!(out, "*{end}"),
        }
    }
}

/// A set of host names.
///
/// Names are read from the back. At each key the set may change: for the name that is exactly the key, and for all
/// longer names up to the next key. What changes nothing is no key, so equal sets are equal values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostSet {
    keys: BTreeMap<Vec<u8>, Change>,
}

/// What holds from a key on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Change {
    /// The name itself is in the set. The same as `longer` where the key is no host name.
    own: bool,
    /// Longer names are in the set.
    longer: bool,
}

impl HostSet {
    /// No host.
    pub fn empty() -> Self {
        Self::constant(false)
    }

    /// Every host.
    pub fn full() -> Self {
        Self::constant(true)
    }

    /// Every host, as the one set that all who ask for it share.
    pub(crate) fn shared_full() -> Arc<Self> {
        static FULL: OnceLock<Arc<HostSet>> = OnceLock::new();
        Arc::clone(FULL.get_or_init(|| Arc::new(Self::full())))
    }

    fn constant(all: bool) -> Self {
        Self { keys: BTreeMap::from([(Vec::new(), Change { own: all, longer: all })]) }
    }

    /// The hosts of a pattern.
    pub fn of(pattern: &HostPattern) -> Self {
        let (text, longer) = match pattern {
            HostPattern::Exact(host) => (host, false),
            HostPattern::Ending(end) => (end, true),
        };
        let mut set = Self::empty();
        set.keys.insert(text.bytes().rev().collect(), Change { own: true, longer });
        set
    }

    /// The hosts of several patterns.
    pub fn of_all<'p>(patterns: impl IntoIterator<Item = &'p HostPattern>) -> Self {
        // Halves are joined with halves: n log n for a long list.
        let mut waiting: Vec<(u32, Self)> = Vec::new();
        for pattern in patterns {
            let (mut rank, mut set) = (0, Self::of(pattern));
            while let Some((_, other)) = waiting.pop_if(|(same, _)| *same == rank) {
                (rank, set) = (rank + 1, other.union(&set));
            }
            waiting.push((rank, set));
        }
        waiting.into_iter().fold(Self::empty(), |all, (_, set)| all.union(&set))
    }

    /// Whether a host is in it. The host is in lower case.
    pub fn contains(&self, host: &str) -> bool {
        self.holds(&host.bytes().rev().collect::<Vec<u8>>())
    }

    fn holds(&self, reversed: &[u8]) -> bool {
        if let Some(change) = self.keys.get(reversed) {
            return change.own;
        }
        let shorter = (0..reversed.len()).rev().find_map(|length| self.keys.get(&reversed[..length]));
        shorter.is_some_and(|change| change.longer)
    }

    /// Whether every host is in it.
    pub fn is_full(&self) -> bool {
        self.keys.len() == 1 && self.keys.values().all(|change| change.longer)
    }

    /// Whether no host is in it.
    pub fn is_empty(&self) -> bool {
        !self.is_full() && self.example().is_none()
    }

    /// Hosts in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.combined(other, |one, two| one || two)
    }

    /// Hosts in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.combined(other, |one, two| one && two)
    }

    /// Hosts in this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.combined(other, |one, two| one && !two)
    }

    /// Whether every host of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        other.is_full() || self == other || self.difference(other).is_empty()
    }

    /// Whether some host is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.is_full() || other.is_full() {
            return self == other || !(self.is_empty() || other.is_empty());
        }
        // A host in both is decided by a key of each, one of which is the start of the other: looking at every key of
        // the smaller set, and at the longer keys of the other below it, finds it without building a set.
        let (few, many) = if self.keys.len() <= other.keys.len() { (self, other) } else { (other, self) };
        let mut longer = false;
        for (key, change) in &few.keys {
            if change.own && is_name(key) && many.holds(key) {
                return true;
            }
            longer |= change.longer && many.goes_on(key);
            let after = (Bound::Excluded(key.as_slice()), Bound::Unbounded);
            let below = many.keys.range::<[u8], _>(after).take_while(|(below, _)| below.starts_with(key));
            for (below, change) in below.filter(|_| change.longer) {
                if change.own && is_name(below) && few.holds(below) {
                    return true;
                }
                longer |= change.longer && few.goes_on(below);
            }
        }
        // That names longer than a key are in both is not yet a name: other keys may take them all.
        longer && !self.intersection(other).is_empty()
    }

    /// Whether names that are longer than this are in the set, up to the next key.
    fn goes_on(&self, reversed: &[u8]) -> bool {
        let around = (0..=reversed.len()).rev().find_map(|length| self.keys.get(&reversed[..length]));
        around.is_some_and(|change| change.longer)
    }

    /// Walks the keys of both sets at once. A key sorts right before the longer ones it is the start of, so the changes
    /// that hold around a key are a stack.
    fn combined(&self, other: &Self, joined: impl Fn(bool, bool) -> bool) -> Self {
        let mut keys: Vec<&Vec<u8>> = self.keys.keys().chain(other.keys.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut around: Vec<(&[u8], bool, bool)> = Vec::new();
        let mut result = BTreeMap::new();
        for key in keys {
            while around.pop_if(|(outer, ..)| !key.starts_with(outer)).is_some() {}
            let (left, right) = around.last().map_or((false, false), |&(_, left, right)| (left, right));
            let one = self.keys.get(key).copied().unwrap_or(Change { own: left, longer: left });
            let two = other.keys.get(key).copied().unwrap_or(Change { own: right, longer: right });
            let longer = joined(one.longer, two.longer);
            let own = if is_name(key) { joined(one.own, two.own) } else { longer };
            let before = joined(left, right);
            if key.is_empty() || own != before || longer != before {
                result.insert(key.clone(), Change { own, longer });
            }
            around.push((key, one.longer, two.longer));
        }
        Self { keys: result }
    }

    /// A host in it, a plain one if there is one.
    pub fn example(&self) -> Option<String> {
        let text = |reversed: Vec<u8>| String::from_utf8(reversed.into_iter().rev().collect()).ok();
        let exact = self.keys.iter().find(|(key, change)| change.own && is_name(key));
        let longer = || self.keys.iter().filter(|(_, change)| change.longer).find_map(|(key, _)| self.longer_than(key));
        exact.map(|(key, _)| key.clone()).or_else(longer).and_then(text)
    }

    /// A host longer than a key, before any other key: something in front of it that no other key begins with.
    fn longer_than(&self, key: &[u8]) -> Option<Vec<u8>> {
        let plain: &[&[u8]] = if key.is_empty() {
            &[b"moc.elpmaxe"]
        } else if key.ends_with(b".") {
            &[b"tsoh", b"elpmaxe"]
        } else {
            &[b".tsoh", b"tsoh"]
        };
        if let Some(found) = plain.iter().map(|front| [key, front].concat()).find(|host| self.holds(host)) {
            return Some(found);
        }
        // Only where rules name each of these does the search go on; it visits starts of keys and nothing else.
        let mut waiting = vec![key.to_vec()];
        while let Some(start) = waiting.pop() {
            let bare = start.is_empty() || start.ends_with(b".");
            for byte in (b'a'..=b'z').chain(b'0'..=b'9').chain(*b"-_.").filter(|byte| *byte != b'.' || !bare) {
                let mut next = start.clone();
                next.push(byte);
                if self.keys.contains_key(&next) {
                    continue;
                }
                let after = (Bound::Excluded(next.as_slice()), Bound::Unbounded);
                let goes_on = self.keys.range::<[u8], _>(after).next().is_some_and(|(key, _)| key.starts_with(&next));
                match (is_name(&next), goes_on) {
                    (true, _) => return Some(next),
                    (false, true) => waiting.push(next),
                    (false, false) => {
                        next.push(b'a');
                        return Some(next);
                    }
                }
            }
        }
        None
    }

    /// Its parts in words: `pypi.org`, `*.azureml.ms except *.api.azureml.ms`.
    pub fn parts(&self) -> Vec<String> {
        let mut parts: Vec<(String, Vec<String>)> = Vec::new();
        // What holds around a key, and the part it belongs to.
        let mut around: Vec<(&[u8], bool, usize)> = Vec::new();
        for (key, change) in &self.keys {
            while around.pop_if(|(outer, ..)| !key.starts_with(outer)).is_some() {}
            let (before, mut part) = around.last().map_or((false, 0), |&(_, longer, part)| (longer, part));
            let text: String = key.iter().rev().copied().map(char::from).collect();
            let (alone, all) = (text.clone(), format!("*{text}"));
            if before {
                parts[part].1.extend((!change.longer).then_some(all));
                parts[part].1.extend((change.longer && !change.own).then(|| alone.clone()));
                if change.own && !change.longer {
                    parts.push((alone, Vec::new()));
                }
            } else if change.longer {
                part = parts.len();
                parts.push((all, if change.own { Vec::new() } else { vec![alone] }));
            } else if change.own {
                parts.push((alone, Vec::new()));
            }
            around.push((key, change.longer, part));
        }
        let words = |(part, except): (String, Vec<String>)| match except.as_slice() {
            [] => part,
            _ => format!("{part} except {}", except.join(", ")),
        };
        parts.into_iter().map(words).collect()
    }
}

impl fmt::Display for HostSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.parts().join(", "))
    }
}

/// Whether a reversed text can be a host: it does not end in the middle.
fn is_name(reversed: &[u8]) -> bool {
    !reversed.is_empty() && !reversed.ends_with(b".")
}

#[cfg(test)]
mod tests {
    use super::{HostPattern, HostSet};
    use proptest::prelude::*;

    use crate::net::is_host_name;

    fn set(patterns: &[&str]) -> HostSet {
        let patterns: Vec<HostPattern> = patterns.iter().map(|text| HostPattern::read(text).unwrap()).collect();
        HostSet::of_all(&patterns)
    }

    #[test]
    fn an_asterisk_with_a_dot_leaves_the_domain_itself_out() {
        let one = set(&["*.contoso.com"]);
        assert!(one.contains("www.contoso.com") && one.contains("a.b.contoso.com"));
        assert!(!one.contains("contoso.com") && !one.contains("evilcontoso.com"));
    }

    #[test]
    fn an_asterisk_without_a_dot_takes_all_that_ends_so() {
        let one = set(&["*contoso.com"]);
        assert!(one.contains("contoso.com") && one.contains("evilcontoso.com") && one.contains("a.contoso.com"));
    }

    #[test]
    fn an_asterisk_elsewhere_matches_nothing() {
        for text in ["www.contoso.*", "*.contoso.*", "www.*contoso.com", "", "*.", "a..b", "a b", "https://a.b", "**.a"]
        {
            assert_eq!(HostPattern::read(text), None, "{text}");
        }
    }

    #[test]
    fn case_and_a_last_dot_do_not_matter() {
        assert_eq!(HostPattern::read("Login.MicrosoftOnline.com."), HostPattern::read("login.microsoftonline.com"));
    }

    #[test]
    fn only_a_shorter_ending_covers_a_required_wildcard() {
        let required = HostPattern::read("*.azureml.ms").unwrap();
        let covers = |text: &str| HostPattern::read(text).unwrap().covers(&required);
        assert!(["*.azureml.ms", "*azureml.ms", "*.ms", "*ml.ms", "*"].iter().all(|text| covers(text)));
        assert!(!["azureml.ms", "*.api.azureml.ms", "www.azureml.ms", "*.azureml.net"].iter().any(|text| covers(text)));
    }

    #[test]
    fn what_is_left_is_said_in_patterns() {
        let left = set(&["*.azureml.ms", "pypi.org"]).difference(&set(&["*.api.azureml.ms", "x.azureml.ms"]));
        assert_eq!(left.parts(), ["pypi.org", "*.azureml.ms except *.api.azureml.ms, x.azureml.ms"]);
        assert_eq!(left.example().as_deref(), Some("pypi.org"));
    }

    /// Every host of up to six characters; `c` is in no pattern, so it stands for all other names.
    fn universe() -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..6 {
            let to = all.len();
            for at in from..to {
                all.extend("abc.".chars().map(|next| format!("{}{next}", all[at])).collect::<Vec<_>>());
            }
            from = to;
        }
        all.retain(|text| is_host_name(text));
        all
    }

    fn naive(pattern: &str, host: &str) -> bool {
        match pattern.strip_prefix('*') {
            Some(end) => host.ends_with(end),
            None => host == pattern,
        }
    }

    fn patterns() -> impl Strategy<Value = Vec<String>> {
        let one = "\\*?\\.?[ab]{1,2}(\\.[ab])?".prop_filter("a pattern", |text| HostPattern::read(text).is_some());
        proptest::collection::vec(one, 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn algebra_agrees_with_every_host(left in patterns(), right in patterns()) {
            let read = |list: &[String]| set(&list.iter().map(String::as_str).collect::<Vec<_>>());
            let (one, two) = (read(&left), read(&right));
            let (union, both, less) = (one.union(&two), one.intersection(&two), one.difference(&two));
            let (mut subset, mut overlap, mut empty) = (true, false, true);
            for host in universe() {
                let within = |list: &[String]| list.iter().any(|pattern| naive(pattern, &host));
                let (a, b) = (within(&left), within(&right));
                prop_assert_eq!(one.contains(&host), a);
                prop_assert_eq!(union.contains(&host), a || b);
                prop_assert_eq!(both.contains(&host), a && b);
                prop_assert_eq!(less.contains(&host), a && !b);
                subset &= !a || b;
                overlap |= a && b;
                empty &= !a;
            }
            prop_assert_eq!(one.is_subset(&two), subset);
            prop_assert_eq!(one.overlaps(&two), overlap);
            prop_assert_eq!(one.is_empty(), empty);
            prop_assert_eq!(one.overlaps(&two), !both.is_empty());
            prop_assert!(!less.overlaps(&two) && !two.overlaps(&less));
            prop_assert_eq!(one.overlaps(&less), !less.is_empty());
            prop_assert_eq!(less.overlaps(&union), !less.is_empty());
            for (wide, narrow) in left.iter().zip(&right) {
                let pattern = |text: &str| HostPattern::read(text).unwrap();
                let (wide, narrow) = (pattern(wide), pattern(narrow));
                prop_assert_eq!(wide.covers(&narrow), HostSet::of(&narrow).is_subset(&HostSet::of(&wide)));
            }
            prop_assert_eq!(less.union(&both), one);
            if let Some(host) = less.example() {
                prop_assert!(is_host_name(&host) && less.contains(&host), "{}", host);
            }
        }
    }

    #[test]
    fn a_set_may_end_without_an_ending_that_says_so() {
        let each: Vec<String> = ('a'..='z').chain('0'..='9').chain(['-', '_']).map(|c| format!("*{c}.x")).collect();
        let each: Vec<&str> = each.iter().map(String::as_str).collect();
        assert!(set(&["*.x"]).is_subset(&set(&each)));
        assert!(!set(&["*.x"]).is_subset(&set(&each[1..])));
    }
}
