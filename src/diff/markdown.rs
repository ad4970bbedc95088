//! A difference as the comment of a pull request: the worst first, details folded, never more than such a comment may hold.
//!
//! The first line is a marker that is not shown: a bot finds its own comment by it.

use std::io;

use crate::diff::model::{Diff, RequirementChange, TrafficChange, Why};
use crate::diff::text::{closing, packet, plural, turned, verdicts};
use crate::diff::words::{headline, line, place, side, traffic};
use crate::report::{code, plain};

/// The line a bot looks for.
const MARKER: &str = "<!-- aznetlint diff -->\n";
/// GitHub takes a comment of so many characters; a byte is never more than one.
const BYTES: usize = 65_536;
/// Kept for what closes the page.
const END: usize = 2_048;
/// So many boxes of a change are told.
const MOST_BOXES: usize = 12;

/// Writes the difference.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page { text: MARKER.to_owned() };
    page.text.push_str(&format!("### What this change does to the network\n\n{}\n\n", plain(&closing(diff))));
    let mut title = "";
    let mut left = 0;
    for (own, entry) in entries(diff) {
        let heading = if own == title { String::new() } else { format!("\n#### {own}\n\n") };
        if left == 0 && page.takes(&format!("{heading}{entry}")) {
            title = own;
        } else {
            left += 1;
        }
    }
    if left > 0 {
        let more = plural(left, "more change is", "more changes are");
        page.text.push_str(&format!("\n{more} left out here, for the size of a comment; `--format json` has all.\n"));
    }
    out.write_all(page.text.as_bytes())
}

struct Page {
    text: String,
}

impl Page {
    /// Adds a text where it fits. Whether it did.
    fn takes(&mut self, text: &str) -> bool {
        let fits = self.text.len() + text.len() + END <= BYTES;
        if fits {
            self.text.push_str(text);
        }
        fits
    }
}

/// Every change under its title, the worst first.
fn entries(diff: &Diff) -> impl Iterator<Item = (&'static str, String)> + '_ {
    let requirements = diff.requirements.iter().map(|one| {
        let title = match turned(one) {
            "broken" => "Requirements broken",
            "mended" => "Requirements mended",
            _ => "Requirements that turned otherwise",
        };
        (title, requirement(one))
    });
    let changes = diff.changes.iter().map(|one| (title(one), change(one)));
    let open = diff.open.iter().map(|one| ("Undecided", format!("- {}: {}\n", plain(&one.on), plain(&one.why))));
    let places = diff.places.iter().filter_map(|one| {
        let told = match (&one.before, &one.after) {
            (Some(before), Some(after)) => format!("{} is {} now", code(before), code(after)),
            (None, Some(after)) => format!("{} is new", code(after)),
            (Some(before), None) => format!("{} is gone", code(before)),
            (None, None) => return None,
        };
        Some(("Places", format!("- {} {told}\n", one.kind)))
    });
    requirements.chain(changes).chain(open).chain(places)
}

fn title(one: &TrafficChange) -> &'static str {
    match headline(one) {
        "opened to the internet" => "Opened to the internet",
        "led to the internet" => "Led to the internet",
        "opened" => "Opened",
        "closed" => "Closed",
        "led another way" => "Led another way",
        _ => "Undecided",
    }
}

/// A line that says it all, and what is behind it, folded.
fn folded(summary: &str, details: &[String]) -> String {
    let details: String = details.iter().map(|one| format!("  - {one}\n")).collect();
    format!("- {summary}\n  <details><summary>why</summary>\n\n{details}\n  </details>\n")
}

fn requirement(one: &RequirementChange) -> String {
    let summary = format!("{}: {}, {}", code(&one.placement), plain(&one.flow), plain(&verdicts(one)));
    let mut details = vec![format!("rule {}", code(&one.rule))];
    for (word, lines) in [("base", &one.base), ("head", &one.head)] {
        details.extend(lines.iter().map(|one| format!("{word}: {}", plain(&line(one)))));
    }
    details.extend(one.witness.iter().map(|witness| format!("for example {}", code(&packet(witness)))));
    details.extend(one.why.iter().take(MOST_BOXES).map(|why| plain(why)));
    folded(&summary, &details)
}

fn change(one: &TrafficChange) -> String {
    let told: Vec<String> = one.traffic.iter().take(MOST_BOXES).map(|one| code(&traffic(one))).collect();
    let more = one.traffic.len().saturating_sub(told.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let word = if one.is_sure() { String::new() } else { format!("{}: ", headline(one)) };
    let summary = format!("{word}{}: {}{more}", plain(&place(one)), told.join(", "));
    let mut details = vec![
        format!("base: {}", plain(&side(&one.before, one.base.as_ref()))),
        format!("head: {}", plain(&side(&one.after, one.head.as_ref()))),
        format!("for example {}", code(&packet(&one.witness))),
    ];
    details.extend(one.why.iter().take(MOST_BOXES).map(why));
    folded(&summary, &details)
}

fn why(why: &Why) -> String {
    let place = why.place.as_ref().map(|place| format!(" ({})", place.text())).unwrap_or_default();
    let settle = why.settle.as_ref().map(|settle| format!("; {settle} settles it")).unwrap_or_default();
    plain(&format!("{}{place}{settle}", why.text))
}
