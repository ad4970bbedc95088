//! Resource ids taken apart, so that two spellings of one id can be told to be the same, or to be able to be the same.
//!
//! Which resource a mention leads to is decided by `build`.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::estate::resource::Field;
use crate::json::{Node, Part, Reason, Unknown, Value};
use crate::source::FileId;

/// An id as a row of segments, any of which may be known in part only.
#[derive(Clone, Debug)]
pub(crate) struct Id {
    /// Segments may be missing at its beginning.
    open: bool,
    /// A template names a resource group in it, which need not be the one it is deployed to.
    elsewhere: bool,
    segments: Vec<Segment>,
    key: Arc<str>,
}

/// What stands between two slashes, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Known(Box<str>),
    Partly(Vec<Bit>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Bit {
    Text(Box<str>),
    Hole(Arc<str>),
}

impl Id {
    /// An id as written. Without a slash in front its beginning counts as unknown.
    pub(crate) fn written(text: &str) -> Self {
        let open = !text.starts_with('/');
        let lower = text.to_ascii_lowercase();
        let segments = lower.split('/').filter(|segment| !segment.is_empty()).map(|text| Segment::Known(text.into()));
        Self::new(open, segments.collect(), if open { "~" } else { "" })
    }

    /// An id only a deployment can tell in full.
    pub(crate) fn unknown(unknown: &Unknown) -> Self {
        if unknown.parts.is_empty() {
            let key = Arc::from(format!("{{{}}}", unknown.key));
            return Self { open: true, elsewhere: false, segments: Vec::new(), key };
        }
        let open = !matches!(unknown.parts.first(), Some(Part::Text(text)) if text.starts_with('/'));
        let mut segments = split(&unknown.parts);
        let mut scope = String::new();
        // What comes before the first slash may itself hold slashes: `[resourceGroup().id]`.
        if open && matches!(segments.first(), Some(Segment::Partly(_))) {
            scope = segments.remove(0).to_string();
        }
        let elsewhere = !own_scope(&mut segments, &unknown.parts);
        Self { elsewhere, ..Self::new(open, segments, &scope) }
    }

    /// The id that a value mentions; `None` when it is neither a text nor unknown.
    pub(crate) fn of_value(value: &Node) -> Option<Self> {
        text_or_unknown(value).map(|value| Self::told(&value))
    }

    /// The id of a mention.
    pub(crate) fn of(field: &Field<Arc<str>>) -> Self {
        Self::told(&field.value)
    }

    fn told(value: &Result<Arc<str>, Arc<Unknown>>) -> Self {
        match value {
            Ok(text) => Self::written(text),
            Err(unknown) => Self::unknown(unknown),
        }
    }

    /// The id of a resource that shows none: its type and name, where `file` stands for subscription and group.
    pub(crate) fn composed(type_name: &str, name: &Result<Arc<str>, Arc<Unknown>>, file: FileId) -> Self {
        let names = match name {
            Ok(text) => text.split('/').map(|part| Segment::Known(part.to_ascii_lowercase().into())).collect(),
            Err(unknown) if unknown.parts.is_empty() => vec![Segment::hole(&unknown.key)],
            Err(unknown) => split(&unknown.parts),
        };
        let types: Vec<Segment> =
            type_name.split('/').map(|part| Segment::Known(part.to_ascii_lowercase().into())).collect();
        let Some((namespace, kinds)) = types.split_first() else { return Self::new(true, names, "~") };
        // A name with fewer segments than its type has lost its front: what is left belongs to the last types.
        let missing = kinds.len().saturating_sub(names.len());
        let mut segments = Vec::with_capacity(2 * kinds.len() + 1);
        if missing == 0 {
            segments.push(namespace.clone());
        }
        let surplus = names.len().saturating_sub(kinds.len());
        for (kind, name) in kinds.iter().skip(missing).zip(names.into_iter().skip(surplus)) {
            segments.push(kind.clone());
            segments.push(name);
        }
        Self::new(true, segments, &format!("~{}", file.0))
    }

    /// The id of a child: `kind` such as `subnets`, and its name.
    pub(crate) fn child(&self, kind: &str, name: &Result<Arc<str>, Arc<Unknown>>) -> Self {
        let name = match name {
            Ok(text) => Segment::Known(short_name(text).to_ascii_lowercase().into()),
            Err(unknown) if unknown.parts.is_empty() => Segment::hole(&unknown.key),
            Err(unknown) => split(&unknown.parts).pop().unwrap_or_else(|| Segment::hole(&unknown.key)),
        };
        let mut segments = self.segments.clone();
        let kind = kind.to_ascii_lowercase();
        let key = Arc::from(format!("{}/{kind}/{name}", self.key));
        segments.extend([Segment::Known(kind.into()), name]);
        Self { segments, key, ..self.clone() }
    }

    /// The id without its last type and name; `None` when nothing is left that says what it is.
    pub(crate) fn parent(&self) -> Option<Self> {
        let kept = self.segments.len().checked_sub(2).filter(|kept| *kept >= 2 || self.open)?;
        let cut: usize = self.segments[kept..].iter().map(|segment| segment.to_string().len() + 1).sum();
        let key = self.key.get(..self.key.len().checked_sub(cut)?)?;
        Some(Self { segments: self.segments[..kept].to_vec(), key: Arc::from(key), ..self.clone() })
    }

    /// Equal keys mean the same resource.
    pub(crate) fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// Its last name, in lower case, when that is known.
    pub(crate) fn last_name(&self) -> Option<&str> {
        match self.segments.last() {
            Some(Segment::Known(name)) => Some(name),
            _ => None,
        }
    }

    /// What stands before its last type: the parent's name, or the namespace; when that is known.
    pub(crate) fn context(&self) -> Option<&str> {
        match self.segments.len().checked_sub(3).map(|at| &self.segments[at]) {
            Some(Segment::Known(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether all that both say is the same, holes included.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.segments.iter().rev().zip(other.segments.iter().rev()).all(|(one, two)| one == two)
    }

    /// Whether anything at all is known of it: a type, or a type and a name.
    pub(crate) fn says_something(&self) -> bool {
        self.segments.len() >= 2 && matches!(self.segments[self.segments.len() - 2], Segment::Known(_))
    }

    /// Its resource type in lower case, such as `microsoft.network/virtualnetworks/subnets`.
    pub(crate) fn type_name(&self) -> Option<String> {
        let known = |segment: &Segment| match segment {
            Segment::Known(text) => Some(text.clone()),
            Segment::Partly(_) => None,
        };
        let at = self.segments.iter().rposition(|segment| *segment == Segment::Known("providers".into()))?;
        let rest = &self.segments[at + 1..];
        if rest.len() < 3 || rest.len().is_multiple_of(2) {
            return None;
        }
        let mut name = known(&rest[0])?.into_string();
        for kind in rest[1..].iter().step_by(2) {
            name.push('/');
            name.push_str(&known(kind)?);
        }
        Some(name)
    }

    /// Whether both end in names of which different templates of the run know a part only: what one template does not
    /// know is not what another one does not know.
    pub(crate) fn is_stranger(&self, other: &Self) -> bool {
        match (self.segments.last(), other.segments.last()) {
            (Some(Segment::Partly(one)), Some(Segment::Partly(two))) if one != two => {
                let keys =
                    |bit: &Bit| if let Bit::Hole(key) = bit { template_of(key).map(str::to_owned) } else { None };
                let (one, two) = (one.iter().find_map(keys), two.iter().find_map(keys));
                one.zip(two).is_some_and(|(one, two)| one != two)
            }
            _ => false,
        }
    }

    /// Whether both end in the same name: what is not known of it is the same in both. Names that only may be equal are
    /// names of two resources as well.
    pub(crate) fn is_named_as(&self, other: &Self) -> bool {
        self.segments.last() == other.segments.last()
    }

    /// Whether one of them names a resource group which may be another one than that of the other.
    pub(crate) fn may_be_elsewhere(&self, other: &Self) -> bool {
        let is_open = |id: &Self| id.open || matches!(id.segments.get(3), Some(Segment::Partly(_)));
        let differ = self.segments.get(3) != other.segments.get(3);
        (self.elsewhere || other.elsewhere) && (is_open(self) || is_open(other)) && differ
    }

    /// Whether nothing is known of its last name.
    pub(crate) fn is_nameless(&self) -> bool {
        matches!(self.segments.last(), Some(Segment::Partly(bits)) if matches!(bits[..], [Bit::Hole(_)]))
    }

    /// Whether both may be the id of one resource: what is known of both agrees.
    pub(crate) fn is_compatible(&self, other: &Self) -> bool {
        let agree = self.segments.iter().rev().zip(other.segments.iter().rev()).all(|(one, two)| one.may_equal(two));
        agree
            && match self.segments.len().cmp(&other.segments.len()) {
                Ordering::Less => self.open,
                Ordering::Equal => true,
                Ordering::Greater => other.open,
            }
    }

    fn new(open: bool, segments: Vec<Segment>, scope: &str) -> Self {
        let mut key = scope.to_owned();
        for segment in &segments {
            key.push('/');
            key.push_str(&segment.to_string());
        }
        Self { open, elsewhere: false, segments, key: Arc::from(key) }
    }
}

impl std::fmt::Display for Segment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(text) => out.write_str(text),
            Self::Partly(bits) => bits.iter().try_for_each(|bit| match bit {
                Bit::Text(text) => out.write_str(text),
                Bit::Hole(key) => write!(out, "{{{key}}}"),
            }),
        }
    }
}

impl Segment {
    fn hole(key: &Arc<str>) -> Self {
        Self::Partly(vec![Bit::Hole(Arc::clone(key))])
    }

    /// Whether some values of the holes make both the same; errs on the side of yes.
    fn may_equal(&self, other: &Self) -> bool {
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
fn split(parts: &[Part]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut bits: Vec<Bit> = Vec::new();
    let mut close = |bits: &mut Vec<Bit>| match &mut bits[..] {
        [] => {}
        [Bit::Text(text)] => {
            segments.push(Segment::Known(std::mem::take(text)));
            bits.clear();
        }
        _ => segments.push(Segment::Partly(std::mem::take(bits))),
    };
    for part in parts {
        match part {
            Part::Hole(hole) => bits.push(Bit::Hole(Arc::clone(&hole.key))),
            Part::Text(text) => {
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
fn own_scope(segments: &mut [Segment], parts: &[Part]) -> bool {
    let mut is_own = segments.get(2).is_none_or(|before| *before != Segment::Known("resourcegroups".into()));
    let holes = parts.iter().filter_map(|part| match part {
        Part::Hole(hole) if matches!(hole.reason, Reason::Context(_)) => Some(hole),
        _ => None,
    });
    for hole in holes {
        for (at, kind) in [(1, "subscriptions"), (3, "resourcegroups")] {
            let follows = segments.get(at - 1).is_some_and(|before| *before == Segment::Known(kind.into()));
            if let Some(Segment::Partly(bits)) = segments.get_mut(at).filter(|_| follows)
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
        Some(Part::Text(text)) => text.rsplit_once('/').map(|(_, last)| Arc::from(last)),
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
