//! What a change opens to the internet as SARIF 2.1.0, for code scanning.

use std::io;

use serde_json::{Value as Json, json};

use crate::diff::model::{Diff, Line, Location, Side, TrafficChange};
use crate::diff::text::packet;
use crate::diff::words::{headline, place, side, traffic};
use crate::report::encoded;

/// The one rule of the run.
const RULE: &str = "diff/opened-to-internet";
/// Code scanning takes no more results in one run.
const RESULTS: usize = 25_000;
/// So many boxes of a change are told.
const MOST_BOXES: usize = 12;

/// Writes the difference.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    let opened = diff.changes.iter().filter(|one| one.opens_internet()).take(RESULTS);
    let results: Vec<Json> = opened.map(result).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "aznetlint",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://github.com/aznetlint/aznetlint",
                "rules": [{
                    "id": RULE,
                    "shortDescription": { "text": "The change opens traffic from or to the internet" },
                    "help": { "text": "Traffic that was dropped before the change comes from the internet or goes there." },
                }],
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    writeln!(out, "{document:#}")
}

fn result(one: &TrafficChange) -> Json {
    let boxes: Vec<String> = one.traffic.iter().take(MOST_BOXES).map(traffic).collect();
    let text = format!(
        "{}: {}, {}. Base: {}. Head: {}. For example {}.",
        headline(one),
        place(one),
        boxes.join("; "),
        side(&one.before, one.base.as_ref()),
        side(&one.after, one.head.as_ref()),
        packet(&one.witness),
    );
    let of_head = |line: &Option<Line>| {
        line.as_ref().and_then(|line| line.place.clone()).filter(|place| place.side == Side::Head)
    };
    let at = of_head(&one.head).or_else(|| one.anchor.clone());
    json!({
        "ruleId": RULE,
        "ruleIndex": 0,
        "level": if one.is_sure() { "warning" } else { "note" },
        "message": { "text": text },
        "locations": at.iter().map(location).collect::<Vec<_>>(),
        "properties": { "sure": one.is_sure() },
    })
}

fn location(place: &Location) -> Json {
    let position = place.position;
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": encoded(&place.path), "uriBaseId": "%SRCROOT%" },
        "region": {
            "startLine": position.line, "startColumn": position.column,
            "endLine": position.end_line, "endColumn": position.end_column,
        },
    }})
}
