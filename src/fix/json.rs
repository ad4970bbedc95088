//! Edits as JSON, version 1.

use serde_json::{Value, json};

use crate::finding::{Edit, Finding, Index};
use crate::fix::model::{Offer, Offers, Safety};
use crate::fix::shell::{Shell, commands};
use crate::fix::trial::subject_of;
use crate::lint::Outcome;

/// The JSON Schema of what [`write_json`] makes.
pub const SCHEMA: &str = include_str!("fix-v1.schema.json");

/// What came of trying, with a line end.
pub fn write_json(before: &Outcome, found: &Offers) -> String {
    let (report, files) = (&before.report, &before.files);
    let index = Index::new(report);
    let edit = |edit: &Edit| {
        let at = files.position(edit.span);
        json!({
            "file": files.name(edit.span.file),
            "start": { "line": at.line, "column": at.column },
            "end": { "line": at.end_line, "column": at.end_column },
            "text": edit.text,
        })
    };
    let settles = |finding: &Finding| {
        json!({
            "rule": finding.rule.as_str(),
            "message": finding.message,
            "flow": finding.flow,
            "placements": finding.placements,
            "fingerprint": finding.fingerprint,
            "place": format!("{}:{}", files.name(finding.at.span.file), files.position(finding.at.span)),
            "subject": subject_of(&index, finding),
        })
    };
    let all = |findings: &[usize]| -> Vec<Value> {
        findings.iter().filter_map(|at| report.findings.get(*at)).map(&settles).collect()
    };
    let offer = |offer: &Offer, chosen: bool| {
        json!({
            "title": offer.fix.title,
            "chosen": chosen,
            "safe": offer.safety == Safety::Safe,
            "why": match &offer.safety { Safety::Safe => None, Safety::Unsafe(why) => Some(why) },
            "settles": all(&offer.findings),
            "edits": offer.edits.iter().map(edit).collect::<Vec<_>>(),
            "commands": { "az": commands(offer, Shell::Az), "powershell": commands(offer, Shell::Powershell) },
        })
    };
    let chosen = found.chosen.iter().map(|one| offer(one, true));
    let document = json!({
        "version": 1,
        "fixes": chosen.chain(found.unsafe_ones.iter().map(|one| offer(one, false))).collect::<Vec<_>>(),
        "left": all(&found.left),
        "untried": found.untried,
        "effect": found.effect,
    });
    format!("{document:#}\n")
}
