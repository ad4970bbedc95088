//! Which finding belongs to which requirement, and the other way round.

use std::collections::BTreeMap;

use crate::finding::{Finding, PlacementReport, Report, RequirementReport, RuleId};

/// The requirements and findings of one report, joined.
pub(crate) struct Ledger<'a> {
    placements: BTreeMap<&'a str, &'a PlacementReport>,
    requirements: BTreeMap<(&'a str, &'a RuleId), Vec<&'a RequirementReport>>,
    findings: BTreeMap<(&'a str, &'a RuleId), Vec<&'a Finding>>,
}

impl<'a> Ledger<'a> {
    /// Of one report.
    pub(crate) fn new(report: &'a Report) -> Self {
        let mut requirements: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for placement in &report.placements {
            for requirement in &placement.requirements {
                requirements.entry((placement.id.as_str(), &requirement.rule)).or_default().push(requirement);
                if let Some(plain) = plain(&placement.id) {
                    requirements.entry((plain, &requirement.rule)).or_default().push(requirement);
                }
            }
        }
        let mut findings: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for finding in &report.findings {
            if let Some(placement) = &finding.placement {
                findings.entry((placement.as_str(), &finding.rule)).or_default().push(finding);
            }
        }
        let placements = report.placements.iter().map(|placement| (placement.id.as_str(), placement)).collect();
        Self { placements, requirements, findings }
    }

    /// A placement by its id.
    pub(crate) fn placement(&self, id: &str) -> Option<&'a PlacementReport> {
        self.placements.get(id).copied()
    }

    /// The requirement a finding is about.
    pub(crate) fn requirement(&self, finding: &Finding) -> Option<&'a RequirementReport> {
        let requirements = self.requirements.get(&(finding.placement.as_deref()?, &finding.rule))?;
        let is_it = |one: &&&RequirementReport| finding.flow.as_deref() == Some(one.flow.as_str());
        requirements.iter().find(is_it).copied()
    }

    /// The finding about a requirement of a placement. One finding may speak for a placement under several choices of
    /// parameters, which its id names in brackets.
    pub(crate) fn finding(&self, placement: &str, requirement: &RequirementReport) -> Option<&'a Finding> {
        let of = |id| self.findings.get(&(id, &requirement.rule));
        let findings = of(placement).or_else(|| of(plain(placement)?))?;
        let is_it = |one: &&&Finding| one.flow.as_deref() == Some(requirement.flow.as_str());
        findings.iter().find(is_it).copied()
    }
}

/// The id of a placement without the choice of parameters.
fn plain(id: &str) -> Option<&str> {
    id.strip_suffix(']')?.rsplit_once('[').map(|(plain, _)| plain)
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use crate::report::sample::sample;

    #[test]
    fn every_flow_finds_its_own() {
        let (_, mut report) = sample();
        report.placements[0].id.push_str("[prod]");
        let ledger = Ledger::new(&report);
        for finding in &report.findings {
            let requirement = ledger.requirement(finding).unwrap();
            assert_eq!(Some(&requirement.flow), finding.flow.as_ref());
            let back = ledger.finding(&report.placements[0].id, requirement).unwrap();
            assert_eq!(back.fingerprint, finding.fingerprint);
        }
    }

    #[test]
    fn what_passes_has_no_finding() {
        let (_, report) = sample();
        let ledger = Ledger::new(&report);
        let passed = report.placements[0].requirements.last().unwrap();
        assert!(ledger.finding(&report.placements[0].id, passed).is_none());
    }
}
