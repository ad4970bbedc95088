//! Markdown for job summaries and comments: counts, requirements by placement, findings with the worst first.
//!
//! The first line is a marker that is not shown: a bot finds its own comment by it.

use std::collections::BTreeMap;
use std::io;

use crate::finding::{Finding, Level, Offered, Outcome, PlacementReport, RequirementReport, edited, patch};
use crate::report::context::{Context, Standing, decided_by};
use crate::report::group::{Group, group, headline, level_of, rules_of, worst_first};
use crate::report::markup::{code, fenced, plain, prose, url};
use crate::report::overview::closing;
use crate::report::paths::encoded;
use crate::report::pen::Pen;
use crate::report::words::{count, lay_out_json};
use crate::source::Span;

/// The line a bot looks for.
const MARKER: &str = "<!-- aznetlint -->";
/// GitHub takes a summary of one MiB; a part of it is left for what others add.
const BYTES: usize = 900 * 1024;
/// More placements are not set beside each other.
const COLUMNS: usize = 5;
/// Findings listed with their details.
const DETAILED: usize = 100;

/// Writes the report as Markdown.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let writer = Writer { context };
    let ignored: Vec<&Finding> = context.all.iter().copied().filter(|finding| finding.ignored.is_some()).collect();
    let groups = worst_first(group(&context.open), context.options.undecided);
    let mut page = Page { text: format!("{MARKER}\n"), left: BYTES };
    page.always(&writer.head());
    page.always(&writer.counts(ignored.len()));
    page.all(writer.unreadable(), "unreadable file");
    page.whole(&writer.requirements(), "The requirements are left out here, for their size.\n\n");
    if !groups.is_empty() {
        page.always("### Findings\n\n");
        let entries = groups.iter().enumerate().map(|(index, group)| writer.entry(group, index < DETAILED));
        page.all(entries.collect(), "more finding");
    }
    if !ignored.is_empty() {
        let lines: Vec<String> = ignored.iter().map(|finding| writer.ignored(finding)).collect();
        let list =
            format!("<details><summary>{} ignored</summary>\n\n{}\n</details>\n\n", ignored.len(), lines.concat());
        page.whole(&list, "");
    }
    page.always(&format!("{}\n", plain(&closing(context, Pen::PLAIN))));
    out.write_all(page.text.as_bytes())
}

/// What is written so far, and how much more may be.
struct Page {
    text: String,
    left: usize,
}

impl Page {
    fn always(&mut self, text: &str) {
        self.text.push_str(text);
        self.left = self.left.saturating_sub(text.len());
    }

    /// All of a text or, when it does not fit, what stands for it.
    fn whole(&mut self, text: &str, instead: &str) {
        let text = if text.len() <= self.left { text } else { instead };
        self.always(text);
    }

    /// As many entries as fit, and how many do not.
    fn all(&mut self, entries: Vec<String>, noun: &str) {
        if entries.is_empty() {
            return;
        }
        let mut rest = entries.len();
        for entry in &entries {
            // Some space is kept for what closes the page.
            if entry.len() + 16 * 1024 > self.left {
                self.always(&format!("\n{}.\n", count(rest, noun)));
                break;
            }
            self.always(entry);
            rest -= 1;
        }
        self.always("\n");
    }
}

struct Writer<'a> {
    context: &'a Context<'a>,
}

impl Writer<'_> {
    fn head(&self) -> String {
        let counts = self.context.report.counts();
        let said = match (counts.blocked(), counts.undecided, counts.satisfied) {
            (0, 0, 0) if counts.against_advice > 0 => {
                format!("{} against advice", count(counts.against_advice, "flow"))
            }
            (0, 0, 0) => "no requirement to judge".to_owned(),
            (0, 0, all) => format!("{} pass", count(all, "flow")),
            (blocked, 0, _) => format!("{} blocked", count(blocked, "flow")),
            (0, undecided, _) => format!("{} undecided", count(undecided, "flow")),
            (blocked, undecided, _) => format!("{} blocked, {undecided} undecided", count(blocked, "flow")),
        };
        format!("## aznetlint: {said}\n\n")
    }

    fn counts(&self, ignored: usize) -> String {
        let counts = self.context.report.counts();
        let at = |level: Level| self.context.open.iter().filter(|one| one.level == level && !one.undecided).count();
        format!(
            "| passed | violated | undecided | errors | warnings | notes | ignored |\n|-:|-:|-:|-:|-:|-:|-:|\n\
             | {} | {} | {} | {} | {} | {} | {ignored} |\n\n",
            counts.satisfied,
            counts.violated,
            counts.undecided,
            at(Level::Error),
            at(Level::Warning),
            at(Level::Note),
        )
    }

    fn unreadable(&self) -> Vec<String> {
        let broken = self.context.report.files.iter().filter(|file| file.outcome == Outcome::Error);
        let line = |file: &crate::finding::FileReport| {
            let why = prose(file.detail.as_deref().unwrap_or("it cannot be read"));
            format!("- ❌ **unreadable** {}: {why}\n", self.link(&self.context.paths.path(&file.name), None))
        };
        broken.map(line).collect()
    }

    /// Requirements by placement: side by side when they are few, else a table for each.
    fn requirements(&self) -> String {
        let judged: Vec<&PlacementReport> = self.context.report.placements.iter().collect();
        if judged.is_empty() {
            return String::new();
        }
        let mut text = format!("<details><summary>{}</summary>\n\n", count(judged.len(), "placement"));
        let matrix = if judged.len() <= COLUMNS && judged.len() > 1 { self.matrix(&judged) } else { None };
        match matrix {
            Some(matrix) => text.push_str(&matrix),
            None => judged.iter().for_each(|placement| text.push_str(&self.table(placement))),
        }
        text.push_str("</details>\n\n");
        text
    }

    /// One row for each flow, one column for each placement.
    fn matrix(&self, placements: &[&PlacementReport]) -> Option<String> {
        let mut rows: BTreeMap<(&str, &str), Vec<Option<&'static str>>> = BTreeMap::new();
        for (column, placement) in placements.iter().enumerate() {
            for requirement in &placement.requirements {
                let key = (requirement.rule.as_str(), requirement.flow.as_str());
                let cells = rows.entry(key).or_insert_with(|| vec![None; placements.len()]);
                if cells[column].is_some() {
                    // Two requirements that read the same: a table for each placement tells them apart.
                    return None;
                }
                cells[column] = Some(self.mark(placement, requirement));
            }
        }
        let names: Vec<String> = placements.iter().map(|placement| plain(&placement.id.to_string())).collect();
        let mut text = format!("| requirement | {} |\n|:-|{}\n", names.join(" | "), ":-|".repeat(names.len()));
        for ((rule, flow), cells) in rows {
            let cells: Vec<&str> = cells.into_iter().map(|cell| cell.unwrap_or("")).collect();
            text.push_str(&format!("| {}<br>{} | {} |\n", code(rule), plain(flow), cells.join(" | ")));
        }
        text.push('\n');
        Some(text)
    }

    fn table(&self, placement: &PlacementReport) -> String {
        let mut text = format!("#### {}\n\n", plain(&placement.title()));
        if let Some(why) = &placement.not_judged {
            text.push_str(&format!("{}\n\n", prose(why)));
        }
        if placement.requirements.is_empty() {
            return text;
        }
        text.push_str("| requirement | flow | verdict | decided by |\n|:-|:-|:-|:-|\n");
        for requirement in &placement.requirements {
            text.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                code(requirement.rule.as_str()),
                plain(&requirement.flow),
                self.mark(placement, requirement),
                plain(&decided_by(requirement)),
            ));
        }
        text.push('\n');
        text
    }

    fn entry(&self, group: &Group<'_>, detailed: bool) -> String {
        let head = group.head();
        let location = self.context.location(head);
        let word = match level_of(group, self.context.options.undecided) {
            _ if head.undecided => "❔ **undecided**",
            Level::Error => "❌ **error**",
            Level::Warning => "⚠️ **warning**",
            Level::Note => "ℹ️ **note**",
        };
        let link = self.link(&location.path, location.span);
        let mut text =
            format!("- {word} {} {} {link}\n", prose(&headline(group, &self.context.index)), code(&rules_of(group)));
        if !detailed {
            return text;
        }
        let mut lines = Vec::new();
        if !location.message.is_empty() {
            lines.push(format!("- here: {}", prose(&location.message)));
        }
        for label in head.related.iter().filter(|label| !label.message.is_empty()).take(12) {
            let place = self.link(&self.context.paths.path_of(label.span.file), Some(label.span));
            lines.push(format!("- {place}: {}", prose(&label.message)));
        }
        if group.is_several() {
            let flows = group.flows().into_iter().take(40);
            lines.extend(flows.map(|(one, words)| format!("- {} {}", code(one.rule.as_str()), plain(&words))));
        }
        for (kind, text) in group.remarks(false) {
            lines.push(format!("- {kind}: {}", plain(&text)));
        }
        match &head.offered {
            Some(offered) => lines.extend(self.offered(offered)),
            None => lines.extend(head.help.iter().map(|help| format!("- fix: {}", prose(help)))),
        }
        let card = self.context.report.rules.get(&head.rule);
        for source in card.into_iter().flat_map(|card| card.sources.iter().take(1)) {
            let title = plain(&source.title);
            let title = url(&source.url).map_or(title.clone(), |url| format!("[{title}]({url})"));
            lines.push(format!("- source: {title}, {}", plain(&source.read)));
        }
        let snippet = head.snippet.as_deref().filter(|_| head.offered.is_none());
        if let Some(snippet) = snippet.filter(|snippet| !snippet.trim().is_empty()) {
            lines.push(String::new());
            let is_json = serde_json::from_str::<serde_json::Value>(snippet).is_ok();
            lines.push(fenced(&lay_out_json(snippet, 100).join("\n"), if is_json { "json" } else { "bicep" }));
        }
        if !lines.is_empty() {
            let lines: Vec<&str> = lines.iter().flat_map(|line| line.split('\n')).collect();
            text.push_str("  <details><summary>details</summary>\n\n");
            lines
                .iter()
                .for_each(|line| text.push_str(&if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }));
            text.push_str("\n  </details>\n");
        }
        text
    }

    /// An edit that was tried, as a patch.
    fn offered(&self, offered: &Offered) -> Vec<String> {
        let files = self.context.files;
        let texts = edited(files, &offered.edits);
        let patches = texts.iter().map(|(file, new)| patch(&self.context.paths.path_of(*file), files.text(*file), new));
        let caution = offered.caution.iter().map(|why| format!("; look at it first, {}", prose(why)));
        let said = format!("- fix: {}{}", prose(&offered.title), caution.collect::<String>());
        vec![said, String::new(), fenced(&patches.collect::<String>(), "diff")]
    }

    fn ignored(&self, finding: &Finding) -> String {
        let location = self.context.location(finding);
        let said = finding.ignored.as_ref().map_or(String::new(), |ignored| {
            let why = if ignored.reason.is_empty() { String::new() } else { format!(": {}", plain(&ignored.reason)) };
            format!(" ({}{why})", ignored.by.as_str())
        });
        let link = self.link(&location.path, location.span);
        format!("- {} {} {link}{said}\n", prose(&finding.message), code(finding.rule.as_str()))
    }

    /// `[infra/nsg.json:8](infra/nsg.json#L8)`.
    fn link(&self, path: &str, span: Option<Span>) -> String {
        let region = span.map(|span| self.context.paths.region(span));
        let name = region.map_or(path.to_owned(), |region| format!("{path}:{}", region.line));
        let line = region.map_or(String::new(), |region| format!("#L{}", region.line));
        let base = self.context.options.base.url.as_deref().unwrap_or_default();
        format!("[{}]({base}{}{line})", plain(&name), encoded(path))
    }

    fn mark(&self, placement: &PlacementReport, requirement: &RequirementReport) -> &'static str {
        let is_ignored = || self.context.finding_of(placement, requirement).is_some_and(|one| one.ignored.is_some());
        match Standing::of(requirement) {
            Standing::NotNeeded => "➖ does not apply",
            Standing::Pass | Standing::BuiltIn => "✅ passed",
            _ if is_ignored() => "⏭️ ignored",
            Standing::Advised => "⚠️ against advice",
            Standing::Conditional => "⚠️ violated if it applies",
            Standing::Blocked => "❌ violated",
            Standing::Undecided => "❔ undecided",
        }
    }
}
