//! The page as a whole: its head, what it says first, the matrix of requirements and placements, and the order of its
//! parts.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::finding::{Outcome, Report, RequirementReport, Verdict};
use crate::report::context::{Context, Standing};
use crate::report::html::finding;
use crate::report::html::guide::{Guide, Placed, mark};
use crate::report::html::placement::Placements;
use crate::report::markup::Markup;
use crate::report::options::Options;
use crate::report::overview::closing;
use crate::report::pen::Pen;
use crate::report::words::count;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What the page may do: apply its own style, run its own script, and nothing else. The hashes are those of the two
/// files; a test says what they have to be.
const POLICY: &str = concat!(
    "default-src 'none'; style-src 'sha256-YooJyBK7UHMgI0Hpu155wbTIX5QJuUZnRAk/Ts+7llk='; ",
    "script-src 'sha256-o58cK2ZdSsVxjfUH7D8KGEUINZomN+8Qa1zCAhKfnIo='; base-uri 'none'; form-action 'none'"
);

/// The files listed; the unreadable ones come first.
const FILES: usize = 2000;
/// The flows named below one open question.
const FLOWS: usize = 40;

/// Writes the report as a page that needs nothing but itself.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Context { report, options, .. } = context;
    let guide = Guide::new(context);
    let mut page = Markup::default();
    head(report, options, &mut page);
    page.raw("<body>");
    banner(&guide, &mut page);
    page.raw("<main>");
    matrix(&guide, &mut page);
    diagnostics(&guide, &mut page);
    questions(&guide, &mut page);
    placements(&guide, &mut page);
    ignored(&guide, &mut page);
    granted(report, &mut page);
    looked_at(report, &mut page);
    page.raw("</main><footer><p>aznetlint ").text(&options.version);
    for (name, value) in &report.data {
        page.raw(" · ").text(name).raw(": ").text(value);
    }
    page.raw("</p></footer><script>").raw(SCRIPT).raw("</script></body></html>\n");
    out.write_all(page.as_str().as_bytes())
}

fn head(report: &Report, options: &Options, out: &mut Markup) {
    out.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    out.raw("<meta http-equiv=\"Content-Security-Policy\"").attribute("content", POLICY).raw(">");
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    out.raw("<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\">");
    out.raw("<meta name=\"generator\"").attribute("content", format!("aznetlint {}", options.version)).raw(">");
    out.element("<title>", &format!("{} – aznetlint", headline(report)), "</title><style>");
    out.raw(STYLE).raw("</style></head>\n");
}

/// What a reader in a hurry takes away.
fn headline(report: &Report) -> String {
    let counts = report.counts();
    let all = counts.satisfied + counts.violated + counts.undecided;
    let of = |number: usize| format!("{number} of {}", count(all, "flow"));
    let is = |number: usize| if number == 1 { "is" } else { "are" };
    match (counts.blocked(), counts.undecided, all) {
        (_, _, 0) if report.placements.is_empty() => "No service found on these networks".to_owned(),
        (_, _, 0) => "No flow was judged".to_owned(),
        (0, 0, _) if counts.against_advice > 0 => {
            format!("{} {} against advice, none is blocked", of(counts.against_advice), is(counts.against_advice))
        }
        (0, 0, 1) => "The one flow passes".to_owned(),
        (0, 0, _) => format!("All {all} flows pass"),
        (0, open, _) => format!("{} {} undecided, none is blocked", of(open), is(open)),
        (blocked, 0, _) => format!("{} {} blocked", of(blocked), is(blocked)),
        (blocked, open, _) => format!("{} {} blocked, {open} undecided", of(blocked), is(blocked)),
    }
}

fn banner(guide: &Guide<'_>, out: &mut Markup) {
    let Context { report, options, .. } = guide.context;
    let counts = report.counts();
    out.raw(
        "<a class=\"skip\" href=\"#content\">to the content</a><header><p class=\"brand\"><strong>aznetlint</strong> ",
    );
    out.text(&options.version).raw(" · Azure network report</p>");
    out.element("<h1>", &headline(report), "</h1>");
    out.element("<p class=\"lede\">", &closing(guide.context, Pen::PLAIN), "</p>");
    let all = counts.satisfied + counts.violated + counts.undecided;
    if all > 0 {
        out.raw("<dl class=\"tally\">");
        let numbers = [
            (Standing::Blocked, counts.blocked() - counts.conditional),
            (Standing::Conditional, counts.conditional),
            (Standing::Advised, counts.against_advice),
            (Standing::Undecided, counts.undecided),
            (Standing::BuiltIn, counts.built_in_only),
            (Standing::Pass, counts.satisfied - counts.built_in_only),
        ];
        for (standing, number) in numbers {
            if number > 0 || !matches!(standing, Standing::Conditional | Standing::Advised) {
                out.raw("<div class=\"").raw(standing.class()).raw(if number == 0 {
                    " zero\"><dt>"
                } else {
                    "\"><dt>"
                });
                mark(standing, out);
                out.raw("</dt><dd>").count(number).raw("</dd></div>");
            }
        }
        out.raw("</dl>");
    }
    contents(guide, out);
    out.raw("</header><span id=\"content\" tabindex=\"-1\"></span>");
}

fn contents(guide: &Guide<'_>, out: &mut Markup) {
    let report = guide.context.report;
    let judged = guide.placements.iter().any(|placed| !placed.placement.requirements.is_empty());
    let parts: [(&'static str, &'static str, usize); 7] = [
        ("#matrix", "Matrix", usize::from(judged)),
        ("#findings", "Findings", guide.open.len()),
        ("#undecided", "Open questions", open_questions(guide).len()),
        ("#placements", "Placements", report.placements.len()),
        ("#ignored", "Ignored", guide.ignored.len()),
        ("#assumptions", "Assumptions", granted_lines(report).len()),
        ("#files", "Files", report.files.len()),
    ];
    out.raw("<nav aria-label=\"Contents\"><ul>");
    for (target, name, number) in parts.into_iter().filter(|(.., number)| *number > 0) {
        out.raw("<li><a href=\"").raw(target).raw("\">").raw(name).raw("</a>");
        if target != "#matrix" {
            out.raw(" <span class=\"faint\">").count(number).raw("</span>");
        }
        out.raw("</li>");
    }
    out.raw("</ul></nav>");
}

fn section(id: &'static str, title: &'static str, out: &mut Markup) {
    out.raw("<section id=\"").raw(id).raw("\" aria-labelledby=\"").raw(id).raw("-h\"><h2 id=\"").raw(id);
    out.raw("-h\">").raw(title).raw("</h2>");
}

fn diagnostics(guide: &Guide<'_>, out: &mut Markup) {
    if guide.open.is_empty() {
        return;
    }
    section("findings", "Findings", out);
    finding::list(guide, &guide.open, 0, out);
    out.raw("</section>");
}

/// What would settle undecided flows, each once, with the flows that wait for it.
fn open_questions<'a>(guide: &Guide<'a>) -> Vec<(&'a str, Vec<(String, String)>)> {
    let mut questions: Vec<(&str, Vec<(String, String)>)> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for placed in &guide.placements {
        for (anchor, one) in placed.requirements() {
            if one.verdict != Some(Verdict::Undecided) && Standing::of(one) != Standing::Conditional {
                continue;
            }
            for why in &one.why {
                let at = *known.entry(why).or_insert_with(|| {
                    questions.push((why, Vec::new()));
                    questions.len() - 1
                });
                questions[at].1.push((anchor.clone(), format!("{} – {}", one.flow, guide.name(*placed))));
            }
        }
    }
    // Stable: what settles most comes first.
    questions.sort_by_key(|(_, flows)| std::cmp::Reverse(flows.len()));
    questions
}

fn questions(guide: &Guide<'_>, out: &mut Markup) {
    let questions = open_questions(guide);
    if questions.is_empty() {
        return;
    }
    section("undecided", "Open questions", out);
    out.raw("<p>What the input does not show, and the flows that wait for it.</p><ol class=\"questions\">");
    for (why, flows) in questions {
        out.raw("<li><p>").prose(why).raw("</p><details><summary>").text(&count(flows.len(), "flow"));
        out.raw("</summary><ul>");
        for (anchor, words) in flows.iter().take(FLOWS) {
            out.raw("<li><a").attribute("href", format!("#{anchor}")).raw(">").text(words).raw("</a></li>");
        }
        more(flows.len(), FLOWS, out);
        out.raw("</ul></details></li>");
    }
    out.raw("</ol></section>");
}

fn more(all: usize, shown: usize, out: &mut Markup) {
    if all > shown {
        out.raw("<li class=\"more\">and ").count(all - shown).raw(" more</li>");
    }
}

fn placements(guide: &Guide<'_>, out: &mut Markup) {
    if guide.placements.is_empty() {
        return;
    }
    section("placements", "Placements", out);
    let mut writer = Placements::new(guide);
    for placed in &guide.placements {
        writer.write(*placed, out);
    }
    let hidden = guide.context.report.placements.len() - guide.placements.len();
    if hidden > 0 {
        out.raw("<p class=\"more\">").text(&count(hidden, "more placement")).raw(", left out of the matrix too: ");
        out.raw("the JSON format has them all.</p>");
    }
    out.raw("</section>");
}

fn ignored(guide: &Guide<'_>, out: &mut Markup) {
    if guide.ignored.is_empty() {
        return;
    }
    section("ignored", "Ignored", out);
    out.raw("<details><summary>").text(&count(guide.ignored.len(), "diagnostic"));
    out.raw(" that somebody asked to ignore</summary>");
    finding::list(guide, &guide.ignored, guide.open.len(), out);
    out.raw("</details></section>");
}

/// What was taken for granted and what is said about the run, each once.
fn granted_lines(report: &Report) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let lines = report.remarks.iter().chain(&report.assumptions).map(String::as_str);
    lines.filter(|line| seen.insert(*line)).collect()
}

fn granted(report: &Report, out: &mut Markup) {
    let lines = granted_lines(report);
    if lines.is_empty() {
        return;
    }
    section("assumptions", "Assumptions and remarks", out);
    out.raw("<ul>");
    for line in lines.iter().take(FILES) {
        out.raw("<li>").prose(line).raw("</li>");
    }
    more(lines.len(), FILES, out);
    out.raw("</ul></section>");
}

fn looked_at(report: &Report, out: &mut Markup) {
    if report.files.is_empty() {
        return;
    }
    section("files", "Files", out);
    if !report.resources.is_empty() {
        let resources: Vec<_> = report.resources.iter().map(|(noun, number)| count(*number, noun)).collect();
        out.element("<p>", &resources.join(" · "), "</p>");
    }
    let mut files: Vec<_> = report.files.iter().collect();
    // Stable: the unreadable ones first.
    files.sort_by_key(|file| file.outcome != Outcome::Error);
    out.raw("<details class=\"files\"").raw(if files.len() <= 40 { " open" } else { "" }).raw("><summary>");
    out.text(&count(files.len(), "file")).raw("</summary><div class=\"scroll\" tabindex=\"0\" role=\"group\" ");
    out.raw("aria-label=\"files\"><table><thead><tr><th scope=\"col\">file</th><th scope=\"col\">outcome</th>");
    out.raw("<th scope=\"col\">read as</th></tr></thead><tbody>");
    for file in files.iter().take(FILES) {
        out.element("<tr><th scope=\"row\">", &file.name, "</th><td>");
        out.raw(match file.outcome {
            Outcome::Judged => "judged",
            Outcome::Skipped => "skipped",
            Outcome::Error => {
                "<span class=\"mark blocked\"><span class=\"sign\" aria-hidden=\"true\">✕</span> unreadable</span>"
            }
        });
        let said: Vec<_> = [file.shape.as_deref(), file.detail.as_deref()].into_iter().flatten().collect();
        out.element("</td><td>", &said.join(": "), "</td></tr>");
    }
    out.raw("</tbody></table></div>");
    if files.len() > FILES {
        out.raw("<p class=\"more\">").text(&count(files.len() - FILES, "more file")).raw("</p>");
    }
    out.raw("</details></section>");
}

/// Writes the tables, their legend and the buttons of the filter, which the script brings to life.
fn matrix(guide: &Guide<'_>, out: &mut Markup) {
    let mut services: BTreeMap<&str, Vec<Placed<'_>>> = BTreeMap::new();
    for placed in guide.placements.iter().filter(|placed| !placed.placement.requirements.is_empty()) {
        services.entry(&placed.placement.id.service).or_default().push(*placed);
    }
    if services.is_empty() {
        return;
    }
    out.raw("<section id=\"matrix\" aria-labelledby=\"matrix-h\"><h2 id=\"matrix-h\">Requirements by placement</h2>");
    filter(guide, out);
    for (service, placements) in services {
        table(guide, service, &placements, out);
    }
    out.raw("</section>");
}

fn filter(guide: &Guide<'_>, out: &mut Markup) {
    out.raw("<div class=\"filter\" hidden role=\"group\" aria-label=\"Show only\"><button type=\"button\" ");
    out.raw("data-show=\"\" aria-pressed=\"true\">all</button>");
    let there = |standing: Standing| guide.placements.iter().any(|placed| placed.count(standing) > 0);
    let shown: Vec<Standing> = Standing::ALL.into_iter().filter(|standing| there(*standing)).collect();
    for &standing in &shown {
        out.raw("<button type=\"button\" aria-pressed=\"false\" data-show=\"").raw(standing.class()).raw("\">");
        mark(standing, out);
        out.raw("</button>");
    }
    out.raw("</div><dl class=\"legend\">");
    for standing in shown {
        out.raw("<div><dt>");
        mark(standing, out);
        out.raw("</dt><dd>").raw(standing.meaning()).raw("</dd></div>");
    }
    out.raw("</dl>");
}

fn table(guide: &Guide<'_>, service: &str, placements: &[Placed<'_>], out: &mut Markup) {
    let mut rows = rows(placements);
    // Stable: what no placement needs comes last.
    rows.sort_by_key(|cells| cells.iter().flatten().all(|(_, one)| Standing::of(one) == Standing::NotNeeded));
    out.raw("<div class=\"matrix scroll\" tabindex=\"0\" role=\"group\"");
    out.attribute("aria-label", format!("requirements of {service} by placement"));
    out.raw("><table><caption>").text(service).raw("</caption><thead><tr><th scope=\"col\">requirement</th>");
    for placed in placements {
        out.raw("<th scope=\"col\"><a").attribute("href", format!("#p{}", placed.number));
        out.attribute("title", &placed.placement.id).raw(">");
        for (index, part) in guide.name(*placed).split('/').enumerate() {
            out.raw(if index > 0 { "/<wbr>" } else { "" }).text(part);
        }
        out.raw("</a></th>");
    }
    out.raw("</tr></thead><tbody>");
    for cells in &rows {
        let flows = cells.iter().flatten().map(|(_, one)| one.flow.as_str());
        out.raw("<tr><th scope=\"row\">").text(&common(flows));
        if let Some((_, one)) = cells.iter().flatten().next() {
            out.raw(" <span class=\"rule\">").text(one.rule.as_str()).raw("</span>");
        }
        out.raw("</th>");
        for cell in cells {
            match cell {
                Some((anchor, requirement)) => {
                    let standing = Standing::of(requirement);
                    out.raw("<td class=\"cell ")
                        .raw(standing.class())
                        .raw("\"><a")
                        .attribute("href", format!("#{anchor}"));
                    out.raw(">");
                    mark(standing, out);
                    out.raw("</a></td>");
                }
                None => {
                    out.raw("<td></td>");
                }
            }
        }
        out.raw("</tr>");
    }
    out.raw("</tbody></table></div>");
}

/// A requirement with its anchor, for each placement that has it.
type Row<'a> = Vec<Option<(String, &'a RequirementReport)>>;

/// The requirements by rule, in the order of the report, with the cell of each placement. A rule that asks a placement
/// for several things has a row for each.
fn rows<'a>(placements: &[Placed<'a>]) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut known: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for (column, placed) in placements.iter().enumerate() {
        let mut nth: BTreeMap<&str, usize> = BTreeMap::new();
        for (anchor, requirement) in placed.requirements() {
            let rule = requirement.rule.as_str();
            let count = nth.entry(rule).or_default();
            let row = *known.entry((rule, *count)).or_insert_with(|| {
                rows.push(vec![None; placements.len()]);
                rows.len() - 1
            });
            *count += 1;
            rows[row][column] = Some((anchor, requirement));
        }
    }
    rows
}

/// What flows have in common, word by word: `outbound TCP 443 to Storage.*`.
fn common<'a>(mut flows: impl Iterator<Item = &'a str>) -> String {
    let Some(first) = flows.next() else { return String::new() };
    let mut words: Vec<String> = first.split(' ').map(str::to_owned).collect();
    for flow in flows {
        let others: Vec<&str> = flow.split(' ').collect();
        if others.len() != words.len() {
            return first.to_owned();
        }
        for (word, other) in words.iter_mut().zip(others) {
            if word != other {
                let bare = word.trim_end_matches('*');
                let same: String =
                    bare.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
                // Names differ by their parts, not by their letters.
                let whole = same.rfind('.').map_or(0, |at| at + 1);
                *word = format!("{}*", &same[..whole]);
            }
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    use super::{POLICY, SCRIPT, STYLE, common, headline};
    use crate::finding::Report;
    use crate::report::sample::sample;

    #[test]
    fn the_policy_admits_the_two_files() {
        for file in [STYLE, SCRIPT] {
            let hash = STANDARD.encode(Sha256::digest(file));
            assert!(POLICY.contains(&format!("'sha256-{hash}'")), "the policy has to name 'sha256-{hash}'");
        }
    }

    #[test]
    fn the_two_files_end_no_element() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.contains('\r') && !SCRIPT.contains('\r'));
    }

    #[test]
    fn the_headline_says_the_worst() {
        let (_, report) = sample();
        assert_eq!(headline(&report), "3 of 7 flows are blocked, 1 undecided");
        assert_eq!(headline(&Report::default()), "No service found on these networks");
    }

    #[test]
    fn flows_that_differ_by_region_have_one_row() {
        let flows = ["outbound TCP 443 to Storage.westeurope", "outbound TCP 443 to Storage.westus"];
        assert_eq!(common(flows.into_iter()), "outbound TCP 443 to Storage.*");
        assert_eq!(common([flows[0]].into_iter()), flows[0]);
        assert_eq!(common([flows[0], flows[1], flows[0]].into_iter()), "outbound TCP 443 to Storage.*");
    }
}
