//! Findings that share their cause are one diagnostic: how they are gathered, how much each matters, and its first line.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{DeciderKind, Finding, Index, Label, Layer, Level, PlacementReport, RuleId};

/// The places one diagnostic shows; the JSON format has all of them.
const PLACES: usize = 12;
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

/// Groups for a reader of text: what is undecided for one reason is one block wherever it is, and so is what one rule of
/// the network does in several places.
pub(crate) fn blocks<'a>(findings: &[&'a Finding]) -> Vec<Group<'a>> {
    let mut blocks: Vec<Group<'a>> = Vec::new();
    let mut known = BTreeMap::new();
    for mut group in group(findings) {
        let head = group.head();
        let Some(cause) = head.brief.as_ref().and(head.cause.as_deref()) else {
            blocks.push(group);
            continue;
        };
        let at = (!head.undecided).then_some(head.at.span);
        match known.entry((cause, head.undecided, at)) {
            Entry::Occupied(index) => {
                let block: &mut Group<'a> = &mut blocks[*index.get()];
                block.findings.append(&mut group.findings);
            }
            Entry::Vacant(free) => {
                free.insert(blocks.len());
                blocks.push(group);
            }
        }
    }
    blocks
}

/// The places to show, the primary one first, each once.
pub(crate) fn places<'a>(group: &Group<'a>) -> Vec<&'a Label> {
    let head = group.head();
    let mut places: Vec<&Label> = Vec::new();
    for label in std::iter::once(&head.at).chain(&head.related).take(PLACES) {
        if !places.contains(&label) {
            places.push(label);
        }
    }
    // What the other findings say about a place that is shown already would be the same in other words.
    let mut seen: BTreeSet<_> = places.iter().map(|label| label.span).collect();
    // Nor is one more place of a file news when the same is said of it: `needed for Azure Batch`.
    let mut said: BTreeSet<_> = places.iter().map(|label| (label.span.file, label.message.as_str())).collect();
    for label in group.findings().iter().flat_map(|finding| std::iter::once(&finding.at).chain(&finding.related)) {
        if places.len() < PLACES && seen.insert(label.span) && said.insert((label.span.file, &label.message)) {
            places.push(label);
        }
    }
    places
}

/// The worst level among the findings of a group.
pub(crate) fn level_of(group: &Group<'_>, undecided: Level) -> Level {
    group.findings().iter().map(|finding| finding.level_as(undecided)).max().unwrap_or(Level::Note)
}

/// Groups with the worst first, of these the decided ones, else in their order.
pub(crate) fn worst_first<'a>(mut groups: Vec<Group<'a>>, undecided: Level) -> Vec<Group<'a>> {
    groups.sort_by_key(|group| (std::cmp::Reverse(level_of(group, undecided)), group.head().undecided));
    groups
}

/// Says of a group what is the matter. What comes from the input is not made harmless here.
pub(crate) fn headline(group: &Group<'_>, index: &Index<'_>) -> String {
    let head = group.head();
    let flows = group.findings().iter().all(|finding| finding.flow.is_some());
    let placement = index.placements(head).next();
    let Some(placement) = placement.filter(|_| group.is_several() && flows) else {
        return head.message.clone();
    };
    let (said, needed) = counts(group, index);
    let flows = format!("{said} of the {needed} flows");
    let is_sure = group.findings().iter().all(|finding| finding.conditions.is_empty());
    let needs = format!("{} {}", title(placement, group, index), if is_sure { "needs" } else { "may need" });
    match (decider(group, index), head.undecided) {
        (Some((_, true)), false) => format!("no rule of the firewall allows {flows} that {needs}"),
        (Some((name, false)), false) => format!("`{name}` blocks {flows} that {needs}"),
        (Some((_, true)), true) => format!("cannot tell whether a rule of the firewall allows {flows} that {needs}"),
        (Some((name, false)), true) => format!("cannot tell whether `{name}` blocks {flows} that {needs}"),
        (None, false) => format!("{flows} that {needs} are blocked"),
        (None, true) => format!("cannot tell whether {flows} that {needs} are blocked"),
    }
}

/// What the place of a group is called: in several parameter sets it may have several names, and then goes by its id.
fn title(placement: &PlacementReport, group: &Group<'_>, index: &Index<'_>) -> String {
    let title = placement.title();
    let mut all = group.findings().iter().flat_map(|finding| index.placements(finding));
    match &group.head().placement {
        Some(id) if !all.all(|one| one.title() == title) => {
            format!("{} on {}{}", id.service, id.on, id.ending())
        }
        _ => title,
    }
}

/// How many flows a group is about, and how many its place needs: in any of the parameter sets it speaks for, each flow
/// once.
pub(crate) fn counts(group: &Group<'_>, index: &Index<'_>) -> (usize, usize) {
    let placements: Vec<_> = group.findings().iter().flat_map(|finding| index.placements(finding)).collect();
    let judged = placements.iter().flat_map(|placement| &placement.requirements).filter(|one| one.verdict.is_some());
    let needed: BTreeSet<(&RuleId, &str)> = judged.map(|one| (&one.rule, one.flow.as_str())).collect();
    let flow = |finding: &&Finding| Some((finding.rule.clone(), finding.flow.clone()?));
    let said = group.findings().iter().filter_map(flow).collect::<BTreeSet<_>>().len();
    (said, needed.len().max(said))
}

/// The name of the rule that decides every flow of a group, if it is one, and whether it is what a firewall does with
/// what none of its rules matches.
fn decider<'a>(group: &Group<'_>, index: &Index<'a>) -> Option<(&'a str, bool)> {
    let name = |finding: &&Finding| {
        let requirement = index.requirement(finding)?;
        let decider = requirement.decided_by.first()?;
        let by_default = requirement.layer == Some(Layer::Firewall) && decider.kind == DeciderKind::BuiltIn;
        Some((decider.name.as_str(), by_default))
    };
    let first = name(group.findings().first()?)?;
    group.findings().iter().all(|finding| name(finding) == Some(first)).then_some(first)
}

/// What stands in the brackets: the rule, or the folder of all rules that speak.
pub(crate) fn rules_of(group: &Group<'_>) -> String {
    let head = group.head().rule.as_str();
    if group.findings().iter().all(|finding| finding.rule.as_str() == head) {
        return head.to_owned();
    }
    let folder = |rule: &RuleId| rule.as_str().rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let first = folder(&group.head().rule);
    let shared = !first.is_empty() && group.findings().iter().all(|finding| folder(&finding.rule) == first);
    if shared { format!("{first}/*") } else { "*".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{group, worst_first};
    use crate::finding::{Finding, Label, Level, PlacementId, Remark};
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

    fn one(message: &str, level: Level, undecided: bool) -> Finding {
        let at = Label { span: Span::new(FileId(0), 0, 1), message: String::new() };
        Finding {
            undecided,
            placement: Some(PlacementId::new("azureml-compute", "here")),
            ..finding("a/b", level, message, at)
        }
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
