//! The text of an id and where its segments stand in it: what an id is made in, and what two of them are compared by.

use std::ops::Range;

use crate::json::{Part as Piece, Reason, Unknown};

/// A text in the making, a slash before each of its segments, and all of it in lower case but what stands for holes.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) bits: Vec<Bit>,
    /// How many segments there are.
    pub(crate) count: usize,
}

/// Bytes of the text: a segment, or a piece of one that is known in part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bit {
    start: u32,
    end: u32,
    /// It stands for what is not known: a key in braces.
    is_hole: bool,
    /// A segment begins with it.
    opens: bool,
}

/// A segment, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Known(&'a str),
    Partly(Bits<'a>),
}

/// The pieces of a segment that is known in part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits<'a> {
    key: &'a str,
    bits: &'a [Bit],
}

impl Bit {
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Row {
    /// `more`: about how many bytes will follow what stands before the first segment.
    pub(crate) fn new(scope: &str, more: usize) -> Self {
        let mut key = String::with_capacity(scope.len() + more);
        key.push_str(scope);
        Self { key, bits: Vec::with_capacity(12), count: 0 }
    }

    /// The segments of a text with holes; a hole itself holds no slash.
    pub(crate) fn of(pieces: &[Piece]) -> Self {
        let length = |piece: &Piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Hole(hole) => hole.key.len() + 8,
        };
        let mut row = Self::new("", pieces.iter().map(length).sum::<usize>() + 1);
        let mut is_open = false;
        for piece in pieces {
            match piece {
                Piece::Hole(hole) => {
                    row.begin(is_open);
                    row.hole(&hole.key, !is_open);
                    is_open = true;
                }
                Piece::Text(text) => {
                    for (at, text) in text.split('/').enumerate() {
                        is_open &= at == 0;
                        if !text.is_empty() {
                            row.begin(is_open);
                            row.text(text, !is_open);
                            is_open = true;
                        }
                    }
                }
            }
        }
        row
    }

    /// The segments of a name that only a deployment can tell in full; one where nothing is known of it.
    pub(crate) fn of_unknown(unknown: &Unknown) -> Self {
        let mut row = Self::of(&unknown.parts);
        if unknown.parts.is_empty() {
            row.unknown(&unknown.key);
        }
        row
    }

    fn begin(&mut self, is_open: bool) {
        if !is_open {
            self.key.push('/');
            self.count += 1;
        }
    }

    /// A segment that is known.
    pub(crate) fn known(&mut self, text: &str) {
        self.key.push('/');
        self.count += 1;
        let start = self.key.len();
        self.lower(text);
        self.bit(start, false, true);
    }

    /// A segment of which nothing is known.
    pub(crate) fn unknown(&mut self, key: &str) {
        self.key.push('/');
        self.count += 1;
        self.hole(key, true);
    }

    /// A segment of another row.
    pub(crate) fn copy(&mut self, other: &Self, at: usize) {
        self.key.push('/');
        self.count += 1;
        for bit in &other.bits[other.segment(at)] {
            let start = self.key.len();
            self.key.push_str(&other.key[bit.range()]);
            self.bit(start, bit.is_hole, bit.opens);
        }
    }

    /// Takes the first segment from the others where it is known in part: it may hold slashes that are not known.
    pub(crate) fn part_from_front(&mut self) {
        let first = self.segment(0);
        if !matches!(self.part(first.clone()), Some(Part::Partly(_))) {
            return;
        }
        self.bits.drain(first);
        self.count -= 1;
        self.key.remove(0);
        for bit in &mut self.bits {
            bit.start -= 1;
            bit.end -= 1;
        }
    }

    /// The subscription and group of a deployment are the same all through one run of one template, and anything in
    /// another: templates that only lie in one folder must not be taken for one deployment. The place of such a hole is
    /// its template. Answers whether the group, where one is named, is the deployment's own.
    pub(crate) fn own_scope(&mut self, pieces: &[Piece]) -> bool {
        // Where the first four segments begin, and where the fourth ends.
        let mut starts = [self.bits.len(); 5];
        let opening = (0..self.bits.len()).filter(|at| self.bits[*at].opens);
        starts.iter_mut().zip(opening).for_each(|(start, at)| *start = at);
        let is_kind =
            |row: &Self, at: usize, kind: &str| row.part(starts[at]..starts[at + 1]) == Some(Part::Known(kind));
        let is_named = is_kind(self, 2, "resourcegroups");
        let is_own_group = is_named && self.own_hole(starts[3]..starts[4], pieces);
        if is_kind(self, 0, "subscriptions") {
            self.own_hole(starts[1]..starts[2], pieces);
        }
        !is_named || is_own_group
    }

    /// Tells the hole that a segment is, where it is the deployment's own, from that of another template.
    fn own_hole(&mut self, segment: Range<usize>, pieces: &[Piece]) -> bool {
        let Some(Part::Partly(bits)) = self.part(segment.clone()) else { return false };
        let Some(hole) = bits.only_hole().and_then(|key| context(pieces, key)) else { return false };
        let more = format!("@{}", hole.span.file.0);
        self.key.insert_str(self.bits[segment.start].end as usize - 1, &more);
        let length = byte(more.len());
        self.bits[segment.start].end += length;
        for bit in &mut self.bits[segment.start + 1..] {
            bit.start += length;
            bit.end += length;
        }
        true
    }

    fn text(&mut self, text: &str, opens: bool) {
        let start = self.key.len();
        self.lower(text);
        match self.bits.last_mut().filter(|last| !opens && !last.is_hole) {
            Some(last) => last.end = byte(self.key.len()),
            None => self.bit(start, false, opens),
        }
    }

    fn hole(&mut self, key: &str, opens: bool) {
        let start = self.key.len();
        self.key.push('{');
        self.key.push_str(key);
        self.key.push('}');
        self.bit(start, true, opens);
    }

    fn lower(&mut self, text: &str) {
        let start = self.key.len();
        self.key.push_str(text);
        self.key[start..].make_ascii_lowercase();
    }

    fn bit(&mut self, start: usize, is_hole: bool, opens: bool) {
        self.bits.push(Bit { start: byte(start), end: byte(self.key.len()), is_hole, opens });
    }

    /// The bits of a segment; none where there is none.
    fn segment(&self, at: usize) -> Range<usize> {
        let mut starts = (0..self.bits.len()).filter(|at| self.bits[*at].opens).skip(at);
        let start = starts.next().unwrap_or(self.bits.len());
        start..starts.next().unwrap_or(self.bits.len())
    }

    fn part(&self, bits: Range<usize>) -> Option<Part<'_>> {
        Some(&self.bits[bits]).filter(|bits| !bits.is_empty()).map(|bits| part(&self.key, bits))
    }
}

/// Where a byte stands.
fn byte(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The hole of this key that stands for what is the deployment's own.
fn context<'p>(pieces: &'p [Piece], key: &str) -> Option<&'p Unknown> {
    pieces.iter().find_map(|piece| match piece {
        Piece::Hole(hole) if matches!(hole.reason, Reason::Context(_)) && *hole.key == *key => Some(&**hole),
        _ => None,
    })
}

/// The segments of a text, the first one first.
pub(crate) fn parts<'a>(key: &'a str, bits: &'a [Bit]) -> impl DoubleEndedIterator<Item = Part<'a>> {
    bits.chunk_by(|_, next| !next.opens).map(move |bits| part(key, bits))
}

/// The last bits before those of so many segments from the end.
pub(crate) fn without_last(bits: &[Bit], segments: usize) -> Option<usize> {
    let starts = (0..bits.len()).rev().filter(|at| bits[*at].opens);
    starts.take(segments).nth(segments - 1)
}

fn part<'a>(key: &'a str, bits: &'a [Bit]) -> Part<'a> {
    match bits {
        [bit] if !bit.is_hole => Part::Known(&key[bit.range()]),
        _ => Part::Partly(Bits { key, bits }),
    }
}

impl<'a> Part<'a> {
    pub(crate) fn known(self) -> Option<&'a str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Partly(_) => None,
        }
    }

    /// Whether some values of the holes make both the same; errs on the side of yes.
    pub(crate) fn may_equal(self, other: Self) -> bool {
        match (self, other) {
            (Self::Known(one), Self::Known(two)) => one == two,
            (Self::Known(text), Self::Partly(bits)) | (Self::Partly(bits), Self::Known(text)) => {
                let (prefix, suffix) = bits.ends();
                text.len() >= prefix.len() + suffix.len() && text.starts_with(prefix) && text.ends_with(suffix)
            }
            (Self::Partly(one), Self::Partly(two)) => {
                let ((first, last), (prefix, suffix)) = (one.ends(), two.ends());
                (first.starts_with(prefix) || prefix.starts_with(first))
                    && (last.ends_with(suffix) || suffix.ends_with(last))
            }
        }
    }
}

impl<'a> Bits<'a> {
    /// The known text before the first hole and after the last.
    fn ends(self) -> (&'a str, &'a str) {
        let text = |bit: Option<&Bit>| bit.filter(|bit| !bit.is_hole).map_or("", |bit| &self.key[bit.range()]);
        (text(self.bits.first()), text(self.bits.last()))
    }

    /// The keys of the holes.
    fn holes(self) -> impl Iterator<Item = &'a str> {
        let key = move |range: Range<usize>| &self.key[range.start + 1..range.end - 1];
        self.bits.iter().filter(|bit| bit.is_hole).map(move |bit| key(bit.range()))
    }

    /// The key of the hole that this is nothing but.
    pub(crate) fn only_hole(self) -> Option<&'a str> {
        self.holes().next().filter(|_| self.bits.len() == 1)
    }

    /// The template of the run that the first hole which tells its own belongs to.
    pub(crate) fn template(self) -> Option<&'a str> {
        self.holes().find_map(template_of)
    }
}

impl PartialEq for Bits<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same =
            |(one, two): (&Bit, &Bit)| one.is_hole == two.is_hole && self.key[one.range()] == other.key[two.range()];
        self.bits.len() == other.bits.len() && self.bits.iter().zip(other.bits).all(same)
    }
}

impl Eq for Bits<'_> {}

/// The template of the run that an unknown value belongs to, as its key says (`parameters:name@FILE/…`).
fn template_of(key: &str) -> Option<&str> {
    let (_, place) = key.rsplit_once('@')?;
    let end = place.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(place.len());
    (end > 0).then(|| &place[..end])
}
