//! CSV for spreadsheets: a row for each requirement of each placement, then a row for each finding.
//!
//! The columns are a promise: more may be added at the end, none is renamed or moved.

use std::io;

use crate::finding::{Finding, Layer, Level, Packet, PlacementReport, RequirementReport, RuleId, Verdict};
use crate::report::context::{Context, decided_by};
use crate::report::pen::Pen;

/// The columns, in order.
const COLUMNS: [&str; 24] = [
    "kind",
    "placement",
    "service",
    "rule",
    "title",
    "level",
    "verdict",
    "applies",
    "rows",
    "flow",
    "layer",
    "decided-by",
    "packet",
    "message",
    "path",
    "line",
    "column",
    "resource",
    "help",
    "why",
    "ignored-by",
    "reason",
    "fingerprint",
    "passes-as",
];

/// Writes the report as CSV.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    row(out, &COLUMNS.map(str::to_owned))?;
    for placement in &context.report.placements {
        for requirement in &placement.requirements {
            row(out, &of_requirement(context, placement, requirement))?;
        }
    }
    for finding in &context.all {
        row(out, &of_finding(context, finding))?;
    }
    Ok(())
}

fn of_requirement(context: &Context<'_>, placement: &PlacementReport, requirement: &RequirementReport) -> [String; 24] {
    let finding = context.finding_of(placement, requirement);
    let mut cells = finding.map_or_else(Default::default, |finding| of_finding(context, finding));
    let (title, level) = card(context, &requirement.rule);
    cells[0] = "requirement".to_owned();
    cells[1] = placement.id.to_string();
    cells[2] = placement.id.service.clone();
    cells[3] = requirement.rule.to_string();
    cells[4] = title;
    if finding.is_none() {
        cells[5] = level;
    }
    cells[6] = requirement.verdict.map_or("not-applicable", Verdict::as_str).to_owned();
    cells[7] = requirement.applies.as_str().to_owned();
    cells[8] = requirement.rows.join(" ");
    cells[9] = requirement.flow.clone();
    cells[23] = placement.passes_as(requirement);
    cells[10] = requirement.layer.map_or("", Layer::as_str).to_owned();
    cells[11] = decided_by(requirement);
    cells[12] = requirement.witness.as_ref().map(packet).unwrap_or_default();
    cells[19] = requirement.why.join("; ");
    cells
}

fn of_finding(context: &Context<'_>, finding: &Finding) -> [String; 24] {
    let mut cells: [String; 24] = Default::default();
    let (title, _) = card(context, &finding.rule);
    let location = context.location(finding);
    cells[0] = "finding".to_owned();
    cells[1] = finding.placements.first().map(ToString::to_string).unwrap_or_default();
    cells[3] = finding.rule.to_string();
    cells[4] = title;
    cells[5] = finding.level.as_str().to_owned();
    cells[6] = if finding.undecided { "undecided" } else { "found" }.to_owned();
    cells[13] = finding.message.clone();
    cells[14] = location.path;
    if let Some(region) = location.span.map(|span| context.paths.region(span)) {
        cells[15] = region.line.to_string();
        cells[16] = region.column.to_string();
    }
    cells[17] = finding.resource.clone().unwrap_or_default();
    cells[18] = finding.help.clone().unwrap_or_default();
    if let Some(ignored) = &finding.ignored {
        cells[20] = ignored.by.as_str().to_owned();
        cells[21] = ignored.reason.clone();
    }
    cells[22] = finding.fingerprint.clone();
    cells
}

fn card(context: &Context<'_>, rule: &RuleId) -> (String, String) {
    let card = context.report.rules.get(rule);
    (
        card.map(|card| card.title.clone()).unwrap_or_default(),
        card.map_or("", |card| Level::as_str(card.level)).to_owned(),
    )
}

/// `outbound tcp 10.0.0.4:50000 > 1.2.3.4:443`.
fn packet(packet: &Packet) -> String {
    let (from, to) = packet.ends();
    format!("{} {} {from} > {to}", packet.direction(), packet.protocol)
}

fn row(out: &mut dyn io::Write, cells: &[String; 24]) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// One cell on one line. A spreadsheet takes what starts with certain signs for a formula, so an apostrophe goes first.
fn cell(text: &str) -> String {
    let lines: Vec<&str> = text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut text = Pen::PLAIN.clean(&lines.join(" "));
    if text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        text.insert(0, '\'');
    }
    if text.contains(['"', ',', '\'', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::cell;

    #[test]
    fn formulas_are_text() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell(" @x"), "\"'@x\"");
        assert_eq!(cell("\t-1"), "\"'-1\"");
        assert_eq!(cell("plain"), "plain");
    }

    #[test]
    fn quotes_are_doubled_and_lines_joined() {
        assert_eq!(cell("a \"b\",\r\nc"), "\"a \"\"b\"\", c\"");
    }

    proptest! {
        #[test]
        fn a_cell_is_one_cell(text in any::<String>()) {
            let cell = cell(&text);
            let broken = cell.contains(['\n', '\r']);
            prop_assert!(!broken);
            match cell.strip_prefix('"') {
                Some(rest) => {
                    let inside = rest.strip_suffix('"').unwrap();
                    prop_assert!(!inside.replace("\"\"", "").contains('"'));
                }
                None => prop_assert!(!cell.contains(['"', ','])),
            }
        }
    }
}
