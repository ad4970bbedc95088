//! What holds for every page.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::{FileReport, Finding, Ignored, IgnoredBy, Outcome, PlacementId, Remark, Report, Source};
use crate::report::sample::sample;
use crate::report::{Format, Options, render};
use crate::source::Files;

const HOSTILE: &str = "</script><script>alert(1)</script>\" onload='x' \u{202e}\u{0}\u{1b}[31m `<b>`";

fn page(report: &Report, files: &Files) -> String {
    let options = Options { format: Format::Html, version: "0.0.0".to_owned(), ..Options::default() };
    let mut out = Vec::new();
    render(report, files, &options, &mut out).expect("memory takes every byte");
    String::from_utf8(out).expect("a page is UTF-8")
}

/// The values of an attribute, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let starts = page.match_indices(attribute).map(|(at, _)| at + attribute.len());
    starts.filter_map(|at| page[at..].split('"').next()).collect()
}

fn assert_whole(page: &str) {
    let ids = values(page, " id=\"");
    let known: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), known.len(), "an anchor is there twice");
    for target in values(page, " href=\"#") {
        assert!(known.contains(&target), "a link leads nowhere: {target}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert_eq!(page.matches("<style").count(), 1);
    assert!(!page.contains('\u{202e}') && !page.contains('\0') && !page.contains('\u{1b}'));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let (files, report) = sample();
    assert_eq!(page(&report, &files), page(&report, &files));
}

#[test]
fn every_requirement_has_its_cell_and_every_link_resolves() {
    let (files, report) = sample();
    let page = page(&report, &files);
    assert_whole(&page);
    assert_eq!(page.matches("<td class=\"cell ").count(), 7);
    assert_eq!(page.matches("<td class=\"cell blocked\"").count(), 3);
    assert_eq!(page.matches("<td class=\"cell builtin\"").count(), 3);
    assert_eq!(page.matches("<svg").count(), 7);
}

#[test]
fn nothing_reaches_outside() {
    let (files, report) = sample();
    let page = page(&report, &files);
    for reach in [" src=", "@import", "url(", "<link", "<iframe", " style=", " onclick=", "fetch(", "http://"] {
        assert!(!page.contains(reach), "{reach}");
    }
    assert!(values(&page, " href=\"").iter().all(|href| href.starts_with('#') || href.starts_with("https://")));
}

#[test]
fn a_finding_shows_its_place_its_packet_and_its_fix() {
    let (files, report) = sample();
    let page = page(&report, &files);
    assert!(page.contains("<mark class=\"fault\">&quot;deny-internet-out&quot;</mark>"), "{page}");
    assert!(page.contains("infra/network/nsg-training.json:10:17"));
    assert!(page.contains("TCP 13.69.64.192:50000 (AzureMachineLearning) → 10.20.4.10:44224, inbound"));
    assert!(page.contains("&quot;destinationPortRange&quot;: &quot;44224&quot;"));
    assert!(page.contains(", as of 2026-03-19"));
    assert!(page.contains("<code>deny-internet-out</code> blocks 2 of the 7 flows"));
}

#[test]
fn hostile_text_stays_text_everywhere() {
    let (_, mut report) = sample();
    let mut files = Files::default();
    for _ in 0..3 {
        files.add(HOSTILE, format!("{HOSTILE}\n").repeat(400));
    }
    let text = || HOSTILE.to_owned();
    let placement = &mut report.placements[0];
    (placement.id, placement.found) = (PlacementId::new(HOSTILE, HOSTILE).under(HOSTILE), text());
    placement.not_judged = Some(text());
    placement.on = ["subnet", "nsg", "route-table", "firewall"].map(|kind| (kind, text())).into();
    for fact in &mut placement.facts {
        fact.name = text();
        fact.value = Some(crate::finding::FactValue::List(vec![text()]));
    }
    for one in &mut placement.requirements {
        (one.flow, one.path.peer) = (text(), text());
        (one.rows, one.uncovered, one.why) = (vec![text()], vec![text()], vec![text()]);
        one.decided_by.iter_mut().for_each(|by| by.name = text());
        one.path.layers.iter_mut().flat_map(|layer| &mut layer.decided_by).for_each(|by| by.name = text());
        if let Some(witness) = &mut one.witness {
            (witness.source, witness.destination) = (text(), text());
        }
    }
    for one in &mut report.findings {
        (one.message, one.at.message, one.help, one.snippet) = (text(), text(), Some(text()), Some(text()));
        (one.flow, one.resource) = (Some(text()), Some(text()));
        one.placement = Some(PlacementId::new(HOSTILE, HOSTILE));
        one.placements = vec![PlacementId::new(HOSTILE, HOSTILE).under(HOSTILE)];
        one.related.iter_mut().for_each(|label| label.message = text());
        one.remarks = vec![Remark { kind: "packet", text: text() }];
    }
    report.findings[0].ignored = Some(Ignored { by: IgnoredBy::Comment, reason: text(), place: None });
    for card in report.rules.values_mut().map(Arc::make_mut) {
        (card.why, card.seen_as) = (text(), vec![text()]);
        let url = format!("javascript:{HOSTILE}");
        card.sources = vec![Source { title: text(), section: Some(text()), url, read: text() }];
    }
    (report.assumptions, report.remarks, report.data) = (vec![text()], vec![text()], vec![(text(), text())]);
    let detail = Some(text());
    let file = FileReport { name: text(), file: None, shape: None, outcome: Outcome::Error, detail, named: true };
    report.files.push(file);
    let page = page(&report, &files);
    assert_whole(&page);
    assert!(!page.contains("<b>") && !page.contains("href=\"javascript"));
}

#[test]
fn what_is_ignored_is_folded_with_its_reason() {
    let (files, mut report) = sample();
    let reason = "the jump host needs it".to_owned();
    report.findings[0].ignored = Some(Ignored { by: IgnoredBy::Settings, reason, place: None });
    let page = page(&report, &files);
    assert_whole(&page);
    let at = page.find("<section id=\"ignored\"").expect("there is a section");
    assert!(page[at..].contains("Ignored by settings</strong>: the jump host needs it"));
    assert!(!page[..at].contains("Ignored by settings"));
}

#[test]
fn a_page_about_thousands_of_findings_stays_small() {
    let (files, mut report) = sample();
    let many = |finding: &Finding| vec![Finding { cause: None, ..finding.clone() }; 3000];
    report.findings = report.findings.iter().flat_map(many).collect();
    report.placements = vec![report.placements[0].clone(); 3000];
    let page = page(&report, &files);
    assert_whole(&page);
    assert!(page.contains("11000 more diagnostics"));
    assert!(page.contains("2750 more placements"));
    assert!(page.len() < 8 << 20, "{}", page.len());
}

#[test]
fn an_empty_report_is_a_page() {
    let page = page(&Report::default(), &Files::default());
    assert_whole(&page);
    assert!(page.contains("<h1>No service found on these networks</h1>"));
}

#[test]
fn a_minified_file_is_cut_to_a_window() {
    let (_, mut report) = sample();
    let mut files = Files::default();
    for _ in 0..3 {
        files.add("export.json", "x".repeat(1 << 20));
    }
    report.findings.truncate(1);
    let page = page(&report, &files);
    assert!(page.len() < 200_000, "{}", page.len());
}
