//! One diagnostic: what is the matter, where, with an excerpt of the file, which flows it stops, what to do, and where the
//! rule comes from.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Ignored, Label, Level, Source, short_name};
use crate::report::group::{Group, headline, places, rules_of};
use crate::report::html::guide::{DIAGNOSTICS, Guide};
use crate::report::markup::{Markup, cut};
use crate::report::pen::Pen;
use crate::report::window::{Mark, View, line_bytes};
use crate::report::words::{count, lay_out_json};
use crate::source::{FileId, Files};

/// The diagnostics with excerpts; those behind them name the place only.
const EXCERPTS: usize = 200;
/// The flows one diagnostic lists.
const FLOWS: usize = 60;
/// The snippets one advice shows.
const SNIPPETS: usize = 12;
/// The reasons for ignoring one diagnostic.
const REASONS: usize = 12;
/// The columns of a snippet.
const WIDTH: usize = 88;

/// Writes a list of diagnostics, the first of which has this index on the page.
pub(crate) fn list(guide: &Guide<'_>, groups: &[Group<'_>], first: usize, out: &mut Markup) {
    for (nth, group) in groups.iter().take(DIAGNOSTICS).enumerate() {
        let anchor = guide.anchor(first + nth).unwrap_or_default();
        card(guide, group, &anchor, nth < EXCERPTS, out);
    }
    let hidden = groups.len().saturating_sub(DIAGNOSTICS);
    if hidden > 0 {
        out.raw("<p class=\"more\">").text(&count(hidden, "more diagnostic")).raw(": the JSON format lists all.</p>");
    }
}

/// Sign, word and class of a finding.
fn level(finding: &Finding) -> (&'static str, &'static str, &'static str) {
    match finding.level {
        _ if finding.undecided => ("?", "undecided", "undecided"),
        Level::Error => ("✕", "error", "blocked"),
        Level::Warning => ("!", "warning", "warning"),
        Level::Note => ("i", "note", "note"),
    }
}

fn card(guide: &Guide<'_>, group: &Group<'_>, anchor: &str, excerpts: bool, out: &mut Markup) {
    let head = group.head();
    let (sign, word, class) = level(head);
    out.raw("<article class=\"finding ").raw(class).raw("\"").attribute("id", anchor).raw("><h3><span class=\"mark ");
    out.raw(class).raw("\"><span class=\"sign\" aria-hidden=\"true\">").raw(sign).raw("</span> ").raw(word);
    out.raw("</span> ")
        .prose(&headline(group, &guide.context.index))
        .raw("</h3><p class=\"meta\"><code>")
        .text(&rules_of(group));
    out.raw("</code>");
    if let Some(placed) = guide.placed(head) {
        out.raw(" · <a")
            .attribute("href", format!("#p{}", placed.number))
            .raw(">")
            .text(&guide.heading(placed))
            .raw("</a>");
    } else if let Some(about) = head.placement.as_ref().map(ToString::to_string).or(head.resource.clone()) {
        out.raw(" · <span").attribute("title", &about).raw(">").text(&short_name(&about)).raw("</span>");
    }
    out.raw(" · ");
    guide.place(head.at.span, out);
    out.raw("</p>");
    // Each flow of a group may be ignored for a reason of its own.
    let mut said = BTreeSet::new();
    for ignored in group.findings().iter().filter_map(|finding| finding.ignored.as_ref()) {
        if said.insert((ignored.by, ignored.reason.trim())) && said.len() <= REASONS {
            ignoring(guide, ignored, out);
        }
    }
    if excerpts {
        excerpt(guide.context.files, &places(group), out);
    }
    flows(guide, group, out);
    remarks(group, out);
    advice(group, out);
    origin(guide, group, out);
    out.raw("</article>");
}

fn ignoring(guide: &Guide<'_>, ignored: &Ignored, out: &mut Markup) {
    out.raw("<p class=\"reason\"><strong>Ignored by ").text(ignored.by.as_str()).raw("</strong>");
    if !ignored.reason.trim().is_empty() {
        out.raw(": ").prose(ignored.reason.trim());
    }
    if let Some(place) = ignored.place {
        out.raw(" ");
        guide.place(place, out);
    }
    out.raw("</p>");
}

/// The flows of a diagnostic that stops several, each with a link to its detail.
fn flows(guide: &Guide<'_>, group: &Group<'_>, out: &mut Markup) {
    if !group.is_several() {
        return;
    }
    let placed = guide.placed(group.head());
    let anchors: BTreeMap<_, _> =
        placed.into_iter().flat_map(|placed| placed.requirements()).map(|(anchor, one)| (&one.rule, anchor)).collect();
    out.raw("<ul class=\"flow-list\">");
    let flows = group.flows();
    for (finding, words) in flows.iter().take(FLOWS) {
        out.raw("<li>");
        match anchors.get(&finding.rule) {
            Some(anchor) => out.raw("<a").attribute("href", format!("#{anchor}")).raw(">").text(words).raw("</a>"),
            None => out.text(words),
        };
        out.raw(" <span class=\"rule\">").text(finding.rule.as_str()).raw("</span></li>");
    }
    let hidden = flows.len().saturating_sub(FLOWS);
    if hidden > 0 {
        out.raw("<li class=\"more\">").text(&format!("and {hidden} more")).raw("</li>");
    }
    out.raw("</ul>");
}

fn remarks(group: &Group<'_>, out: &mut Markup) {
    let remarks = group.remarks(false);
    if remarks.is_empty() {
        return;
    }
    out.raw("<dl class=\"remarks\">");
    for (kind, text) in remarks {
        out.raw("<dt>").text(kind).raw("</dt><dd>").lines(&text).raw("</dd>");
    }
    out.raw("</dl>");
}

/// What to do, and what to paste; the script brings the button to life.
fn advice(group: &Group<'_>, out: &mut Markup) {
    for (help, snippets) in group.advice() {
        out.raw("<div class=\"fix\"><h4>Fix</h4>");
        if !help.is_empty() {
            out.raw("<p>").prose(help).raw("</p>");
        }
        let shown = snippets.len().min(SNIPPETS);
        if shown > 0 {
            let laid_out: Vec<String> =
                snippets.iter().take(shown).map(|one| lay_out_json(one, WIDTH).join("\n")).collect();
            out.raw("<div class=\"snippet\"><button type=\"button\" class=\"copy\" hidden>copy</button>");
            out.raw("<pre tabindex=\"0\" aria-label=\"JSON to paste\"><code>").lines(&laid_out.join(",\n"));
            out.raw("</code></pre></div>");
        }
        if snippets.len() > shown {
            out.raw("<p class=\"more\">").text(&format!("{} more like these", snippets.len() - shown)).raw("</p>");
        }
        out.raw("</div>");
    }
}

/// Why it matters and where that is written, for every rule that speaks.
fn origin(guide: &Guide<'_>, group: &Group<'_>, out: &mut Markup) {
    let rules = &guide.context.report.rules;
    let cards: BTreeMap<_, _> =
        group.findings().iter().filter_map(|finding| rules.get_key_value(&finding.rule)).collect();
    let each = |texts: Vec<&str>| -> Vec<String> {
        let mut said = BTreeSet::new();
        let texts = texts.into_iter().map(str::trim).filter(|text| !text.is_empty() && said.insert(text.to_owned()));
        texts.map(str::to_owned).collect()
    };
    let why = each(cards.values().map(|card| card.why.as_str()).collect());
    let seen = each(cards.values().flat_map(|card| &card.seen_as).map(String::as_str).collect());
    let mut known = BTreeSet::new();
    let sources: Vec<_> = cards
        .values()
        .flat_map(|card| &card.sources)
        .filter(|source| known.insert((&source.title, &source.section, &source.url)))
        .collect();
    // The first is the one the rule of the head rests on; the others go with the reasons.
    let head = rules.get(&group.head().rule).and_then(|card| card.sources.first());
    if let Some(source) = head {
        out.raw("<p class=\"source\">Source: ");
        cite(source, out);
        out.raw("</p>");
    }
    let others: Vec<_> = sources.into_iter().filter(|source| Some(*source) != head).collect();
    if why.is_empty() && seen.is_empty() && others.is_empty() {
        return;
    }
    out.raw("<details class=\"origin\"><summary>Why it matters</summary>");
    for text in why {
        out.raw("<p>").prose(&text).raw("</p>");
    }
    if !seen.is_empty() {
        out.raw("<p>Seen as ");
        for (index, text) in seen.iter().enumerate() {
            out.raw(if index > 0 { " or <q>" } else { "<q>" }).text(text).raw("</q>");
        }
        out.raw("</p>");
    }
    if !others.is_empty() {
        out.raw("<ul class=\"sources\">");
        for source in others {
            out.raw("<li>");
            cite(source, out);
            out.raw("</li>");
        }
        out.raw("</ul>");
    }
    out.raw("</details>");
}

/// Title, section and date, with a link to the page.
fn cite(source: &Source, out: &mut Markup) {
    link(&source.url, &source.title, out);
    if let Some(section) = &source.section {
        out.raw(", ").text(section);
    }
    out.raw(", as of ").text(&source.read);
}

/// A link to where a rule comes from. A rule folder of the user's own may name anything: only web addresses are links.
fn link(url: &str, words: &str, out: &mut Markup) {
    let web =
        (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(|ch| ch.is_ascii_graphic());
    if web {
        out.raw("<a rel=\"noreferrer noopener\"").attribute("href", url).raw(">").text(words).raw("</a>");
    } else {
        out.text(words).raw(" (").text(url).raw(")");
    }
}

/// The lines shown before and after one with a label.
const AROUND: usize = 2;
/// The columns of a line with a label, about.
const EXCERPT_WIDTH: usize = 110;
/// The characters of a line without one.
const CONTEXT_WIDTH: usize = 160;

/// Writes the excerpts that labels ask for; the first label is the one at fault.
fn excerpt(files: &Files, labels: &[&Label], out: &mut Markup) {
    let (view, marks) = View::new(files, labels, EXCERPT_WIDTH, Pen::PLAIN);
    for (index, (file, text, lines)) in view.texts().enumerate() {
        let on_file: Vec<(usize, &Mark)> = marks
            .iter()
            .enumerate()
            .filter_map(|(label, mark)| Some((label, mark.as_ref()?)))
            .filter(|(_, mark)| mark.file == index)
            .collect();
        let Some(&(first, _)) = on_file.first() else { continue };
        let position = files.position(labels[first].span);
        out.raw("<figure class=\"excerpt\"><figcaption>").text(files.name(file)).raw(":").count(position.line);
        out.raw(":").count(position.column).raw("</figcaption><div class=\"scroll\" tabindex=\"0\" role=\"group\"");
        out.attribute("aria-label", format!("excerpt of {}", files.name(file))).raw("><pre>");
        // The line end of the last line starts no line of its own.
        let ends = files.text(file).ends_with('\n');
        let all = files.line_starts(file).len() - usize::from(ends);
        let mut next = 0;
        for (&line, range) in lines {
            let from = line.saturating_sub(AROUND).max(next);
            if next > 0 && from > next {
                out.raw("<span class=\"gap\">⋮</span>\n");
            }
            for before in from..line {
                context(files, file, before, out);
            }
            let mut here: Vec<_> =
                on_file.iter().copied().filter(|(_, mark)| range.contains(&mark.range.start)).collect();
            here.sort_by_key(|(label, mark)| (mark.range.start, mark.range.end, *label));
            labelled(line, text.get(range.clone()).unwrap_or(""), range.start, &here, labels, out);
            // What follows, up to the next line with a label.
            let later = lines.range(line + 1..).next().map_or(all, |(line, _)| *line);
            let end = (line + 1 + AROUND).min(later).min(all);
            for after in line + 1..end {
                context(files, file, after, out);
            }
            next = end;
        }
        out.raw("</pre></div></figure>");
    }
}

fn number(line: usize, out: &mut Markup) {
    out.raw("<span class=\"no\">").text(&format!("{:>4}", line + 1)).raw("</span> ");
}

fn context(files: &Files, file: FileId, line: usize, out: &mut Markup) {
    let text = files.text(file).get(line_bytes(files, file, line)).unwrap_or("");
    // Cut before it is escaped: a minified line can be megabytes long.
    let head: String = text.chars().take(CONTEXT_WIDTH + 1).collect();
    number(line, out);
    out.raw("<span class=\"around\">").text(&cut(&head, CONTEXT_WIDTH).0).raw("</span>\n");
}

/// A line with its labels marked, and below it what they say.
fn labelled(line: usize, text: &str, start: usize, here: &[(usize, &Mark)], labels: &[&Label], out: &mut Markup) {
    let text = text.trim_end_matches('\n');
    number(line, out);
    let mut at = 0;
    for (label, mark) in here {
        let range = mark.range.start - start..(mark.range.end - start).min(text.len());
        // One label inside another: the outer one is marked, both are said.
        if range.start < at {
            continue;
        }
        let (Some(before), Some(marked)) = (text.get(at..range.start), text.get(range.clone())) else { continue };
        out.text(before);
        out.raw(if *label == 0 { "<mark class=\"fault\">" } else { "<mark>" });
        out.text(if marked.is_empty() { " " } else { marked }).raw("</mark>");
        at = range.end;
    }
    out.text(text.get(at..).unwrap_or("")).raw("\n");
    for (label, mark) in here {
        let message = labels[*label].message.trim();
        if message.is_empty() {
            continue;
        }
        let before = text.get(..mark.range.start - start).unwrap_or("");
        let indent = before.chars().count().min(EXCERPT_WIDTH / 2);
        out.raw("<span class=\"no\">    </span> <span class=\"indent\">").text(&" ".repeat(indent)).raw("</span>");
        out.raw(if *label == 0 { "<span class=\"says fault\">" } else { "<span class=\"says\">" });
        out.raw("<span aria-hidden=\"true\">↑ </span>").prose(message).raw("</span>\n");
    }
}
