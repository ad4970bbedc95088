//! What the page shows and under which anchor, so that every link resolves: placements, requirements, diagnostics.

use std::collections::BTreeMap;

use crate::finding::{Finding, PlacementId, PlacementReport, RequirementReport, RuleId, short_name};
use crate::report::context::{Context, Standing};
use crate::report::group::{Group, group};
use crate::report::markup::Markup;
use crate::source::Span;

/// The placements a page shows; those where nothing is blocked or undecided are left out first.
pub(crate) const PLACEMENTS: usize = 250;
/// The diagnostics a page shows.
pub(crate) const DIAGNOSTICS: usize = 1000;

/// What the page shows.
pub(crate) struct Guide<'a> {
    /// The report, with all that is needed to write it.
    pub(crate) context: &'a Context<'a>,
    /// The placements shown.
    pub(crate) placements: Vec<Placed<'a>>,
    /// The diagnostics that count, shown or not: anchors are given to the first [`DIAGNOSTICS`].
    pub(crate) open: Vec<Group<'a>>,
    /// The diagnostics that somebody asked to ignore.
    pub(crate) ignored: Vec<Group<'a>>,
    of: BTreeMap<(&'a RuleId, &'a PlacementId), Vec<usize>>,
    /// What each placement of the report goes by.
    names: Vec<String>,
}

/// A placement with its number on the page.
#[derive(Clone, Copy)]
pub(crate) struct Placed<'a> {
    /// From 1.
    pub(crate) number: usize,
    /// The placement.
    pub(crate) placement: &'a PlacementReport,
}

impl<'a> Placed<'a> {
    /// Its requirements with their anchors.
    pub(crate) fn requirements(self) -> impl Iterator<Item = (String, &'a RequirementReport)> {
        let number = self.number;
        (1..).zip(&self.placement.requirements).map(move |(index, one)| (format!("p{number}-r{index}"), one))
    }

    /// How many of its requirements stand like this.
    pub(crate) fn count(self, standing: Standing) -> usize {
        self.placement.requirements.iter().filter(|one| Standing::of(one) == standing).count()
    }

    /// Whether something is blocked or undecided.
    fn is_open(self) -> bool {
        self.placement.requirements.iter().any(|one| Standing::of(one).is_open())
    }
}

impl<'a> Guide<'a> {
    /// For one report.
    pub(crate) fn new(context: &'a Context<'a>) -> Self {
        let report = context.report;
        let ignored: Vec<_> = context.all.iter().copied().filter(|finding| finding.ignored.is_some()).collect();
        let (open, ignored) = (group(&context.open), group(&ignored));
        let mut of: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, group) in open.iter().chain(&ignored).enumerate() {
            for finding in group.findings() {
                for placement in &finding.placements {
                    let known = of.entry((&finding.rule, placement)).or_default();
                    if known.last() != Some(&index) {
                        known.push(index);
                    }
                }
            }
        }
        let mut placements: Vec<_> =
            (1..).zip(&report.placements).map(|(number, placement)| Placed { number, placement }).collect();
        if placements.len() > PLACEMENTS {
            // Stable: those that are shown keep the order of the report.
            placements.sort_by_key(|placed| !placed.is_open());
            placements.truncate(PLACEMENTS);
            placements.sort_by_key(|placed| placed.number);
        }
        Self { context, placements, open, ignored, of, names: names(&report.placements) }
    }

    /// The name of a placement without its service.
    pub(crate) fn name(&self, placed: Placed<'_>) -> &str {
        self.names.get(placed.number - 1).map_or("", String::as_str)
    }

    /// What a placement goes by in headings.
    pub(crate) fn heading(&self, placed: Placed<'_>) -> String {
        format!("{} on {}", placed.placement.id.service, self.name(placed))
    }

    /// The anchors of the diagnostics about a requirement of a placement.
    pub(crate) fn diagnostics<'s>(
        &'s self,
        placement: &'s PlacementId,
        rule: &'s RuleId,
    ) -> impl Iterator<Item = (String, &'s Group<'a>)> {
        let found = self.of.get(&(rule, placement)).into_iter().flatten();
        found.filter_map(|&index| Some((self.anchor(index)?, self.group(index)?)))
    }

    /// The first placement shown that a finding speaks for.
    pub(crate) fn placed(&self, finding: &Finding) -> Option<Placed<'a>> {
        let is_it = |placed: &Placed<'_>| finding.placements.contains(&placed.placement.id);
        self.placements.iter().copied().find(is_it)
    }

    /// The anchor of a diagnostic by its index, the ignored ones behind the others; `None` for one that is not shown.
    pub(crate) fn anchor(&self, index: usize) -> Option<String> {
        let shown = match index.checked_sub(self.open.len()) {
            None => index < DIAGNOSTICS,
            Some(ignored) => ignored < DIAGNOSTICS,
        };
        shown.then(|| format!("f{}", index + 1))
    }

    fn group(&self, index: usize) -> Option<&Group<'a>> {
        self.open.get(index).or_else(|| self.ignored.get(index.checked_sub(self.open.len())?))
    }

    /// `nsg.json:12:5`.
    pub(crate) fn place(&self, span: Span, out: &mut Markup) {
        let position = self.context.files.position(span);
        out.raw("<span class=\"place\">").text(self.context.files.name(span.file)).raw(":").count(position.line);
        out.raw(":").count(position.column).raw("</span>");
    }
}

/// Writes sign and word of a standing.
pub(crate) fn mark(standing: Standing, out: &mut Markup) {
    out.raw("<span class=\"mark ").raw(standing.class()).raw("\"><span class=\"sign\" aria-hidden=\"true\">");
    out.raw(standing.sign()).raw("</span> ").raw(standing.word()).raw("</span>");
}

/// Where each placement is, in short; with the parameter set that its id names in brackets, and with its number in the
/// estate where several would have the same name.
fn names(placements: &[PlacementReport]) -> Vec<String> {
    let place = |placement: &PlacementReport| {
        let on = ["subnet", "interface-nsg", "nsg", "route-table", "firewall", "firewall-policy"]
            .into_iter()
            .find_map(|kind| placement.on.get(kind));
        on.map_or_else(|| placement.id.to_string(), |id| short_name(id))
    };
    let mut times: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for placement in placements {
        *times.entry((&placement.id.service, place(placement))).or_default() += 1;
    }
    let name = |placement: &PlacementReport| {
        let (name, ending) = (place(placement), placement.id.ending());
        let several = times.get(&(placement.id.service.as_str(), name.clone())).is_some_and(|times| *times > 1);
        if several && !ending.is_empty() { format!("{name} {ending}") } else { name }
    };
    placements.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::names;
    use crate::report::sample::sample;

    #[test]
    fn placements_of_one_name_are_told_apart() {
        let (_, report) = sample();
        let mut placements = vec![report.placements[0].clone(); 2];
        assert_eq!(names(&placements[..1]), ["vnet-ml/snet-training"]);
        placements[0].id.choice = "production.json".to_owned();
        placements[1].id.number = 2;
        let told = ["vnet-ml/snet-training [production.json]", "vnet-ml/snet-training #2"];
        assert_eq!(names(&placements), told);
    }
}
