//! How much a finding matters to a reader, and what is shown first.

use crate::finding::{Finding, Level};
use crate::report::group::Group;

/// What a finding is filtered by. A requirement that cannot be decided matters as much as a warning to a reader,
/// whatever it is gated as.
pub(crate) fn weight(finding: &Finding) -> Level {
    let requirement = finding.placement.is_some();
    if finding.undecided && requirement { finding.level.max(Level::Warning) } else { finding.level }
}

/// The level of a finding in formats that know no `undecided`: what is undecided is no error, unless the gate says so.
pub(crate) fn level(finding: &Finding, undecided: Level) -> Level {
    if finding.undecided { weight(finding).min(Level::Warning).max(undecided) } else { finding.level }
}

/// The worst level among the findings of a group.
pub(crate) fn level_of(group: &Group<'_>, undecided: Level) -> Level {
    group.findings().iter().map(|finding| level(finding, undecided)).max().unwrap_or(Level::Note)
}

/// Groups with the worst first, of these the decided ones, else in their order.
pub(crate) fn worst_first<'a>(mut groups: Vec<Group<'a>>, undecided: Level) -> Vec<Group<'a>> {
    groups.sort_by_key(|group| (std::cmp::Reverse(level_of(group, undecided)), group.head().undecided));
    groups
}

#[cfg(test)]
mod tests {
    use super::{level, worst_first};
    use crate::finding::{Finding, Label, Level, PlacementId};
    use crate::report::group::group;
    use crate::report::sample::finding;
    use crate::source::{FileId, Span};

    fn one(message: &str, level: Level, undecided: bool) -> Finding {
        let at = Label { span: Span::new(FileId(0), 0, 1), message: String::new() };
        Finding {
            undecided,
            placement: Some(PlacementId::new("azureml-compute", "here")),
            ..finding("a/b", level, message, at)
        }
    }

    #[test]
    fn undecided_is_a_warning_unless_the_gate_says_more() {
        let open = one("open", Level::Note, true);
        assert_eq!(level(&open, Level::Note), Level::Warning);
        assert_eq!(level(&open, Level::Error), Level::Error);
        assert_eq!(level(&Finding { placement: None, ..open }, Level::Note), Level::Note);
        assert_eq!(level(&one("sure", Level::Note, false), Level::Error), Level::Note);
    }

    #[test]
    fn the_worst_comes_first_and_the_decided_before_the_undecided() {
        let findings = [
            one("note", Level::Note, false),
            one("open", Level::Note, true),
            one("warning", Level::Warning, false),
            one("error", Level::Error, false),
        ];
        let groups = worst_first(group(&findings.iter().collect::<Vec<_>>()), Level::Note);
        let order: Vec<_> = groups.iter().map(|group| group.head().message.as_str()).collect();
        assert_eq!(order, ["error", "warning", "open", "note"]);
    }
}
