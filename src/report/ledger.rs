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
            }
        }
        let mut findings: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for finding in &report.findings {
            for placement in &finding.placements {
                findings.entry((placement.as_str(), &finding.rule)).or_default().push(finding);
            }
        }
        let placements = report.placements.iter().map(|placement| (placement.id.as_str(), placement)).collect();
        Self { placements, requirements, findings }
    }

    /// The placements a finding speaks for.
    pub(crate) fn placements(&self, finding: &Finding) -> impl Iterator<Item = &'a PlacementReport> {
        finding.placements.iter().filter_map(|id| self.placements.get(id.as_str()).copied())
    }

    /// The first placement a finding speaks for.
    pub(crate) fn first_placement(&self, finding: &Finding) -> Option<&'a PlacementReport> {
        self.placements(finding).next()
    }

    /// The requirement a finding is about, of the first placement it speaks for.
    pub(crate) fn requirement(&self, finding: &Finding) -> Option<&'a RequirementReport> {
        let requirements = self.requirements.get(&(finding.placements.first()?.as_str(), &finding.rule))?;
        let is_it = |one: &&&RequirementReport| finding.flow.as_deref() == Some(one.flow.as_str());
        requirements.iter().find(is_it).copied()
    }

    /// The finding about a requirement of a placement.
    pub(crate) fn finding(&self, placement: &str, requirement: &RequirementReport) -> Option<&'a Finding> {
        let findings = self.findings.get(&(placement, &requirement.rule))?;
        let is_it = |one: &&&Finding| one.flow.as_deref() == Some(requirement.flow.as_str());
        findings.iter().find(is_it).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use crate::finding::PlacementReport;
    use crate::report::sample::sample;

    #[test]
    fn every_flow_finds_its_own() {
        let (_, mut report) = sample();
        let other = PlacementReport { id: "under [b[1]]".to_owned(), ..report.placements[0].clone() };
        report.findings.iter_mut().for_each(|finding| finding.placements.push(other.id.clone()));
        report.placements.push(other);
        let ledger = Ledger::new(&report);
        for finding in &report.findings {
            let requirement = ledger.requirement(finding).unwrap();
            assert_eq!(Some(&requirement.flow), finding.flow.as_ref());
            for placement in &report.placements {
                let back = ledger.finding(&placement.id, requirement).unwrap();
                assert_eq!((&back.rule, &back.flow), (&finding.rule, &finding.flow));
            }
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
