//! Findings that share their cause are one diagnostic.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, RuleId};

/// Findings drawn as one, at least one, in their order.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    findings: Vec<&'a Finding>,
}

impl<'a> Group<'a> {
    /// The finding that gives the group its excerpt: the first of the highest level.
    pub(crate) fn head(&self) -> &'a Finding {
        let worst = self.findings.iter().map(|finding| finding.level).max();
        let head = self.findings.iter().find(|finding| Some(finding.level) == worst);
        head.expect("a group has at least one finding")
    }

    /// All of them, in order.
    pub(crate) fn findings(&self) -> &[&'a Finding] {
        &self.findings
    }

    /// Whether it holds more than one.
    pub(crate) fn is_several(&self) -> bool {
        self.findings.len() > 1
    }

    /// What stands below the excerpt, each remark once: all that the head says, and of the others what would settle them;
    /// with `all` everything they say. The flows of several findings are told by [`Self::flows`].
    pub(crate) fn remarks(&self, all: bool) -> Vec<(&'static str, Cow<'a, str>)> {
        let head = self.head();
        let speaking = std::iter::once(head).chain(self.findings.iter().copied());
        let told = speaking.flat_map(|finding| finding.remarks.iter().map(move |remark| (finding, remark)));
        let told = told.filter(|(finding, remark)| match remark.kind {
            "flow" => !self.is_several(),
            PARAMETER_SETS => false,
            "if" | "settle it" | "depends on" => true,
            _ => all || std::ptr::eq(*finding, head),
        });
        let mut said = BTreeSet::new();
        let once = told.filter(|(_, remark)| said.insert((remark.kind, remark.text.as_str())));
        let mut remarks: Vec<_> = once.map(|(_, remark)| (remark.kind, Cow::Borrowed(remark.text.as_str()))).collect();
        if let Some(sets) = self.sets_of_all().filter(|sets| !sets.is_empty()) {
            remarks.push((PARAMETER_SETS, Cow::Owned(listed(&sets))));
        }
        remarks
    }

    /// Every flow of the group once, with a finding about it: the flow in words, the facts it hangs on, and the parameter
    /// sets it holds for, where those are not the same for all of the group.
    pub(crate) fn flows(&self) -> Vec<(&'a Finding, String)> {
        let sets = self.sets();
        let is_same = self.sets_of_all().is_some();
        let mut said = BTreeSet::new();
        let mut flows = Vec::new();
        for &finding in &self.findings {
            let key = key(finding);
            if !said.insert(key) {
                continue;
            }
            let mut words = key.1.to_owned();
            if !finding.conditions.is_empty() {
                words.push_str(&format!(" (depends on {})", finding.conditions.join(", ")));
            }
            if let Some(sets) = sets.get(&key).filter(|sets| !is_same && !sets.is_empty()) {
                words.push_str(&format!(" (parameters: {})", listed(sets)));
            }
            flows.push((finding, words));
        }
        flows
    }

    /// The parameter sets in which each flow is found, when those are not all.
    fn sets(&self) -> BTreeMap<FlowKey<'a>, BTreeSet<&'a str>> {
        let mut sets: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for &finding in &self.findings {
            let own = finding.remarks.iter().filter(|remark| remark.kind == PARAMETER_SETS);
            sets.entry(key(finding)).or_default().extend(own.flat_map(|remark| remark.text.split(", ")));
        }
        sets
    }

    /// The parameter sets of all its flows; `None` when they differ.
    fn sets_of_all(&self) -> Option<BTreeSet<&'a str>> {
        let sets = self.sets();
        let first = sets.values().next()?.clone();
        sets.values().all(|sets| *sets == first).then_some(first)
    }

    /// What to do: each advice once, with every snippet that goes with it.
    pub(crate) fn advice(&self) -> Vec<(&'a str, Vec<&'a str>)> {
        let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut known = BTreeMap::new();
        let mut said = BTreeSet::new();
        for finding in &self.findings {
            let help = finding.help.as_deref().unwrap_or("").trim();
            let snippet = finding.snippet.as_deref().map(str::trim).filter(|snippet| !snippet.is_empty());
            if help.is_empty() && snippet.is_none() {
                continue;
            }
            let at = *known.entry(help).or_insert_with(|| {
                all.push((help, Vec::new()));
                all.len() - 1
            });
            if let Some(snippet) = snippet
                && said.insert((at, snippet))
            {
                all[at].1.push(snippet);
            }
        }
        all
    }
}

/// The remark that names the parameter sets in which a finding holds, when those are not all.
const PARAMETER_SETS: &str = "parameter sets";

/// Rule and flow of a finding; what it says, when it is about no flow.
type FlowKey<'a> = (&'a RuleId, &'a str);

fn key(finding: &Finding) -> FlowKey<'_> {
    (&finding.rule, finding.flow.as_deref().unwrap_or(&finding.message))
}

fn listed(sets: &BTreeSet<&str>) -> String {
    sets.iter().copied().collect::<Vec<_>>().join(", ")
}

/// Gathers findings with the same cause at the same placement. A group stands where its first finding stood; what is
/// decided and what is not are never mixed.
pub(crate) fn group<'a>(findings: &[&'a Finding]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for &finding in findings {
        let Some(cause) = &finding.cause else {
            groups.push(Group { findings: vec![finding] });
            continue;
        };
        match known.entry((&finding.placement, cause, finding.undecided)) {
            Entry::Occupied(index) => groups[*index.get()].findings.push(finding),
            Entry::Vacant(free) => {
                free.insert(groups.len());
                groups.push(Group { findings: vec![finding] });
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::group;
    use crate::finding::{Finding, Label, Level, Remark};
    use crate::report::sample::finding;
    use crate::source::{FileId, Span};

    fn caused(level: Level, cause: Option<&str>, undecided: bool) -> Finding {
        let at = Label { span: Span::new(FileId(0), 0, 1), message: String::new() };
        Finding { cause: cause.map(str::to_owned), undecided, ..finding("a/b", level, "message", at) }
    }

    fn sizes(findings: &[Finding]) -> Vec<usize> {
        group(&findings.iter().collect::<Vec<_>>()).iter().map(|group| group.findings().len()).collect()
    }

    #[test]
    fn findings_with_one_cause_stand_where_the_first_stood() {
        let deny = || caused(Level::Error, Some("deny"), false);
        assert_eq!(sizes(&[deny(), caused(Level::Error, None, false), deny()]), [2, 1]);
    }

    #[test]
    fn findings_without_cause_stand_alone() {
        assert_eq!(sizes(&[caused(Level::Error, None, false), caused(Level::Error, None, false)]), [1, 1]);
    }

    #[test]
    fn what_is_undecided_stands_apart() {
        assert_eq!(
            sizes(&[caused(Level::Error, Some("deny"), false), caused(Level::Error, Some("deny"), true)]),
            [1, 1]
        );
    }

    #[test]
    fn every_condition_is_said_with_its_flow() {
        let on = |fact: &str| Finding {
            conditions: vec![fact.to_owned()],
            flow: Some(format!("to {fact}")),
            remarks: vec![Remark { kind: "if", text: format!("--fact {fact}=…") }],
            ..caused(Level::Warning, Some("deny"), false)
        };
        let findings = [on("hbi"), on("firewall")];
        let groups = group(&findings.iter().collect::<Vec<_>>());
        let remarks: Vec<String> = groups[0].remarks(false).into_iter().map(|(_, text)| text.into_owned()).collect();
        assert_eq!(remarks, ["--fact hbi=…", "--fact firewall=…"]);
        assert_eq!(words(&groups[0]), ["to hbi (depends on hbi)", "to firewall (depends on firewall)"]);
    }

    fn words(group: &super::Group<'_>) -> Vec<String> {
        group.flows().into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn parameter_sets_are_said_once_or_with_each_flow() {
        let of = |flow: &str, sets: &str| Finding {
            flow: Some(flow.to_owned()),
            remarks: vec![Remark { kind: "parameter sets", text: sets.to_owned() }],
            ..caused(Level::Error, Some("deny"), false)
        };
        let said = |findings: &[Finding]| {
            let groups = group(&findings.iter().collect::<Vec<_>>());
            let remarks = groups[0].remarks(true).into_iter().map(|(_, text)| text.into_owned()).collect::<Vec<_>>();
            (words(&groups[0]), remarks)
        };
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(said(&[of("a", "prod"), of("b", "prod")]), (texts(&["a", "b"]), texts(&["prod"])));
        let different = (texts(&["a (parameters: prod)", "b (parameters: dev)"]), Vec::new());
        assert_eq!(said(&[of("a", "prod"), of("b", "dev")]), different);
        assert_eq!(said(&[of("a", "prod"), of("a", "dev")]), (texts(&["a"]), texts(&["dev, prod"])));
    }

    #[test]
    fn the_worst_gives_the_excerpt() {
        let findings = [caused(Level::Note, Some("deny"), false), caused(Level::Error, Some("deny"), false)];
        let groups = group(&findings.iter().collect::<Vec<_>>());
        assert_eq!(groups[0].head().level, Level::Error);
    }
}
