//! A difference as data: what every format shows, the worst first, places as paths, lines and columns of their side.

use crate::finding::{Applies, Packet, Verdict};
use crate::proof::{Fate, Traffic, Turn};
use crate::source::{Files, Position, Span, path_parts};

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Before the change.
    Base,
    /// After it.
    Head,
}

impl Side {
    /// The word users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Head => "head",
        }
    }
}

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// On which side.
    pub side: Side,
    /// The path of the file; of a commit with its name in front.
    pub path: String,
    /// The lines and columns.
    pub position: Position,
}

/// The texts of one side, and what their places are told by.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) side: Side,
    pub(crate) files: &'a Files,
    /// What the names start with that is not told.
    pub(crate) root: &'a str,
    /// What is told instead: the name of a commit.
    pub(crate) label: &'a str,
    /// The folder of the repository that the names are seen from.
    pub(crate) folder: &'a str,
}

impl Texts<'_> {
    /// The place of a span.
    pub(crate) fn place(self, span: Span) -> Location {
        let name = self.files.name(span.file);
        let path = match name.strip_prefix(self.root) {
            Some(below) if !self.label.is_empty() => {
                let below = format!("{}/{below}", self.folder);
                format!("{}{}", self.label, path_parts(below.trim_start_matches('/')).join("/"))
            }
            _ => name.to_owned(),
        };
        Location { side: self.side, path, position: self.files.position(span) }
    }
}

impl Location {
    /// `path:line:column`.
    pub fn text(&self) -> String {
        format!("{}:{}", self.path, self.position)
    }
}

/// A rule or route that decides on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The layer it is in: `nsg`, `route`, `firewall`, ….
    pub layer: &'static str,
    /// Its kind: `rule`, `built-in`, `route`, `system-route`, `firewall-rule`, `unknown`, ….
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its priority, where it has one.
    pub priority: Option<i64>,
    /// Where it is written; `None` for what Azure adds by itself.
    pub place: Option<Location>,
}

/// Why something cannot be told, and what would settle it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// What is not known.
    pub text: String,
    /// What would settle it.
    pub settle: Option<String>,
    /// Where that is written.
    pub place: Option<Location>,
}

/// A requirement whose verdict changed.
#[derive(Clone, Debug)]
pub struct RequirementChange {
    /// The placement: `azureml-compute@vnet/snet`.
    pub placement: String,
    /// The rule that asks for it.
    pub rule: String,
    /// The requirement in words.
    pub flow: String,
    /// The verdict on the base; `None`: it was not asked for.
    pub before: Option<Verdict>,
    /// The verdict on the head; `None`: it is not asked for any more.
    pub after: Option<Verdict>,
    /// Whether it applies on the head.
    pub applies: Applies,
    /// Its traffic flows whatever the verdict is.
    pub advice: bool,
    /// Who decides on the base.
    pub base: Vec<Line>,
    /// Who decides on the head.
    pub head: Vec<Line>,
    /// A packet that shows the verdict of the head.
    pub witness: Option<Packet>,
    /// What the verdict of the head rests on, or what would settle it.
    pub why: Vec<String>,
}

impl RequirementChange {
    /// It is violated now and was not before, and its traffic is known to be needed.
    pub fn is_broken(&self) -> bool {
        self.after == Some(Verdict::Violated)
            && self.before != Some(Verdict::Violated)
            && self.applies == Applies::Yes
            && !self.advice
    }

    /// It was satisfied, and is no longer known to be.
    pub fn is_lost(&self) -> bool {
        self.before == Some(Verdict::Satisfied)
            && matches!(self.after, Some(Verdict::Violated | Verdict::Undecided))
            && !self.advice
    }

    /// It is satisfied now and was not before.
    pub fn is_mended(&self) -> bool {
        self.after == Some(Verdict::Satisfied)
    }
}

/// Traffic that turned.
#[derive(Clone, Debug)]
pub struct TrafficChange {
    /// Which way.
    pub turn: Turn,
    /// Where: the kind and the name of each place of which it holds.
    pub on: Vec<(&'static str, String)>,
    /// The parameter sets it holds for; empty where there is only one.
    pub sets: Vec<String>,
    /// What became of it on the base.
    pub before: Fate,
    /// What becomes of it on the head.
    pub after: Fate,
    /// The packets, exactly.
    pub traffic: Vec<Traffic>,
    /// The line that decides on the base; `None`: the place was not there.
    pub base: Option<Line>,
    /// The line that decides on the head; `None`: the place is gone.
    pub head: Option<Line>,
    /// One packet of it.
    pub witness: Packet,
    /// What it depends on; empty: it is sure.
    pub why: Vec<Why>,
    /// Some of it comes from the internet or goes there.
    pub is_public: bool,
    /// Where the first of its places is written.
    pub anchor: Option<Location>,
}

impl TrafficChange {
    /// Whether it is sure: else it depends on `why`.
    pub fn is_sure(&self) -> bool {
        self.why.is_empty()
    }

    /// It lets more come from the internet, or go there, than before.
    pub fn opens_internet(&self) -> bool {
        self.is_public && (self.turn == Turn::Opened || (self.turn == Turn::Rerouted && self.after == Fate::Internet))
    }
}

/// A place that is on one side only, or has another name there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceChange {
    /// Its kind: `subnet`, `nsg`, ….
    pub kind: &'static str,
    /// Its name on the base; `None`: it is not there.
    pub before: Option<String>,
    /// Its name on the head; `None`: it is gone.
    pub after: Option<String>,
}

/// A part that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenPart {
    /// What it is about.
    pub on: String,
    /// Why.
    pub why: String,
}

/// What a change does.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// Requirements whose verdict changed: broken ones first.
    pub requirements: Vec<RequirementChange>,
    /// Traffic that turned: what is opened to the internet first, what is not sure last.
    pub changes: Vec<TrafficChange>,
    /// Places that are new, gone or renamed.
    pub places: Vec<PlaceChange>,
    /// What could not be compared.
    pub open: Vec<OpenPart>,
    /// How many places were compared.
    pub compared: usize,
    /// How many requirements were compared.
    pub asked: usize,
}

/// How many changes there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requirements broken.
    pub broken: usize,
    /// Requirements mended.
    pub mended: usize,
    /// Requirements that turned in another way.
    pub turned: usize,
    /// Traffic opened to the internet.
    pub opened_internet: usize,
    /// Other traffic opened.
    pub opened: usize,
    /// Traffic closed.
    pub closed: usize,
    /// Traffic that takes another way.
    pub rerouted: usize,
    /// Traffic of which it cannot be told, and parts that could not be compared.
    pub undecided: usize,
}

impl Diff {
    /// Counts the changes.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { undecided: self.open.len(), ..Counts::default() };
        for one in &self.requirements {
            let count = match () {
                () if one.is_broken() => &mut counts.broken,
                () if one.is_mended() => &mut counts.mended,
                () => &mut counts.turned,
            };
            *count += 1;
        }
        for one in &self.changes {
            let count = match one.turn {
                _ if !one.is_sure() => &mut counts.undecided,
                _ if one.opens_internet() => &mut counts.opened_internet,
                Turn::Opened => &mut counts.opened,
                Turn::Closed => &mut counts.closed,
                Turn::Rerouted => &mut counts.rerouted,
            };
            *count += 1;
        }
        counts
    }

    /// Whether nothing changed in meaning, and all could be compared.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty() && self.changes.is_empty() && self.open.is_empty()
    }
}
