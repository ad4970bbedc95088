//! What was looked at: files, resources, the services found in the network and what is known about each.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::finding::{Applies, FactReport, FileReport, Outcome, PlacementReport, Report, RequirementReport, Verdict};
use crate::report::options::Options;
use crate::report::pen::{Pen, Role};
use crate::report::words::{count, fill};
use crate::source::{FileId, Files, Span};

/// The columns before what is said.
const INDENT: usize = 11;
/// The placements shown without `verbose`.
const PLACEMENTS: usize = 6;
/// The unreadable files shown without `verbose`.
const UNREAD: usize = 6;

/// Writes what was looked at; whether there was anything to say.
pub(crate) fn write(
    report: &Report,
    files: &Files,
    options: &Options,
    pen: Pen,
    out: &mut dyn io::Write,
) -> io::Result<bool> {
    if report.files.iter().all(|file| file.outcome == Outcome::Skipped) && !options.verbose {
        return Ok(false);
    }
    let mut lines = Lines { files, width: options.width, pen, out };
    lines.say("looked at", &looked_at(&report.files, pen))?;
    if options.verbose {
        for file in &report.files {
            lines.more(0, &[file_line(file, pen)])?;
        }
    } else {
        lines.unread(report)?;
    }
    if !report.resources.is_empty() {
        let resources: Vec<_> = report.resources.iter().map(|(noun, number)| count(*number, noun)).collect();
        lines.say("found", &resources)?;
    }
    let shown = if options.verbose { usize::MAX } else { PLACEMENTS };
    for placement in report.placements.iter().take(shown) {
        lines.placement(placement, options.verbose)?;
    }
    let hidden = report.placements.len().saturating_sub(shown);
    if hidden > 0 {
        lines.more(0, &[format!("and {}; --verbose lists all", count(hidden, "more placement"))])?;
    }
    Ok(true)
}

/// `9 files: 4 templates`, `3 REST exports`, `2 skipped`.
fn looked_at(files: &[FileReport], pen: Pen) -> Vec<String> {
    let mut shapes: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files.iter().filter(|file| file.outcome == Outcome::Judged) {
        *shapes.entry(file.shape.as_deref().unwrap_or("other")).or_default() += 1;
    }
    let mut parts: Vec<_> =
        shapes.into_iter().map(|(shape, number)| count(number, &noun_of(&pen.clean(shape)))).collect();
    let with = |outcome: Outcome| files.iter().filter(|file| file.outcome == outcome).count();
    if with(Outcome::Skipped) > 0 {
        parts.push(format!("{} skipped", with(Outcome::Skipped)));
    }
    if with(Outcome::Error) > 0 {
        parts.push(format!("{} unreadable", with(Outcome::Error)));
    }
    match parts.first_mut() {
        Some(first) => *first = format!("{}: {first}", count(files.len(), "file")),
        None => parts.push(count(0, "file")),
    }
    parts
}

fn noun_of(shape: &str) -> String {
    match shape {
        "rest" => "REST export".to_owned(),
        "cli" => "CLI export".to_owned(),
        "resource-graph" => "Resource Graph export".to_owned(),
        "powershell" => "PowerShell export".to_owned(),
        "template" => "template".to_owned(),
        "parameters" => "parameter file".to_owned(),
        other => format!("{other} file"),
    }
}

fn file_line(file: &FileReport, pen: Pen) -> String {
    let outcome = match file.outcome {
        Outcome::Judged => "judged",
        Outcome::Skipped => "skipped",
        Outcome::Error => "unreadable",
    };
    // What is not judged says in its detail what it is.
    let shape = file.shape.as_deref().filter(|_| file.outcome == Outcome::Judged).map(noun_of);
    let said: Vec<_> = [shape.as_deref(), file.detail.as_deref()].into_iter().flatten().collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(": ")) };
    format!("{outcome:10} {}{}", pen.clean(&file.name), pen.clean(&said))
}

/// The name of a resource as people say it: `vnet/subnet` for the id of a subnet, the last part of any other id.
pub(crate) fn short_name(id: &str) -> String {
    let parts: Vec<_> = id.split('/').collect();
    match parts[..] {
        [.., networks, network, subnets, subnet]
            if networks.eq_ignore_ascii_case("virtualNetworks") && subnets.eq_ignore_ascii_case("subnets") =>
        {
            format!("{network}/{subnet}")
        }
        [.., last] if id.starts_with('/') && !last.is_empty() => last.to_owned(),
        _ => id.to_owned(),
    }
}

/// What a placement is called: `azureml-compute on vnet/snet-training`.
pub fn placement_title(placement: &PlacementReport) -> String {
    let place = ["subnet", "nsg", "route-table", "firewall"].into_iter().find_map(|kind| placement.on.get(kind));
    match place {
        Some(place) => format!("{} on {}", placement.id.service, short_name(place)),
        None => placement.id.service.clone(),
    }
}

struct Lines<'a> {
    files: &'a Files,
    width: usize,
    pen: Pen,
    out: &'a mut dyn io::Write,
}

impl Lines<'_> {
    /// Parts with a word in front. They must be clean.
    fn say(&mut self, word: &str, parts: &[String]) -> io::Result<()> {
        self.after(0, Role::Key, word, parts)
    }

    /// Parts below, `depth` columns further in. They must be clean.
    fn more(&mut self, depth: usize, parts: &[String]) -> io::Result<()> {
        self.after(INDENT + depth, Role::Faint, "", parts)
    }

    /// Parts behind a word that stands `indent` columns in; later lines below the first part.
    fn after(&mut self, indent: usize, role: Role, word: &str, parts: &[String]) -> io::Result<()> {
        let column = if word.is_empty() { indent } else { indent + INDENT };
        let lines = fill(parts, self.pen.dot(), self.width.saturating_sub(column).max(40));
        for (index, line) in lines.iter().enumerate() {
            if index == 0 && !word.is_empty() {
                writeln!(self.out, "{:indent$}{}{line}", "", self.pen.paint(role, &format!("{word:INDENT$}")))?;
            } else {
                writeln!(self.out, "{:column$}{line}", "")?;
            }
        }
        Ok(())
    }

    /// The files that could not be read and of which no finding speaks.
    fn unread(&mut self, report: &Report) -> io::Result<()> {
        let spoken: BTreeSet<FileId> = report.findings.iter().map(|finding| finding.at.span.file).collect();
        let unread: Vec<_> = report
            .files
            .iter()
            .filter(|file| file.outcome == Outcome::Error && file.file.is_none_or(|file| !spoken.contains(&file)))
            .collect();
        for file in unread.iter().take(UNREAD) {
            self.more(0, &[file_line(file, self.pen)])?;
        }
        match unread.len().saturating_sub(UNREAD) {
            0 => Ok(()),
            hidden => self.more(0, &[format!("and {}; --verbose lists all", count(hidden, "more file"))]),
        }
    }

    fn placement(&mut self, placement: &PlacementReport, verbose: bool) -> io::Result<()> {
        let mut title = vec![self.pen.clean(&placement_title(placement))];
        let mut placed = placement.on.contains_key("subnet");
        for (kind, noun) in [("nsg", "NSG"), ("route-table", "route table"), ("firewall", "firewall")] {
            // Without a subnet the first of them is the place itself, named in the title.
            if let Some(name) = placement.on.get(kind)
                && std::mem::replace(&mut placed, true)
            {
                title.push(self.pen.clean(&format!("{noun} {}", short_name(name))));
            }
        }
        self.say("placed", &title)?;
        if !placement.found.is_empty() {
            self.more(2, &[self.pen.clean(&placement.found)])?;
        }
        let (known, unknown): (Vec<_>, Vec<_>) = placement
            .facts
            .iter()
            .filter(|fact| verbose || (fact.asked && fact.from != "default"))
            .partition(|fact| fact.value.is_some());
        let facts: Vec<_> = known.into_iter().map(|fact| self.fact(fact, verbose)).collect();
        self.more(2, &facts)?;
        if !unknown.is_empty() {
            let names: Vec<_> = unknown.into_iter().map(|fact| self.pen.clean(&fact.name)).collect();
            self.more(2, &[format!("not known: {}", names.join(", "))])?;
        }
        if let Some(reason) = &placement.not_judged {
            self.more(2, &[self.pen.clean(reason)])?;
        }
        if verbose {
            for requirement in &placement.requirements {
                self.requirement(requirement)?;
            }
        }
        Ok(())
    }

    fn fact(&self, fact: &FactReport, verbose: bool) -> String {
        let value = fact.value.as_ref().map(ToString::to_string).unwrap_or_default();
        let from = fact.place.map(|span| self.place(span));
        // The name of the file is enough to find it again; its folder is in the verbose list.
        let from = from.map(|place| if verbose { place } else { last_part(&place).to_owned() });
        let from = from.or_else(|| (fact.from != "estate").then(|| fact.from.to_owned()));
        let from = from.map(|from| format!(" ({from})")).unwrap_or_default();
        self.pen.clean(&format!("{} {value}{from}", fact.name))
    }

    fn requirement(&mut self, requirement: &RequirementReport) -> io::Result<()> {
        let (word, role) = match (requirement.applies, requirement.verdict) {
            (Applies::No, _) | (_, None) => ("not needed", Role::Faint),
            (_, Some(Verdict::Satisfied)) => ("passes", Role::Pass),
            (_, Some(Verdict::Violated)) if requirement.advice => ("advised", Role::Warning),
            (_, Some(Verdict::Violated)) => ("blocked", Role::Error),
            (_, Some(Verdict::Undecided)) => ("undecided", Role::Undecided),
        };
        let mut said = vec![format!("{} [{}]", requirement.flow, requirement.rule)];
        if !requirement.decided_by.is_empty() {
            let by: Vec<_> = requirement
                .decided_by
                .iter()
                .take(3)
                .map(|decider| match decider.place {
                    Some(span) => format!("{} ({})", decider.name, self.place(span)),
                    None => format!("{} ({})", decider.name, decider.kind.as_str()),
                })
                .collect();
            said.push(format!("by {}", by.join(", ")));
        }
        said.extend(requirement.why.iter().cloned());
        let said: Vec<_> = said.iter().map(|part| self.pen.clean(part)).collect();
        self.after(INDENT + 2, role, word, &said)
    }

    fn place(&self, span: Span) -> String {
        format!("{}:{}", self.files.name(span.file), self.files.position(span).line)
    }
}

fn last_part(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::short_name;

    #[test]
    fn names_are_what_people_say() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub/subnets/default";
        assert_eq!(short_name(id), "hub/default");
        assert_eq!(short_name("/subscriptions/s/providers/Microsoft.Network/routeTables/rt-training"), "rt-training");
        assert_eq!(short_name("hub/default"), "hub/default");
    }
}
