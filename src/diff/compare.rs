//! Two runs compared.

use std::collections::BTreeMap;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::diff::model::{Diff, OpenPart, PlaceChange, Side, Texts, TrafficChange};
use crate::diff::pairs::{Pair, Place, pairs};
use crate::diff::requirements;
use crate::diff::traffic::{Source, turned};
use crate::estate::Estate;
use crate::finding::Outcome as FileOutcome;
use crate::lint::{Kept, Outcome};
use crate::net::Cloud;
use crate::proof::{End, FileNames, Traffic, Turn};
use crate::source::Files;

/// The two runs.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// Before the change.
    pub base: &'a Kept,
    /// What the paths of its files start with, which the head has otherwise.
    pub base_root: &'a str,
    /// What stands before paths of the base: the name of its commit, or nothing.
    pub base_label: &'a str,
    /// The folder of the repository that the paths of the base are seen from.
    pub base_folder: &'a str,
    /// After it.
    pub head: &'a Kept,
    /// The same of the head.
    pub head_root: &'a str,
    /// Both were read in the same way: equal texts mean the same on both sides. Not so of the two ends of one plan.
    pub read_alike: bool,
}

impl<'a> Sides<'a> {
    fn base(self) -> Texts<'a> {
        Texts {
            side: Side::Base,
            files: &self.base.outcome.files,
            root: self.base_root,
            label: self.base_label,
            folder: self.base_folder,
        }
    }

    fn head(self) -> Texts<'a> {
        Texts { side: Side::Head, files: &self.head.outcome.files, root: "", label: "", folder: "" }
    }
}

/// What the change from the base to the head does.
pub fn diff(sides: Sides<'_>) -> Diff {
    let mut diff = Diff::default();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    let rounds = rounds(sides, &mut diff);
    let base_names = file_names(&sides.base.outcome.files, sides.base_root);
    let head_names = file_names(&sides.head.outcome.files, sides.head_root);
    let same = sides.read_alike && same_texts(sides, &base_names, &head_names);
    let several = sides.base.estates.len() > 1 || sides.head.estates.len() > 1;
    for (label, base, head) in rounds {
        let pairs = pairs(base, head);
        diff.compared = diff.compared.max(pairs.len());
        for pair in &pairs {
            note_place(pair, &mut diff.places, &mut renamed);
        }
        let of_base = |cloud: Option<Cloud>| sides.base.tags.of(cloud).map(|file| &file.tags);
        let of_head = |cloud: Option<Cloud>| sides.head.tags.of(cloud).map(|file| &file.tags);
        let one = Source { files: sides.base(), estate: base, names: FileNames(&base_names), tags: &of_base };
        let two = Source { files: sides.head(), estate: head, names: FileNames(&head_names), tags: &of_head };
        if same {
            continue;
        }
        let found: Vec<(Vec<TrafficChange>, Vec<OpenPart>)> =
            pairs.par_iter().map(|pair| turned(one, two, pair)).collect();
        for (changes, open) in found {
            for mut change in changes {
                change.sets.extend(several.then(|| label.clone()));
                add(&mut diff.changes, change);
            }
            diff.open.extend(open);
        }
    }
    diff.open.extend(unread(sides));
    diff.places.sort();
    diff.places.dedup();
    diff.open.sort();
    diff.open.dedup();
    let (requirements, asked) = requirements::turned(
        (&sides.base.outcome.report, sides.base()),
        (&sides.head.outcome.report, sides.head()),
        &renamed,
    );
    (diff.requirements, diff.asked) = (requirements, asked);
    diff.changes.sort_by_key(rank);
    diff
}

/// What could not be read on one side, which therefore shows nothing of it.
fn unread(sides: Sides<'_>) -> Vec<OpenPart> {
    let both = [(&sides.base.outcome, "base"), (&sides.head.outcome, "head")];
    let of_side = |(outcome, side): (&Outcome, &str)| {
        let why = format!("it could not be read as a part of the {side}");
        let broken = outcome.report.files.iter().filter(|file| file.outcome == FileOutcome::Error);
        let folders = outcome.empty.iter().map(ToString::to_string);
        let all = broken.map(|file| file.name.clone()).chain(folders);
        all.map(|on| OpenPart { on, why: why.clone() }).collect::<Vec<_>>()
    };
    both.into_iter().flat_map(of_side).collect()
}

/// The names of files below a path.
fn file_names(files: &Files, root: &str) -> Vec<String> {
    let below = |name: &str| name.strip_prefix(root).unwrap_or(name).trim_start_matches('/').to_owned();
    files.ids().map(|file| below(files.name(file))).collect()
}

/// Whether both sides were made from the same texts under the same names: then nothing differs.
fn same_texts(sides: Sides<'_>, base_names: &[String], head_names: &[String]) -> bool {
    let (base, head) = (&sides.base.outcome.files, &sides.head.outcome.files);
    base_names == head_names && base.ids().zip(head.ids()).all(|(one, two)| base.text(one) == head.text(two))
}

/// What is sure before what is not, and of it what is opened to the internet first.
fn rank(change: &TrafficChange) -> (bool, bool, u8) {
    let turn = match change.turn {
        Turn::Opened => 0,
        Turn::Rerouted => 1,
        Turn::Closed => 2,
    };
    (!change.is_sure(), !change.opens_internet(), turn)
}

/// The estates of both sides by their parameter sets. One that only one side has is told.
fn rounds<'a>(sides: Sides<'a>, diff: &mut Diff) -> Vec<(String, &'a Estate, &'a Estate)> {
    let (left, right) = (&sides.base.estates, &sides.head.estates);
    if let ([(_, base)], [(label, head)]) = (&**left, &**right) {
        return vec![(label.clone(), base, head)];
    }
    let mut all = Vec::new();
    for (label, head) in right {
        match left.iter().find(|(other, _)| other == label) {
            Some((_, base)) => all.push((label.clone(), base, head)),
            None => diff.open.push(alone(label, "base")),
        }
    }
    let gone = left.iter().filter(|(label, _)| right.iter().all(|(other, _)| other != label));
    diff.open.extend(gone.map(|(label, _)| alone(label, "head")));
    all
}

fn alone(label: &str, side: &str) -> OpenPart {
    let on =
        if label.is_empty() { "templates without parameters".to_owned() } else { format!("parameter set {label}") };
    OpenPart { on, why: format!("the {side} does not have it, so there is nothing to compare it with") }
}

/// Tells of a place that is on one side only, or has another name there.
fn note_place(pair: &Pair, places: &mut Vec<PlaceChange>, renamed: &mut BTreeMap<String, String>) {
    let name = |place: &Option<Place>| place.as_ref().filter(|place| !place.mentioned).map(|place| place.name.clone());
    let (before, after) = (name(&pair.base), name(&pair.head));
    if before == after || (before.is_none() && pair.base.is_some()) || (after.is_none() && pair.head.is_some()) {
        return;
    }
    if let (Some(before), Some(after)) = (&before, &after) {
        if before.eq_ignore_ascii_case(after) {
            return;
        }
        renamed.insert(before.clone(), after.clone());
    }
    places.push(PlaceChange { kind: pair.kind.as_str(), before, after });
}

/// Adds a change to those that say the same of another place or parameter set.
fn add(all: &mut Vec<TrafficChange>, change: TrafficChange) {
    let same = |one: &&mut TrafficChange| {
        one.turn == change.turn
            && one.before == change.before
            && one.after == change.after
            && one.base == change.base
            && one.head == change.head
            && one.why == change.why
            && one.is_public == change.is_public
            && alike(&one.traffic, &change.traffic)
            && (one.on == change.on || one.sets == change.sets)
    };
    match all.iter_mut().find(same) {
        Some(one) => {
            for place in change.on {
                if !one.on.contains(&place) {
                    one.on.push(place);
                }
            }
            for set in change.sets {
                if !one.sets.contains(&set) {
                    one.sets.push(set);
                }
            }
        }
        None => all.push(change),
    }
}

/// Whether boxes are the same but for the addresses of the place they are told of.
fn alike(one: &[Traffic], two: &[Traffic]) -> bool {
    let end = |one: &End, two: &End| (one.is_place && two.is_place) || one == two;
    one.len() == two.len()
        && one.iter().zip(two).all(|(one, two)| {
            one.direction == two.direction
                && one.protocols == two.protocols
                && one.ports == two.ports
                && one.source_ports == two.source_ports
                && one.hosts == two.hosts
                && end(&one.from, &two.from)
                && end(&one.to, &two.to)
        })
}
