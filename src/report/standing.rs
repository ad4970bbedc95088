//! How each requirement of a placement stands, for formats that list what passes as well.

use crate::finding::Index;
use crate::finding::{Finding, PlacementReport, RequirementReport, Verdict};

/// A requirement and how it stands.
pub(crate) struct Standing<'a> {
    /// The requirement.
    pub(crate) requirement: &'a RequirementReport,
    /// The finding about it.
    pub(crate) finding: Option<&'a Finding>,
}

impl Standing<'_> {
    /// Why somebody asked to ignore it, and who.
    pub(crate) fn ignored(&self) -> Option<&crate::finding::Ignored> {
        self.finding.and_then(|finding| finding.ignored.as_ref())
    }

    /// What decided, in words: `rule deny-internet-out`.
    pub(crate) fn decided_by(&self) -> String {
        let names = self.requirement.decided_by.iter().map(ToString::to_string);
        names.collect::<Vec<_>>().join(", ")
    }

    /// One packet that shows the verdict: `tcp 10.0.0.4:50000 > 1.2.3.4:443`.
    pub(crate) fn packet(&self) -> String {
        let Some(witness) = &self.requirement.witness else { return String::new() };
        let end = |host: &str, port: Option<u16>| match port {
            Some(port) if host.contains(':') => format!("[{host}]:{port}"),
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let from = end(&witness.source, witness.source_port);
        let to = end(&witness.destination, witness.destination_port);
        format!("{} {} {from} > {to}", witness.direction(), witness.protocol)
    }
}

/// Every requirement of a placement, in its order.
pub(crate) fn standings<'a>(placement: &'a PlacementReport, index: &Index<'a>) -> Vec<Standing<'a>> {
    let standing = |requirement: &'a RequirementReport| Standing {
        requirement,
        finding: requirement
            .verdict
            .filter(|verdict| *verdict != Verdict::Satisfied)
            .and_then(|_| index.finding(placement, requirement)),
    };
    placement.requirements.iter().map(standing).collect()
}
