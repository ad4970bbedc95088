//! A run that can be repeated, and what came of trying edits.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use crate::finding::{Edit, Fix, Offered, Report, edited};
use crate::lint::{Kept, Outcome, Settings, lint_keeping};
use crate::rule::Pack;

/// At most so many runs are made before the rest is left untried.
pub(crate) const MOST_RUNS: usize = 40;

/// A run that can be repeated.
pub struct Trial<'a> {
    /// What is linted.
    pub paths: &'a [PathBuf],
    /// What standard input holds.
    pub stdin: &'a [u8],
    /// The rules.
    pub pack: &'a Pack,
    /// Everything else.
    pub settings: &'a Settings,
}

/// An edit that was tried.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The findings it settles, as numbers in the report.
    pub findings: Vec<usize>,
    /// What it is.
    pub fix: Fix,
    /// Its edits, by place.
    pub edits: Vec<Edit>,
    /// Whether it can be made without a look.
    pub safety: Safety,
}

/// Whether an edit can be made without a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It opens what is asked for and closes nothing.
    Safe,
    /// It does more, or what it does may not be needed: why.
    Unsafe(String),
}

/// What came of trying.
#[derive(Debug, Default)]
pub struct Offers {
    /// What can be made together, each known to settle its findings, without breaking anything else.
    pub chosen: Vec<Offer>,
    /// Smaller or only edits that ask for a look, for findings that are not settled by what is chosen.
    pub unsafe_ones: Vec<Offer>,
    /// Findings that nothing was found for.
    pub left: Vec<usize>,
    /// Findings whose edits were not tried, since there are too many.
    pub untried: usize,
    /// How many findings above a note count, before and after what is chosen.
    pub counts: (usize, usize),
    /// Whether an error is among those that count afterwards.
    pub errors_left: bool,
    /// What traffic all that is chosen opens, closes or leads another way, a line for each change.
    pub effect: Vec<String>,
}

impl Offers {
    /// Tells each finding the edit that settles it: what is chosen, else what asks for a look.
    pub fn tell(self, report: &mut Report) {
        for offer in self.chosen.into_iter().chain(self.unsafe_ones) {
            let caution = match offer.safety {
                Safety::Safe => None,
                Safety::Unsafe(why) => Some(why),
            };
            let offered = Offered { title: offer.fix.title, edits: offer.edits, caution };
            for at in offer.findings {
                if let Some(finding) = report.findings.get_mut(at) {
                    finding.offered.get_or_insert_with(|| offered.clone());
                }
            }
        }
    }
}

/// What is asked of a finding.
pub(crate) struct Open {
    /// Its number in the report.
    pub(crate) finding: usize,
    /// The next of its fixes.
    pub(crate) next: usize,
    /// The first that needs no look.
    pub(crate) safe: Option<Offer>,
    /// Those ahead of it, which are smaller and may do more than is asked for.
    pub(crate) others: Vec<Offer>,
}

impl Trial<'_> {
    /// The run with some texts replaced, beside those that the settings replace.
    pub fn run(&self, instead: BTreeMap<String, Arc<str>>) -> Kept {
        let mut settings = self.settings.clone();
        Arc::make_mut(&mut settings.input.instead).extend(instead);
        lint_keeping(self.paths, &mut Cursor::new(self.stdin), self.pack, &settings)
    }

    /// The run with edits made.
    pub(crate) fn with(&self, before: &Outcome, edits: &[Edit]) -> Kept {
        let texts = edited(&before.files, edits);
        self.run(texts.into_iter().map(|(file, text)| (before.files.name(file).to_owned(), text.into())).collect())
    }
}
