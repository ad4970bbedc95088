//! What the user decided to live with, marked in the report of a run.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::date::Date;
use crate::estate::{Estate, Fault};
use crate::finding::{Report, RuleId};
use crate::json::Document;
use crate::judge;
use crate::rule::{Body, Pack};
use crate::source::{FileId, Files};
use crate::spelling::nearest;
use crate::suppress::{self, Baseline, Complaint, Exceptions, Rules, Run};

/// What the user decided to live with, beside what the files themselves say.
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    /// What the settings allow.
    pub exceptions: Exceptions,
    /// What was there before.
    pub baseline: Option<Baseline>,
    /// Today; without it nothing that is allowed ends.
    pub today: Option<Date>,
}

/// The rules of a run.
pub(crate) fn rules(pack: &Pack) -> Rules {
    let everywhere = pack.rules.iter().filter(|rule| !matches!(rule.body, Body::Requirement(_)));
    let ran: BTreeSet<RuleId> = everywhere.map(|rule| rule.card.id.clone()).collect();
    Rules { known: pack.known(), ran }
}

/// Marks what the files and the settings allow. How that is wrongly said is added to the findings.
pub(crate) fn allow(
    report: &mut Report,
    files: &mut Files,
    documents: &[(FileId, Arc<Document>)],
    pack: &Pack,
    accepted: &Accepted,
    rules: &Rules,
) {
    let exceptions = &accepted.exceptions;
    let of_settings =
        (!exceptions.entries.is_empty()).then(|| files.add(exceptions.name.as_str(), exceptions.text.as_str()));
    let run = Run { documents, exceptions, settings: of_settings, today: accepted.today, rules };
    let complaints = suppress::apply(report, files, &run);
    let faults = complaints.into_iter().map(|complaint| fault(complaint, rules)).collect();
    let estate = Estate { faults, ..Estate::default() };
    report.findings.extend(judge::patterns(&pack.rules, &estate));
}

fn fault(complaint: Complaint, rules: &Rules) -> Fault {
    let meant = complaint.unknown.and_then(|written| {
        let near = nearest(&written, rules.known.iter().map(RuleId::as_str))?;
        Some(format!("did you mean `{near}`?"))
    });
    Fault {
        kind: complaint.kind,
        detail: complaint.detail,
        span: complaint.span,
        via: None,
        related: None,
        resource: String::new(),
        help: meant.or(complaint.help),
    }
}

/// Marks what was there before, and says what no longer is.
pub(crate) fn baseline(report: &mut Report, files: &Files, accepted: &Accepted, rules: &Rules) {
    let Some(baseline) = &accepted.baseline else { return };
    let (entries, occur) = match baseline.apply(report, files, rules) {
        0 => return,
        1 => ("1 baseline entry".to_owned(), "occurs"),
        more => (format!("{more} baseline entries"), "occur"),
    };
    let name = &baseline.name;
    report
        .remarks
        .push(format!("{entries} no longer {occur}; prune with `aznetlint baseline PATH --write {name} --prune`"));
}
