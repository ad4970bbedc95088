//! Resource ids taken apart, so that two spellings of one id can be told to be the same, or to be able to be the same.
//!
//! Which resource a mention leads to is decided by `build`.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::estate::resource::Field;
use crate::json::{self, Node, Reason, Unknown, Value};
use crate::source::FileId;

/// An id as a row of segments, any of which may be known in part only. An id and those it lies inside share the row.
#[derive(Clone, Debug)]
pub(crate) struct Id {
    /// Segments may be missing at its beginning.
    open: bool,
    /// A template names a resource group in it, which need not be the one it is deployed to.
    elsewhere: bool,
    /// Ends with its segments, a slash before each.
    key: Arc<str>,
    segments: Arc<[Segment]>,
    /// How many of the segments are its own.
    count: usize,
}

/// What stands between two slashes, in lower case: bytes of the key, and what they mean when they are known in part.
#[derive(Clone, Debug)]
struct Segment {
    start: u32,
    end: u32,
    bits: Option<Arc<[Bit]>>,
}

/// A segment, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    Known(&'a str),
    Partly(&'a [Bit]),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Bit {
    Text(Box<str>),
    Hole(Arc<str>),
}

/// A segment of an id to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Known(Box<str>),
    Partly(Vec<Bit>),
}

impl Id {
    /// An id as written. Without a slash in front its beginning counts as unknown.
    pub(crate) fn written(text: &str) -> Self {
        let open = !text.starts_with('/');
        let mut row = Row::new(if open { "~" } else { "" }, text.len() + 2);
        text.split('/').filter(|segment| !segment.is_empty()).for_each(|segment| row.known(segment));
        row.id(open)
    }

    /// An id only a deployment can tell in full.
    pub(crate) fn unknown(unknown: &Unknown) -> Self {
        if unknown.parts.is_empty() {
            return Row::new(&format!("{{{}}}", unknown.key), 0).id(true);
        }
        let open = !matches!(unknown.parts.first(), Some(json::Part::Text(text)) if text.starts_with('/'));
        let mut pieces = split(&unknown.parts);
        let mut scope = String::new();
        // What comes before the first slash may itself hold slashes: `[resourceGroup().id]`.
        if open && matches!(pieces.first(), Some(Piece::Partly(_))) {
            let mut row = Row::new("", 0);
            row.piece(pieces.remove(0));
            scope = row.key.split_off(1);
        }
        let elsewhere = !own_scope(&mut pieces, &unknown.parts);
        let mut row = Row::new(&scope, 64);
        pieces.into_iter().for_each(|piece| row.piece(piece));
        Self { elsewhere, ..row.id(open) }
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
            Ok(text) => text.split('/').map(|part| Piece::Known(part.into())).collect(),
            Err(unknown) if unknown.parts.is_empty() => vec![Piece::hole(&unknown.key)],
            Err(unknown) => split(&unknown.parts),
        };
        let (namespace, kinds) = type_name.split_once('/').map_or((type_name, None), |(one, rest)| (one, Some(rest)));
        let kinds: Vec<&str> = kinds.into_iter().flat_map(|kinds| kinds.split('/')).collect();
        let mut row = Row::new(&format!("~{}", file.0), type_name.len() + 64);
        // A name with fewer segments than its type has lost its front: what is left belongs to the last types.
        let missing = kinds.len().saturating_sub(names.len());
        if missing == 0 {
            row.known(namespace);
        }
        let surplus = names.len().saturating_sub(kinds.len());
        for (kind, name) in kinds.into_iter().skip(missing).zip(names.into_iter().skip(surplus)) {
            row.known(kind);
            row.piece(name);
        }
        row.id(true)
    }

    /// The id of a child: `kind` such as `subnets`, and its name.
    pub(crate) fn child(&self, kind: &str, name: &Result<Arc<str>, Arc<Unknown>>) -> Self {
        let mut row = Row::new(&self.key, kind.len() + 32);
        row.segments.extend_from_slice(&self.segments[..self.count]);
        row.known(kind);
        match name {
            Ok(text) => row.known(short_name(text)),
            Err(unknown) => row.piece(split(&unknown.parts).pop().unwrap_or_else(|| Piece::hole(&unknown.key))),
        }
        Self { elsewhere: self.elsewhere, ..row.id(self.open) }
    }

    /// The id without its last type and name; `None` when nothing is left that says what it is.
    pub(crate) fn parent(&self) -> Option<Self> {
        let count = self.count.checked_sub(2).filter(|count| *count >= 2 || self.open)?;
        // The slash before a segment is no part of it.
        let key = self.key.get(..(self.segments[count].start as usize).checked_sub(1)?)?;
        Some(Self { key: Arc::from(key), count, segments: Arc::clone(&self.segments), ..*self })
    }

    /// Equal keys mean the same resource.
    pub(crate) fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// The segment so far from the last one.
    fn back(&self, from_end: usize) -> Option<Part<'_>> {
        self.count.checked_sub(from_end + 1).map(|at| self.part(&self.segments[at]))
    }

    fn part<'a>(&'a self, segment: &'a Segment) -> Part<'a> {
        match &segment.bits {
            None => Part::Known(&self.key[segment.start as usize..segment.end as usize]),
            Some(bits) => Part::Partly(bits),
        }
    }

    /// Its segments, the first one first.
    fn parts(&self) -> impl DoubleEndedIterator<Item = Part<'_>> {
        self.segments[..self.count].iter().map(|segment| self.part(segment))
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
        let length = self.count - at - 1;
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
                let (one, two) = (template_of_bits(one), template_of_bits(two));
                one.zip(two).is_some_and(|(one, two)| one != two)
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
        matches!(self.back(0), Some(Part::Partly([Bit::Hole(_)])))
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

/// An id in the making.
struct Row {
    key: String,
    segments: Vec<Segment>,
}

impl Row {
    /// `more`: about how many bytes will follow what stands before the first segment.
    fn new(scope: &str, more: usize) -> Self {
        let mut key = String::with_capacity(scope.len() + more);
        key.push_str(scope);
        Self { key, segments: Vec::with_capacity(12) }
    }

    fn known(&mut self, text: &str) {
        self.key.push('/');
        let start = self.key.len();
        self.key.push_str(text);
        self.key[start..].make_ascii_lowercase();
        self.close(start, None);
    }

    fn piece(&mut self, piece: Piece) {
        let bits = match piece {
            Piece::Known(text) => return self.known(&text),
            Piece::Partly(bits) => bits,
        };
        self.key.push('/');
        let start = self.key.len();
        for bit in &bits {
            match bit {
                Bit::Text(text) => self.key.push_str(text),
                Bit::Hole(key) => {
                    self.key.push('{');
                    self.key.push_str(key);
                    self.key.push('}');
                }
            }
        }
        self.close(start, Some(bits.into()));
    }

    fn close(&mut self, start: usize, bits: Option<Arc<[Bit]>>) {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.segments.push(Segment { start: byte(start), end: byte(self.key.len()), bits });
    }

    fn id(self, open: bool) -> Id {
        let Self { key, segments } = self;
        Id { open, elsewhere: false, key: key.into(), count: segments.len(), segments: segments.into() }
    }
}

impl Piece {
    fn hole(key: &Arc<str>) -> Self {
        Self::Partly(vec![Bit::Hole(Arc::clone(key))])
    }

    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Known(text) if **text == *word)
    }
}

impl<'a> Part<'a> {
    fn known(self) -> Option<&'a str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Partly(_) => None,
        }
    }

    /// Whether some values of the holes make both the same; errs on the side of yes.
    fn may_equal(self, other: Self) -> bool {
        match (self, other) {
            (Self::Known(one), Self::Known(two)) => one == two,
            (Self::Known(text), Self::Partly(bits)) | (Self::Partly(bits), Self::Known(text)) => {
                let (prefix, suffix) = ends(bits);
                text.len() >= prefix.len() + suffix.len() && text.starts_with(prefix) && text.ends_with(suffix)
            }
            (Self::Partly(one), Self::Partly(two)) => {
                let ((first, last), (prefix, suffix)) = (ends(one), ends(two));
                (first.starts_with(prefix) || prefix.starts_with(first))
                    && (last.ends_with(suffix) || suffix.ends_with(last))
            }
        }
    }
}

/// The template of the run that an unknown value belongs to, as its key says (`parameters:name@FILE/…`).
fn template_of(key: &str) -> Option<&str> {
    let (_, place) = key.rsplit_once('@')?;
    let end = place.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(place.len());
    (end > 0).then(|| &place[..end])
}

/// The template of the first hole that tells its own.
fn template_of_bits(bits: &[Bit]) -> Option<&str> {
    bits.iter().find_map(|bit| match bit {
        Bit::Hole(key) => template_of(key),
        Bit::Text(_) => None,
    })
}

/// The known text before the first hole and after the last.
fn ends(bits: &[Bit]) -> (&str, &str) {
    fn text(bit: Option<&Bit>) -> &str {
        match bit {
            Some(Bit::Text(text)) => text,
            _ => "",
        }
    }
    (text(bits.first()), text(bits.last()))
}

/// Cuts a text with holes at its slashes; a hole itself holds none.
fn split(parts: &[json::Part]) -> Vec<Piece> {
    let mut segments = Vec::new();
    let mut bits: Vec<Bit> = Vec::new();
    let mut close = |bits: &mut Vec<Bit>| match &mut bits[..] {
        [] => {}
        [Bit::Text(text)] => {
            segments.push(Piece::Known(std::mem::take(text)));
            bits.clear();
        }
        _ => segments.push(Piece::Partly(std::mem::take(bits))),
    };
    for part in parts {
        match part {
            json::Part::Hole(hole) => bits.push(Bit::Hole(Arc::clone(&hole.key))),
            json::Part::Text(text) => {
                for (index, piece) in text.to_ascii_lowercase().split('/').enumerate() {
                    if index > 0 {
                        close(&mut bits);
                    }
                    match bits.last_mut() {
                        _ if piece.is_empty() => {}
                        Some(Bit::Text(before)) => *before = format!("{before}{piece}").into(),
                        _ => bits.push(Bit::Text(piece.into())),
                    }
                }
            }
        }
    }
    close(&mut bits);
    segments
}

/// The subscription and group of a deployment are the same all through one run of one template, and anything in another:
/// templates that only lie in one folder must not be taken for one deployment. The place of such a hole is its template.
/// Answers whether the group, where one is named, is the deployment's own.
fn own_scope(segments: &mut [Piece], parts: &[json::Part]) -> bool {
    let mut is_own = segments.get(2).is_none_or(|before| !before.is("resourcegroups"));
    let holes = parts.iter().filter_map(|part| match part {
        json::Part::Hole(hole) if matches!(hole.reason, Reason::Context(_)) => Some(hole),
        _ => None,
    });
    for hole in holes {
        for (at, kind) in [(1, "subscriptions"), (3, "resourcegroups")] {
            let follows = segments.get(at - 1).is_some_and(|before| before.is(kind));
            if let Some(Piece::Partly(bits)) = segments.get_mut(at).filter(|_| follows)
                && let [Bit::Hole(key)] = &mut bits[..]
                && *key == hole.key
            {
                *key = Arc::from(format!("{}@{}", hole.key, hole.span.file.0));
                is_own |= at == 3;
            }
        }
    }
    is_own
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
