//! Keys of one object that are equal without case, found without comparing every pair of a large object.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use crate::json::node::Member;

/// Objects up to this size are compared pair by pair (at most 120 pairs); larger ones through a hash table.
const SMALL: usize = 16;

/// Calls `repeated` with each member whose key an earlier member has, and with the index of the nearest such member.
pub(crate) fn each_repeated<'m>(members: &'m [Member], mut repeated: impl FnMut(usize, &'m Member)) {
    if members.len() <= SMALL {
        // One bit per length and last letter: only keys that share a bit are compared.
        let mut seen = 0_u64;
        for (index, member) in members.iter().enumerate() {
            let last = member.key.as_bytes().last().map_or(0, u8::to_ascii_lowercase);
            let bit = 1 << ((member.key.len() * 7 + usize::from(last)) % 64);
            if seen & bit != 0
                && let Some(first) =
                    members[..index].iter().rposition(|first| first.key.eq_ignore_ascii_case(&member.key))
            {
                repeated(first, member);
            }
            seen |= bit;
        }
        return;
    }
    let mut seen = HashMap::with_capacity(members.len());
    for (index, member) in members.iter().enumerate() {
        if let Some(first) = seen.insert(Folded(&member.key), index) {
            repeated(first, member);
        }
    }
}

/// The members that count: of equal keys the last one.
pub(crate) fn counting(members: &[Member]) -> Vec<&Member> {
    let mut ignored = Vec::new();
    each_repeated(members, |first, _| ignored.push(first));
    if ignored.is_empty() {
        return members.iter().collect();
    }
    ignored.sort_unstable();
    members
        .iter()
        .enumerate()
        .filter(|(index, _)| ignored.binary_search(index).is_err())
        .map(|(_, member)| member)
        .collect()
}

/// A key compared without case.
struct Folded<'k>(&'k str);

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Folded<'_> {}

impl Hash for Folded<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut buffer = [0; 64];
        for chunk in self.0.as_bytes().chunks(buffer.len()) {
            let folded = &mut buffer[..chunk.len()];
            folded.copy_from_slice(chunk);
            folded.make_ascii_lowercase();
            state.write(folded);
        }
        state.write_usize(self.0.len());
    }
}
