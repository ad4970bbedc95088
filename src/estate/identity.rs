//! Resource ids taken apart, so that two spellings of one id can be told to be the same, or to be able to be the same.
//!
//! Which resource a mention leads to is decided by `build`.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::estate::resource::Field;
use crate::estate::row::{Bit, Part, Row, parts, without_last};
use crate::json::{self, Node, Unknown, Value};
use crate::source::FileId;

/// An id as a row of segments, any of which may be known in part only. An id and those it lies inside share where they stand.
#[derive(Clone, Debug)]
pub(crate) struct Id {
    /// Segments may be missing at its beginning.
    open: bool,
    /// A template names a resource group in it, which need not be the one it is deployed to.
    elsewhere: bool,
    /// Ends with its segments, a slash before each.
    key: Arc<str>,
    bits: Arc<[Bit]>,
    /// How many of the bits are its own, and how many segments they make.
    own: u32,
    count: u32,
}

impl Id {
    /// An id as written. Without a slash in front its beginning counts as unknown.
    pub(crate) fn written(text: &str) -> Self {
        let open = !text.starts_with('/');
        let mut row = Row::new(if open { "~" } else { "" }, text.len() + 2);
        text.split('/').filter(|segment| !segment.is_empty()).for_each(|segment| row.known(segment));
        Self::of_row(row, open)
    }

    /// An id only a deployment can tell in full.
    pub(crate) fn unknown(unknown: &Unknown) -> Self {
        if unknown.parts.is_empty() {
            return Self::of_row(Row::new(&format!("{{{}}}", unknown.key), 0), true);
        }
        let open = !matches!(unknown.parts.first(), Some(json::Part::Text(text)) if text.starts_with('/'));
        let mut row = Row::of(&unknown.parts);
        // What comes before the first slash may itself hold slashes: `[resourceGroup().id]`.
        if open {
            row.part_from_front();
        }
        let elsewhere = !row.own_scope(&unknown.parts);
        Self { elsewhere, ..Self::of_row(row, open) }
    }

    fn of_row(row: Row, open: bool) -> Self {
        let Row { key, bits, count } = row;
        let number = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        Self {
            open,
            elsewhere: false,
            own: number(bits.len()),
            count: number(count),
            key: key.into(),
            bits: bits.into(),
        }
    }

    /// The id that a value mentions; `None` when it is neither a text nor unknown.
    pub(crate) fn of_value(value: &Node) -> Option<Self> {
        match &value.value {
            Value::Text(text) => Some(Self::written(text)),
            Value::Unknown(unknown) => Some(Self::unknown(unknown)),
            _ => None,
        }
    }

    /// The id of a mention.
    pub(crate) fn of(field: &Field<Arc<str>>) -> Self {
        match &field.value {
            Ok(text) => Self::written(text),
            Err(unknown) => Self::unknown(unknown),
        }
    }

    /// The id of a resource that shows none: its type and name, where `file` stands for subscription and group.
    pub(crate) fn composed(type_name: &str, name: &Result<Arc<str>, Arc<Unknown>>, file: FileId) -> Self {
        let names = match name {
            Ok(text) => {
                let mut names = Row::new("", text.len() + 1);
                text.split('/').for_each(|part| names.known(part));
                names
            }
            Err(unknown) => Row::of_unknown(unknown),
        };
        let (namespace, kinds) = type_name.split_once('/').map_or((type_name, None), |(one, rest)| (one, Some(rest)));
        let kinds = kinds.into_iter().flat_map(|kinds| kinds.split('/'));
        let count = kinds.clone().count();
        let mut row = Row::new(&format!("~{}", file.0), type_name.len() + names.key.len() + 1);
        // A name with fewer segments than its type has lost its front: what is left belongs to the last types.
        let missing = count.saturating_sub(names.count);
        if missing == 0 {
            row.known(namespace);
        }
        let surplus = names.count.saturating_sub(count);
        for (kind, name) in kinds.skip(missing).zip(surplus..names.count) {
            row.known(kind);
            row.copy(&names, name);
        }
        Self::of_row(row, true)
    }

    /// The id of a child: `kind` such as `subnets`, and its name.
    pub(crate) fn child(&self, kind: &str, name: &Result<Arc<str>, Arc<Unknown>>) -> Self {
        let mut row = Row::new(&self.key, kind.len() + 32);
        row.bits.extend_from_slice(self.bits());
        row.count = self.count as usize;
        row.known(kind);
        match name {
            Ok(text) => row.known(short_name(text)),
            Err(unknown) => match Row::of(&unknown.parts) {
                names if names.count == 0 => row.unknown(&unknown.key),
                names => row.copy(&names, names.count - 1),
            },
        }
        Self { elsewhere: self.elsewhere, ..Self::of_row(row, self.open) }
    }

    /// The id without its last type and name; `None` when nothing is left that says what it is.
    pub(crate) fn parent(&self) -> Option<Self> {
        let count = self.count.checked_sub(2).filter(|count| *count >= 2 || self.open)?;
        let own = without_last(self.bits(), 2)?;
        // The slash before a segment is no part of it.
        let key = self.key.get(..self.bits[own].start().checked_sub(1)?)?;
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        Some(Self { key: Arc::from(key), own, count, bits: Arc::clone(&self.bits), ..*self })
    }

    /// Equal keys mean the same resource.
    pub(crate) fn key(&self) -> &Arc<str> {
        &self.key
    }

    fn bits(&self) -> &[Bit] {
        &self.bits[..self.own as usize]
    }

    /// Its segments, the first one first.
    fn parts(&self) -> impl DoubleEndedIterator<Item = Part<'_>> {
        parts(&self.key, self.bits())
    }

    /// The segment so far from the last one.
    fn back(&self, from_end: usize) -> Option<Part<'_>> {
        self.parts().nth_back(from_end)
    }

    /// Its last name, in lower case, when that is known.
    pub(crate) fn last_name(&self) -> Option<&str> {
        self.back(0).and_then(Part::known)
    }

    /// The last of its types, in lower case and without those before it, when that is known.
    pub(crate) fn last_type(&self) -> Option<&str> {
        self.back(1).and_then(Part::known)
    }

    /// What stands before its last type: the parent's name, or the namespace; when that is known.
    pub(crate) fn context(&self) -> Option<&str> {
        self.back(2).and_then(Part::known)
    }

    /// Whether all that both say is the same, holes included.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.parts().rev().zip(other.parts().rev()).all(|(one, two)| one == two)
    }

    /// Whether anything at all is known of it: a type, or a type and a name.
    pub(crate) fn says_something(&self) -> bool {
        self.last_type().is_some()
    }

    /// Its resource type in lower case, such as `microsoft.network/virtualnetworks/subnets`.
    pub(crate) fn type_name(&self) -> Option<String> {
        let at = self.parts().collect::<Vec<_>>().iter().rposition(|part| *part == Part::Known("providers"))?;
        let length = self.count as usize - at - 1;
        if length < 3 || length.is_multiple_of(2) {
            return None;
        }
        let mut rest = self.parts().skip(at + 1);
        let mut name = rest.next()?.known()?.to_owned();
        for kind in rest.step_by(2) {
            name.push('/');
            name.push_str(kind.known()?);
        }
        Some(name)
    }

    /// Whether both end in names of which different templates of the run know a part only: what one template does not
    /// know is not what another one does not know.
    pub(crate) fn is_stranger(&self, other: &Self) -> bool {
        match (self.back(0), other.back(0)) {
            (Some(Part::Partly(one)), Some(Part::Partly(two))) if one != two => {
                one.template().zip(two.template()).is_some_and(|(one, two)| one != two)
            }
            _ => false,
        }
    }

    /// Whether both end in the same name: what is not known of it is the same in both. Names that only may be equal are
    /// names of two resources as well.
    pub(crate) fn is_named_as(&self, other: &Self) -> bool {
        self.back(0) == other.back(0)
    }

    /// Whether one of them names a resource group which may be another one than that of the other.
    pub(crate) fn may_be_elsewhere(&self, other: &Self) -> bool {
        let is_open = |id: &Self| id.open || matches!(id.parts().nth(3), Some(Part::Partly(_)));
        (self.elsewhere || other.elsewhere)
            && (is_open(self) || is_open(other))
            && self.parts().nth(3) != other.parts().nth(3)
    }

    /// Whether nothing is known of its last name.
    pub(crate) fn is_nameless(&self) -> bool {
        matches!(self.back(0), Some(Part::Partly(bits)) if bits.only_hole().is_some())
    }

    /// Whether both may be the id of one resource: what is known of both agrees.
    pub(crate) fn is_compatible(&self, other: &Self) -> bool {
        let agree = self.parts().rev().zip(other.parts().rev()).all(|(one, two)| one.may_equal(two));
        agree
            && match self.count.cmp(&other.count) {
                Ordering::Less => self.open,
                Ordering::Equal => true,
                Ordering::Greater => other.open,
            }
    }
}

/// What follows the last slash of an id or name; all of it where there is none.
pub fn short_name(id: &str) -> &str {
    id.rsplit_once('/').map_or(id, |(_, name)| name)
}

/// The text of a node, or why it is not known; `None` for what is neither.
pub(crate) fn text_or_unknown(node: &Node) -> Option<Result<Arc<str>, Arc<Unknown>>> {
    match &node.value {
        Value::Text(text) => Some(Ok(Arc::clone(text))),
        Value::Unknown(unknown) => Some(Err(Arc::clone(unknown))),
        _ => None,
    }
}

/// What follows the last slash of a text with holes: `[concat(parameters('nsg'), '/rule')]`. `None` when that is unknown.
pub(crate) fn known_end(unknown: &Unknown) -> Option<Arc<str>> {
    match unknown.parts.last() {
        Some(json::Part::Text(text)) => text.rsplit_once('/').map(|(_, last)| Arc::from(last)),
        _ => None,
    }
}

/// A name without what stands before its last slash: children of templates and effective rules carry more.
pub(crate) fn last_segment(name: Field<Arc<str>>) -> Field<Arc<str>> {
    let value = match name.value {
        Ok(text) => Ok(Arc::from(short_name(&text))),
        Err(unknown) => known_end(&unknown).ok_or(unknown),
    };
    Field { value, ..name }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Id;
    use crate::json::{Part, Reason, Unknown};
    use crate::source::{FileId, Span};

    const NSG: &str = "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.Network/networkSecurityGroups/NSG";

    fn unknown(parts: &[&str]) -> Unknown {
        let hole = |key: &str| Unknown {
            reason: Reason::NotEvaluated,
            text: key.into(),
            span: Span::new(FileId(0), 0, 0),
            key: key.into(),
            parts: Vec::new(),
            domain: Vec::new(),
        };
        let parts = parts.iter().map(|part| match part.strip_prefix('?') {
            Some(key) => Part::Hole(Arc::new(hole(key))),
            None => Part::Text(Arc::from(*part)),
        });
        Unknown { parts: parts.collect(), ..hole("whole") }
    }

    fn holes(parts: &[&str]) -> Id {
        Id::unknown(&unknown(parts))
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(Id::written(NSG).key(), Id::written(&NSG.to_uppercase()).key());
        assert_eq!(Id::written(NSG).type_name().as_deref(), Some("microsoft.network/networksecuritygroups"));
    }

    #[test]
    fn a_composed_id_may_be_any_subscription() {
        let composed = Id::composed("Microsoft.Network/networkSecurityGroups", &Ok("nsg".into()), FileId(0));
        assert!(composed.is_compatible(&Id::written(NSG)) && Id::written(NSG).is_compatible(&composed));
        assert!(!composed.is_compatible(&Id::written(&NSG.replace("/NSG", "/other"))));
        assert!(!Id::written(NSG).is_compatible(&Id::written(&NSG.replace("S1", "S2"))));
    }

    #[test]
    fn holes_match_what_their_known_ends_allow() {
        let id = holes(&[
            "/subscriptions/",
            "?sub",
            "/resourceGroups/",
            "?rg",
            "/providers/Microsoft.Network/networkSecurityGroups/n",
            "?x",
        ]);
        assert!(id.is_compatible(&Id::written(NSG)));
        assert!(!id.is_compatible(&Id::written(&NSG.replace("/NSG", "/other"))));
        let open = holes(&["?rg.id", "/providers/Microsoft.Network/networkSecurityGroups/nsg"]);
        assert!(open.is_compatible(&Id::written(NSG)));
        assert_eq!(open.last_name(), Some("nsg"));
    }

    #[test]
    fn children_and_parents_are_inverse() {
        for id in [
            Id::written(NSG),
            holes(&["?rg.id", "/providers/A.B/c/d"]),
            Id::composed("A.B/c", &Ok("d".into()), FileId(7)),
        ] {
            let child = id.child("securityRules", &Ok("r".into()));
            assert_eq!(child.parent().unwrap().key(), id.key());
            assert!(child.parent().unwrap().is_compatible(&id));
        }
    }

    #[test]
    fn a_child_written_whole_equals_one_made_from_its_parent() {
        let parent = Id::composed("A.B/c", &Ok("d".into()), FileId(0));
        let whole = Id::composed("A.B/c/e", &Ok("D/F".into()), FileId(0));
        assert_eq!(parent.child("e", &Ok("f".into())).key(), whole.key());
        let lost = Id::composed("A.B/c/e", &Err(Arc::new(unknown(&["?p", "/f"]))), FileId(0));
        assert!(lost.is_compatible(&whole) && lost.last_name() == Some("f"));
    }

    #[test]
    fn nothing_known_is_compatible_but_says_nothing() {
        assert!(!holes(&[]).says_something());
        assert!(Id::written(NSG).says_something());
    }
}
