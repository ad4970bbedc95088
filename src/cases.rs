//! Runs the cases of rules and says what differs.
//!
//! Reading case files is the work of `rule`.

use std::collections::BTreeMap;
use std::fmt;

use crate::date::Date;
use crate::finding::{FactValue, Finding, Outcome as FileOutcome, Report, RuleId};
use crate::judge::{Origin, Request, Requests};
use crate::lint::{Accepted, Outcome, Settings, lint_texts};
use crate::rule::{About, Body, Case, CaseFile, CaseInput, Expect, Pack};
use crate::source::FileId;

/// The comment that marks the line a finding must point at.
const MARK: &str = "// here";

/// The form of a case file, for those who write their first.
const FORM: [&str; 9] = [
    "fail:",
    "  - name: what is wrong",
    "    input: |",
    "      { … }  // here: the line that the rule must point at",
    "pass:",
    "  - name: the nearest input that is right",
    "    input: |",
    "      { … }",
    "undecided: []  # inputs of which it cannot tell",
];

/// The day of every case.
const TODAY: &str = "2026-01-01";

/// What became of all cases.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Every case, in the order run.
    pub cases: Vec<CaseResult>,
    /// Rules that lack a case they must have, and which.
    pub lacking: Vec<(RuleId, Expect)>,
    /// Rules without any case.
    pub without: Vec<RuleId>,
    /// How many rules were looked at.
    pub rules: usize,
}

/// What became of one case.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// Its rule.
    pub rule: RuleId,
    /// What the rule had to do.
    pub expect: Expect,
    /// Its name.
    pub name: String,
    /// Its case file and the line it starts on.
    pub place: (String, usize),
    /// What differs; empty when all is as it must be.
    pub differences: Vec<String>,
}

impl Results {
    /// Whether every case is as it must be and no rule lacks one.
    pub fn is_good(&self) -> bool {
        self.lacking.is_empty() && self.without.is_empty() && self.cases.iter().all(|case| case.differences.is_empty())
    }
}

impl fmt::Display for Results {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in self.cases.iter().filter(|case| !case.differences.is_empty()) {
            let (file, line) = &case.place;
            writeln!(out, "{file}:{line}: {} case of {}: {}", case.expect.as_str(), case.rule, case.name)?;
            for difference in &case.differences {
                writeln!(out, "    {difference}")?;
            }
        }
        for (rule, expect) in &self.lacking {
            writeln!(out, "{rule} has no {} case", expect.as_str())?;
        }
        for rule in &self.without {
            writeln!(out, "{rule} has no case: write {rule}.cases.yaml beside it, in this form:")?;
            FORM.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
        }
        let wrong = self.cases.iter().filter(|case| !case.differences.is_empty()).count();
        let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
        write!(
            out,
            "{} of {}: {} as expected",
            count(self.cases.len(), "case"),
            count(self.rules, "rule"),
            self.cases.len() - wrong
        )?;
        match wrong {
            0 => Ok(()),
            _ => write!(out, ", {wrong} not"),
        }
    }
}

/// Runs every case of the files, and says which of the wanted rules have none, or lack a fail or a pass case.
pub fn run(pack: &Pack, wanted: &dyn Fn(&RuleId) -> bool, files: &[CaseFile]) -> Results {
    let mut results = Results::default();
    let mut has: BTreeMap<&RuleId, Vec<Expect>> = BTreeMap::new();
    for file in files.iter().filter(|file| wanted(&file.rule)) {
        let requirement = pack.rule(file.rule.as_str()).is_some_and(|rule| matches!(rule.about, About::Service(_)));
        for case in &file.cases {
            has.entry(&file.rule).or_default().push(case.expect);
            results.cases.push(CaseResult {
                rule: file.rule.clone(),
                expect: case.expect,
                name: case.name.to_string(),
                place: (file.name.to_string(), case.line),
                differences: differences(&file.rule, requirement, case, &lint_case(pack, &case.input)),
            });
        }
    }
    for rule in pack.rules.iter().filter(|rule| wanted(&rule.card.id)) {
        results.rules += 1;
        if !has.contains_key(&rule.card.id) {
            results.without.push(rule.card.id.clone());
            continue;
        }
        let given = has.get(&rule.card.id).map_or(&[][..], Vec::as_slice);
        let is_never_sure = matches!(rule.body(), Body::Pattern(pattern) if pattern.is_never_sure());
        let speaks = if is_never_sure { Expect::Undecided } else { Expect::Fail };
        let lacking = [speaks, Expect::Pass].into_iter().filter(|expect| !given.contains(expect));
        results.lacking.extend(lacking.map(|expect| (rule.card.id.clone(), expect)));
    }
    results
}

/// Lints what a case gives.
fn lint_case(pack: &Pack, input: &CaseInput) -> Outcome {
    let mut requests = Requests::default();
    requests.services.extend(input.service.iter().map(|service| Request {
        service: service.clone(),
        pattern: input.on.clone(),
        facts: BTreeMap::new(),
        origin: Origin::CommandLine,
    }));
    let region = input.region.iter().map(|region| ("region".to_owned(), FactValue::Text(region.clone())));
    let facts = region.chain(input.facts.iter().map(|(name, value)| (name.clone(), value.clone())));
    requests.facts.extend(facts.map(|(name, value)| (name, value, Origin::CommandLine)));
    // What is allowed for a time has ended on that day or not, whenever the cases are run.
    let accepted = Accepted { today: Date::parse(TODAY), ..Accepted::default() };
    let settings = Settings { requests, accepted, ..Settings::default() };
    lint_texts(input.files.iter().cloned(), pack, &settings)
}

/// What differs between what a case wants and what was answered.
fn differences(rule: &RuleId, requirement: bool, case: &Case, outcome: &Outcome) -> Vec<String> {
    let report = &outcome.report;
    let mut differences = Vec::new();
    for file in report.files.iter().filter(|file| file.outcome == FileOutcome::Error) {
        differences.push(format!(
            "{} cannot be read: {}",
            file.name,
            file.detail.as_deref().unwrap_or("no reason given")
        ));
    }
    if differences.is_empty() && !report.files.iter().any(|file| file.outcome == FileOutcome::Judged) {
        differences.push("no input was recognised as Azure network configuration, so nothing was judged".to_owned());
    }
    let own: Vec<&Finding> = report.findings.iter().filter(|finding| finding.rule == *rule).collect();
    let decided = own.iter().filter(|finding| !finding.undecided).count();
    let undecided = own.len() - decided;
    let said = || own.iter().map(|finding| format!("it says: {}", finding.message));
    match case.expect {
        Expect::Fail if decided == 0 && undecided == 0 => {
            differences.push("the rule does not speak, and it must".to_owned());
            differences.extend(others(rule, report));
        }
        Expect::Fail if decided == 0 => {
            differences.push("the rule cannot tell, and it must speak".to_owned());
            differences.extend(said());
        }
        Expect::Pass if !own.is_empty() => {
            differences.push("the rule speaks, and it must not".to_owned());
            differences.extend(said());
        }
        Expect::Undecided if decided > 0 => {
            differences.push("the rule speaks, and it cannot know".to_owned());
            differences.extend(said());
        }
        Expect::Undecided if undecided == 0 => {
            differences.push("the rule is silent, and it cannot know".to_owned());
            differences.extend(others(rule, report));
        }
        Expect::Fail | Expect::Pass | Expect::Undecided => {}
    }
    if requirement && case.expect == Expect::Pass {
        let looked = report.placements.iter().flat_map(|placement| &placement.requirements);
        if !looked.into_iter().any(|requirement| requirement.rule == *rule) {
            differences.push("the requirement was never looked at: no placement of its service was found".to_owned());
        }
    }
    differences.extend(misplaced(case, outcome, &own));
    differences
}

/// Findings that are not on a marked line, and marked lines without a finding.
fn misplaced(case: &Case, outcome: &Outcome, own: &[&Finding]) -> Vec<String> {
    let mut differences = Vec::new();
    let marked: Vec<(&str, usize)> = case
        .input
        .files
        .iter()
        .flat_map(|(name, text)| {
            let lines = text.lines().enumerate().filter(|(_, line)| line.contains(MARK));
            lines.map(move |(at, _)| (name.as_str(), at + 1))
        })
        .collect();
    if marked.is_empty() || own.is_empty() {
        return differences;
    }
    let name_of = |file: FileId| outcome.files.name(file).rsplit('/').next().unwrap_or_default();
    let places: Vec<(&str, usize)> = own
        .iter()
        .map(|finding| (name_of(finding.at.span.file), outcome.files.position(finding.at.span).line))
        .collect();
    let matches =
        |mark: &(&str, usize), place: &(&str, usize)| mark.1 == place.1 && mark.0.rsplit('/').next() == Some(place.0);
    for mark in marked.iter().filter(|mark| !places.iter().any(|place| matches(mark, place))) {
        let found = places.iter().map(|(name, line)| format!("{name}:{line}")).collect::<Vec<_>>().join(", ");
        differences.push(format!("`{MARK}` marks {}:{}, and the findings point at {found}", mark.0, mark.1));
    }
    for place in places.iter().filter(|place| !marked.iter().any(|mark| matches(mark, place))) {
        differences.push(format!("a finding points at {}:{}, where nothing is marked", place.0, place.1));
    }
    differences
}

/// The other rules that spoke, which often explains why the wanted one did not.
fn others(rule: &RuleId, report: &Report) -> Vec<String> {
    const MOST: usize = 5;
    let findings = report.findings.iter().filter(|finding| finding.rule != *rule);
    findings.take(MOST).map(|finding| format!("{} says: {}", finding.rule, finding.message)).collect()
}
