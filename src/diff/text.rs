//! A difference for people: the worst first, a last line with the counts.

use std::io;

use crate::diff::model::{Diff, RequirementChange, TrafficChange};
use crate::diff::words::{headline, line, place, side, traffic};
use crate::finding::{Packet, Verdict};
use crate::printable;

/// So many changes of a kind are told, and so many boxes of each; the JSON has all of them.
const MOST_CHANGES: usize = 200;
const MOST_BOXES: usize = 12;

/// Writes the difference. `width`: the columns of a line.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(diff: &Diff, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let mut text = Text { out, width: width.max(40) };
    for one in diff.requirements.iter().take(MOST_CHANGES) {
        text.requirement(one)?;
    }
    text.more(diff.requirements.len(), "requirement that turned", "requirements that turned")?;
    for one in diff.changes.iter().take(MOST_CHANGES) {
        text.change(one)?;
    }
    text.more(diff.changes.len(), "change", "changes")?;
    for one in diff.open.iter().take(MOST_CHANGES) {
        text.line("undecided: ", &format!("{}: {}", one.on, one.why))?;
    }
    text.more(diff.open.len(), "undecided part", "undecided parts")?;
    for one in diff.places.iter().take(MOST_CHANGES) {
        let told = match (&one.before, &one.after) {
            (Some(before), Some(after)) => format!("{} {before} is {after} now", one.kind),
            (None, Some(after)) => format!("{} {after} is new", one.kind),
            (Some(before), None) => format!("{} {before} is gone", one.kind),
            (None, None) => continue,
        };
        text.line("note: ", &told)?;
    }
    if !diff.places.is_empty() || !diff.open.is_empty() {
        text.line("", "")?;
    }
    text.line("", &closing(diff))
}

/// The last line.
pub(crate) fn closing(diff: &Diff) -> String {
    let places = plural(diff.compared, "place", "places");
    let counts = diff.counts();
    if diff.is_empty() {
        return format!("no change in meaning ({places} compared)");
    }
    let all = [
        (counts.broken, "requirement broken", "requirements broken"),
        (counts.opened_internet, "opened to the internet", "opened to the internet"),
        (counts.opened, "opened", "opened"),
        (counts.rerouted, "led another way", "led another way"),
        (counts.closed, "closed", "closed"),
        (counts.mended, "requirement mended", "requirements mended"),
        (counts.turned, "requirement turned otherwise", "requirements turned otherwise"),
        (counts.undecided, "undecided", "undecided"),
    ];
    let told: Vec<String> =
        all.iter().filter(|(count, ..)| *count > 0).map(|(count, one, many)| plural(*count, one, many)).collect();
    format!("{} ({places} compared)", told.join(", "))
}

pub(crate) fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How a requirement turned.
pub(crate) fn turned(one: &RequirementChange) -> &'static str {
    match () {
        () if one.is_broken() => "broken",
        () if one.is_mended() => "mended",
        () => "turned",
    }
}

/// The verdicts on both sides.
pub(crate) fn verdicts(one: &RequirementChange) -> String {
    let word = |verdict: Option<Verdict>| verdict.map_or("not asked for", Verdict::as_str);
    format!("{} → {}", word(one.before), word(one.after))
}

/// A packet: `TCP 20.33.0.4:50000 → 10.0.1.4:22`.
pub(crate) fn packet(packet: &Packet) -> String {
    let (from, to) = packet.ends();
    let unnamed =
        |end: String, other: &str| if end.is_empty() || end.starts_with(':') { format!("{other}{end}") } else { end };
    format!("{} {} → {}", packet.protocol.to_uppercase(), unnamed(from, "any"), unnamed(to, "any"))
}

struct Text<'o> {
    out: &'o mut dyn io::Write,
    width: usize,
}

impl Text<'_> {
    /// A line behind a lead; what does not fit goes on below, as far in.
    fn line(&mut self, lead: &str, text: &str) -> io::Result<()> {
        let text = printable::line(text);
        let room = self.width.saturating_sub(lead.len()).max(20);
        let options = textwrap::Options::new(room)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .word_separator(textwrap::WordSeparator::AsciiSpace);
        for (at, part) in textwrap::wrap(&text, options).iter().enumerate() {
            match at {
                0 => writeln!(self.out, "{}", format!("{lead}{part}").trim_end())?,
                _ => writeln!(self.out, "{:indent$}{part}", "", indent = lead.len())?,
            }
        }
        Ok(())
    }

    fn more(&mut self, count: usize, one: &str, many: &str) -> io::Result<()> {
        match count.saturating_sub(MOST_CHANGES) {
            0 => Ok(()),
            more => self.line("", &format!("and {}; --format json has all of them\n", plural(more, one, many))),
        }
    }

    fn requirement(&mut self, one: &RequirementChange) -> io::Result<()> {
        self.line(&format!("{}: ", turned(one)), &format!("{}, {}", one.placement, one.flow))?;
        self.line("  ", &format!("{} ({})", verdicts(one), one.rule))?;
        for (word, lines) in [("  base  ", &one.base), ("  head  ", &one.head)] {
            let told: Vec<String> = lines.iter().map(line).collect();
            if !told.is_empty() {
                self.line(word, &told.join(", "))?;
            }
        }
        if let Some(witness) = &one.witness {
            self.line("  ", &format!("for example {}", packet(witness)))?;
        }
        for why in one.why.iter().take(MOST_BOXES) {
            self.line("  why   ", why)?;
        }
        writeln!(self.out)
    }

    fn change(&mut self, one: &TrafficChange) -> io::Result<()> {
        self.line(&format!("{}: ", headline(one)), &place(one))?;
        for part in one.traffic.iter().take(MOST_BOXES) {
            self.line("  ", &traffic(part))?;
        }
        if one.traffic.len() > MOST_BOXES {
            self.line("  ", &format!("and {} more", one.traffic.len() - MOST_BOXES))?;
        }
        self.line("  base  ", &side(&one.before, one.base.as_ref()))?;
        self.line("  head  ", &side(&one.after, one.head.as_ref()))?;
        self.line("  ", &format!("for example {}", packet(&one.witness)))?;
        for why in one.why.iter().take(MOST_BOXES) {
            let place = why.place.as_ref().map(|place| format!(" ({})", place.text())).unwrap_or_default();
            let settle = why.settle.as_ref().map(|settle| format!("; {settle} settles it")).unwrap_or_default();
            self.line("  why   ", &format!("{}{place}{settle}", why.text))?;
        }
        writeln!(self.out)
    }
}
