//! The last line of every text report: what was looked at, what passes, what does not, by which data.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, IgnoredBy, Level, Outcome, PlacementReport, Report};
use crate::report::pen::{Pen, Role};
use crate::report::words::{count, plural};

/// `9 files · 2 services on 2 subnets · 10 flows pass (3 only by built-in rules), 1 blocked, 1 undecided · 1 error · packs: …`
pub(crate) fn line(report: &Report, findings: &[&Finding], pen: Pen) -> String {
    let mut parts = vec![files(report, pen), services(&report.placements), flows(report, pen)];
    parts.extend(shown(findings, pen));
    let hidden = report.open().count() - findings.len();
    if hidden > 0 {
        parts.push(format!("{} below the chosen level", count(hidden, "finding")));
    }
    parts.extend(ignored(report));
    parts.extend(report.data.iter().map(|(name, value)| format!("{}: {}", pen.clean(name), pen.clean(value))));
    parts.join(pen.dot())
}

fn files(report: &Report, pen: Pen) -> String {
    let all = count(report.files.len(), "file");
    match report.files.iter().filter(|file| file.outcome == Outcome::Error).count() {
        0 => all,
        broken => format!("{all}, {}", pen.paint(Role::Error, &format!("{broken} unreadable"))),
    }
}

fn services(placements: &[PlacementReport]) -> String {
    if placements.is_empty() {
        return "no service found".to_owned();
    }
    let services: BTreeSet<_> = placements.iter().map(|placement| placement.id.service.as_str()).collect();
    let mut places: BTreeMap<(u8, &str), BTreeSet<String>> = BTreeMap::new();
    for placement in placements {
        let kinds = ["subnet", "nsg", "route-table", "firewall"];
        let nouns = ["subnet", "network security group", "route table", "firewall"];
        let found = (0u8..)
            .zip(kinds)
            .zip(nouns)
            .find_map(|((rank, kind), noun)| placement.on.get(kind).map(|name| ((rank, noun), name.clone())));
        let (place, name) = found.unwrap_or_else(|| ((4, "place"), placement.id.to_string()));
        places.entry(place).or_default().insert(name);
    }
    let places: Vec<_> = places.iter().map(|((_, noun), names)| count(names.len(), noun)).collect();
    format!("{} on {}", count(services.len(), "service"), places.join(", "))
}

fn flows(report: &Report, pen: Pen) -> String {
    let counts = report.counts();
    let pass = format!("{} {}", count(counts.satisfied, "flow"), if counts.satisfied == 1 { "passes" } else { "pass" });
    let built_in = match counts.built_in_only {
        0 => String::new(),
        some => format!(" ({some} only by built-in rules)"),
    };
    let painted = |number: usize, role: Role, word: &str| {
        let text = format!("{number} {word}");
        if number == 0 { text } else { pen.paint(role, &text) }
    };
    let conditional = match counts.conditional {
        0 => String::new(),
        all if all == counts.blocked() => " (only if a fact holds)".to_owned(),
        some => format!(" ({some} of them only if a fact holds)"),
    };
    let pass = if counts.satisfied == 0 { pass } else { pen.paint(Role::Pass, &pass) };
    let advice = match counts.against_advice {
        0 => String::new(),
        some => format!("{}, ", painted(some, Role::Warning, "against advice")),
    };
    format!(
        "{pass}{built_in}, {}{conditional}, {advice}{}",
        painted(counts.blocked(), Role::Error, "blocked"),
        painted(counts.undecided, Role::Undecided, "undecided")
    )
}

/// The findings by the word they are shown with.
fn shown(findings: &[&Finding], pen: Pen) -> Option<String> {
    let by_level = [Level::Error, Level::Warning, Level::Note].into_iter().map(|level| {
        let number = findings.iter().filter(|finding| finding.level == level && !finding.undecided).count();
        (number, Role::of(level, false), if number == 1 { level.as_str().to_owned() } else { plural(level.as_str()) })
    });
    let undecided = findings.iter().filter(|finding| finding.undecided).count();
    let noun = if undecided == 1 { "undecided finding" } else { "undecided findings" };
    let words: Vec<_> = by_level
        .chain([(undecided, Role::Undecided, noun.to_owned())])
        .filter(|(number, ..)| *number > 0)
        .map(|(number, role, word)| pen.paint(role, &format!("{number} {word}")))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// `2 ignored, 12 in the baseline`.
fn ignored(report: &Report) -> Option<String> {
    let by = || report.findings.iter().filter_map(|finding| finding.ignored.as_ref()).map(|ignored| ignored.by);
    let baseline = by().filter(|by| *by == IgnoredBy::Baseline).count();
    let words = [(by().count() - baseline, "ignored"), (baseline, "in the baseline")];
    let said: Vec<_> =
        words.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::line;
    use crate::finding::{Ignored, IgnoredBy, Report};
    use crate::report::pen::Pen;
    use crate::report::sample::sample;

    #[test]
    fn everything_is_counted() {
        let (_, report) = sample();
        assert_eq!(
            line(&report, &report.findings.iter().collect::<Vec<_>>(), Pen::PLAIN),
            "4 files · 1 service on 1 subnet · 3 flows pass (3 only by built-in rules), 3 blocked, 1 undecided \
             · 3 errors, 1 undecided finding · packs: azureml 2026-03-19"
        );
    }

    #[test]
    fn advice_is_not_counted_as_blocked() {
        let (_, mut report) = sample();
        report.findings.clear();
        report.placements[0].requirements.iter_mut().for_each(|one| one.advice = true);
        let line = line(&report, &[], Pen::PLAIN);
        assert!(line.contains(", 0 blocked, 3 against advice, 1 undecided ·"), "{line}");
    }

    #[test]
    fn nothing_is_counted_too() {
        assert_eq!(
            line(&Report::default(), &[], Pen::PLAIN),
            "0 files · no service found · 0 flows pass, 0 blocked, 0 undecided"
        );
    }

    #[test]
    fn what_is_not_shown_is_said() {
        let (_, mut report) = sample();
        report.findings.truncate(1);
        report.placements.clear();
        report.data.clear();
        assert_eq!(
            line(&report, &[], Pen::PLAIN),
            "4 files · no service found · 0 flows pass, 0 blocked, 0 undecided · 1 finding below the chosen level"
        );
    }

    #[test]
    fn what_is_ignored_is_counted_apart() {
        let (_, mut report) = sample();
        report.placements.clear();
        report.data.clear();
        for (finding, by) in report.findings.iter_mut().zip([IgnoredBy::Comment, IgnoredBy::Baseline]) {
            finding.ignored = Some(Ignored { by, reason: String::new(), place: None });
        }
        let open: Vec<_> = report.open().collect();
        let line = line(&report, &open, Pen::PLAIN);
        assert!(line.ends_with("1 error, 1 undecided finding · 1 ignored, 1 in the baseline"), "{line}");
    }
}
