//! Everything a run has to say: files, placements with their requirements and verdicts, and the findings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::finding::brief::positive;
use crate::finding::diagnostic::{Finding, FlowId, Layer, PlacementId, RuleCard, RuleId, Verdict};
use crate::source::{FileId, Span};

/// Everything a run has to say.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every file and what became of it, in the order read.
    pub files: Vec<FileReport>,
    /// How many resources of each kind were found, by the words users read: `network security group`, ….
    pub resources: BTreeMap<&'static str, usize>,
    /// Every service found in the network, with every requirement.
    pub placements: Vec<PlacementReport>,
    /// The findings, by path, place and rule.
    pub findings: Vec<Finding>,
    /// What was taken for granted, each once.
    pub assumptions: Vec<String>,
    /// Lines about the run as a whole: `no service found on …`.
    pub remarks: Vec<String>,
    /// The cards of the rules that spoke or judged.
    pub rules: BTreeMap<RuleId, Arc<RuleCard>>,
    /// The versions of the data used, for the closing line: (`packs`, `azureml 2026-03-19`), ….
    pub data: Vec<(String, String)>,
    /// What would settle what is undecided.
    pub settling: Settling,
}

/// What became of one file.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// The name shown to users.
    pub name: String,
    /// Its text, if it was read.
    pub file: Option<FileId>,
    /// What it was taken for: `rest`, `cli`, `resource-graph`, `template`, ….
    pub shape: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// More about it, such as the error.
    pub detail: Option<String>,
    /// Whether the user named it, rather than a folder that holds it.
    pub named: bool,
}

/// What can become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Its resources were judged.
    Judged,
    /// It holds nothing that matters here.
    Skipped,
    /// It could not be read or parsed.
    Error,
}

/// One service on one subnet, or on a lone network security group, route table or firewall.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacementReport {
    /// What it is known by, unique in the run.
    pub id: PlacementId,
    /// How it was found, in words.
    pub found: String,
    /// The subnet, or what it is placed on without one, where that is written.
    pub place: Option<Span>,
    /// Where it is placed: `subnet`, `nsg`, `route-table`, `firewall` and the id or name of each.
    pub on: BTreeMap<&'static str, String>,
    /// What is known about it.
    pub facts: Vec<FactReport>,
    /// Every requirement that was looked at.
    pub requirements: Vec<RequirementReport>,
    /// Why none of the requirements applies, when that is so.
    pub not_judged: Option<String>,
}

/// The name of a resource as people say it: `vnet/subnet` for the id of a subnet, the last part of any other id.
pub fn short_name(id: &str) -> String {
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

/// One fact of a placement.
#[derive(Clone, Debug, PartialEq)]
pub struct FactReport {
    /// Its name.
    pub name: String,
    /// Its value as users would write it; `None` when unknown.
    pub value: Option<FactValue>,
    /// Where it comes from: `command line`, `settings`, `estate`, `default`.
    pub from: &'static str,
    /// The characters that say so.
    pub place: Option<Span>,
    /// A requirement hangs on it.
    pub asked: bool,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactValue {
    /// Yes or no.
    Bool(bool),
    /// A word.
    Text(String),
    /// Several words.
    List(Vec<String>),
}

impl fmt::Display for FactValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(out, "{value}"),
            Self::Text(text) => out.write_str(text),
            Self::List(items) => out.write_str(&items.join(",")),
        }
    }
}

/// Whether a requirement applies to a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applies {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// A fact it depends on is unknown.
    Unknown,
}

impl Applies {
    /// The word users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// One requirement of one placement and what the proof came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RequirementReport {
    /// The rule that asks for it.
    pub rule: RuleId,
    /// The rows of the requirement table it answers.
    pub rows: Vec<String>,
    /// The requirement in a few words: `outbound TCP 443 to AzureActiveDirectory`.
    pub flow: String,
    /// Whether it applies.
    pub applies: Applies,
    /// Its traffic flows whatever the verdict is: what it asks for is advised, and nothing is blocked without it.
    pub advice: bool,
    /// What the proof came to; `None` when it does not apply.
    pub verdict: Option<Verdict>,
    /// The layer that decided.
    pub layer: Option<Layer>,
    /// The rules that decided, the first to drop or the ones that let everything through.
    pub decided_by: Vec<Decider>,
    /// It passes only because no custom rule stops what a built-in rule allows.
    pub built_in_only: bool,
    /// For a violated requirement: what is not let through, as prefixes, tags or ports.
    pub uncovered: Vec<String>,
    /// One packet that shows the verdict: dropped for violated, possibly dropped for undecided.
    pub witness: Option<Packet>,
    /// What the verdict rests on, or what would settle it.
    pub why: Vec<String>,
    /// The way its traffic takes; empty when it does not apply.
    pub path: PathReport,
}

/// The way from the placement to the other end of a requirement, or back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathReport {
    /// The traffic comes from the other end.
    pub inbound: bool,
    /// The other end, in words.
    pub peer: String,
    /// What it meets on the way, in order.
    pub layers: Vec<LayerReport>,
}

/// What one layer says of a requirement, as if the others let everything pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerReport {
    /// Which one.
    pub layer: Layer,
    /// Its own verdict.
    pub verdict: Verdict,
    /// It is where the requirement as a whole fails, or cannot be told.
    pub decides: bool,
    /// The rules that let everything through, or the first to drop.
    pub decided_by: Vec<Decider>,
}

impl PlacementReport {
    /// What it is called: `azureml-compute on vnet/snet-training`.
    pub fn title(&self) -> String {
        let place = ["subnet", "nsg", "route-table", "firewall"].into_iter().find_map(|kind| self.on.get(kind));
        match place {
            Some(place) => format!("{} on {}", self.id.service, short_name(place)),
            None => self.id.service.clone(),
        }
    }

    /// What holds when one of its requirements passes: `snet-training reaches Storage.westeurope on TCP 443`.
    pub fn passes_as(&self, requirement: &RequirementReport) -> String {
        positive(&requirement.flow, &self.id.on)
    }

    /// What one of its flows is known by.
    pub fn flow_id<'a>(&'a self, requirement: &'a RequirementReport) -> FlowId<'a> {
        FlowId { placement: &self.id, rule: &requirement.rule, flow: &requirement.flow }
    }
}

impl RequirementReport {
    /// It is violated, and whether it applies hangs on a fact that is not known.
    pub fn is_conditional(&self) -> bool {
        self.verdict == Some(Verdict::Violated) && self.applies == Applies::Unknown
    }

    /// It is violated, and its traffic flows all the same.
    pub fn is_against_advice(&self) -> bool {
        self.verdict == Some(Verdict::Violated) && self.advice
    }
}

/// A rule of the network that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decider {
    /// Its name.
    pub name: String,
    /// What kind it is.
    pub kind: DeciderKind,
    /// Where it is written; `None` for what Azure adds by itself.
    pub place: Option<Span>,
}

impl fmt::Display for Decider {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.kind.as_str(), self.name)
    }
}

/// The kinds of rules that decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeciderKind {
    /// A custom rule of a network security group.
    Rule,
    /// A rule or route that Azure adds by itself.
    BuiltIn,
    /// A route of a table.
    Route,
    /// A rule of a firewall.
    FirewallRule,
    /// What the user declares of an appliance.
    Declared,
}

impl DeciderKind {
    /// The word users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::BuiltIn => "built-in",
            Self::Route => "route",
            Self::FirewallRule => "firewall-rule",
            Self::Declared => "declared",
        }
    }
}

/// One concrete packet. A coordinate that no input pins down is named by its service tag, or is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// It comes to the placement, rather than from it.
    pub inbound: bool,
    /// `tcp`, `udp`, `icmp`, `esp`, `ah`.
    pub protocol: &'static str,
    /// An address, or the tag or subnet it belongs to.
    pub source: String,
    /// The source port, for TCP and UDP.
    pub source_port: Option<u16>,
    /// An address, or the tag or subnet it belongs to.
    pub destination: String,
    /// The destination port, for TCP and UDP.
    pub destination_port: Option<u16>,
}

impl Packet {
    /// `inbound` or `outbound`.
    pub fn direction(&self) -> &'static str {
        if self.inbound { "inbound" } else { "outbound" }
    }

    /// Source and destination with their ports: `10.0.0.4:50000`, `[2603::1]:443`.
    pub fn ends(&self) -> (String, String) {
        let end = |host: &str, port: Option<u16>| match port {
            Some(port) if host.contains(':') => format!("[{host}]:{port}"),
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        (end(&self.source, self.source_port), end(&self.destination, self.destination_port))
    }
}

/// How often each verdict was reached, over the requirements that apply or may apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requirements that hold.
    pub satisfied: usize,
    /// Of these, the ones that hold only by built-in rules.
    pub built_in_only: usize,
    /// Requirements that do not hold.
    pub violated: usize,
    /// Of these, the ones whose traffic flows all the same.
    pub against_advice: usize,
    /// Of the rest of them, the ones of which it is not known whether they apply.
    pub conditional: usize,
    /// Requirements that cannot be told.
    pub undecided: usize,
}

impl Counts {
    /// Requirements whose traffic does not flow, whether or not it is known that they apply.
    pub fn blocked(&self) -> usize {
        self.violated - self.against_advice
    }
}

/// What would settle all that is undecided, and all that hangs on facts nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settling {
    /// The commands whose answers belong to the input, by what they fetch.
    pub commands: Vec<ExportCommand>,
    /// What no command fetches: flags of this program, files of others.
    pub otherwise: BTreeSet<String>,
}

/// A command that reads from Azure and writes what it answers into a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExportCommand {
    /// What it fetches.
    pub what: String,
    /// The file it writes to, or one of several.
    pub file: String,
    /// For `az` in a POSIX shell.
    pub az: String,
    /// For PowerShell.
    pub powershell: String,
}

impl Report {
    /// Counts the verdicts.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for requirement in self.placements.iter().flat_map(|placement| &placement.requirements) {
            match requirement.verdict {
                Some(Verdict::Satisfied) => {
                    counts.satisfied += 1;
                    counts.built_in_only += usize::from(requirement.built_in_only);
                }
                Some(Verdict::Violated) => {
                    let advice = requirement.is_against_advice();
                    counts.violated += 1;
                    counts.against_advice += usize::from(advice);
                    counts.conditional += usize::from(requirement.is_conditional() && !advice);
                }
                Some(Verdict::Undecided) => counts.undecided += 1,
                None => {}
            }
        }
        counts
    }

    /// The findings that nobody asked to ignore: the ones that count.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.ignored.is_none())
    }

    /// Whether any file could not be read or parsed.
    pub fn has_errors(&self) -> bool {
        self.files.iter().any(|file| file.outcome == Outcome::Error)
    }
}

/// The requirements and findings of one report, joined.
#[derive(Debug)]
pub struct Index<'a> {
    placements: BTreeMap<&'a PlacementId, &'a PlacementReport>,
    requirements: BTreeMap<FlowId<'a>, &'a RequirementReport>,
    findings: BTreeMap<FlowId<'a>, &'a Finding>,
}

impl<'a> Index<'a> {
    /// Of one report. Of several that share a flow id the first counts.
    pub fn new(report: &'a Report) -> Self {
        let mut requirements = BTreeMap::new();
        for placement in &report.placements {
            for requirement in &placement.requirements {
                requirements.entry(placement.flow_id(requirement)).or_insert(requirement);
            }
        }
        let mut findings = BTreeMap::new();
        for finding in &report.findings {
            for flow in finding.flows() {
                findings.entry(flow).or_insert(finding);
            }
        }
        let placements = report.placements.iter().map(|placement| (&placement.id, placement)).collect();
        Self { placements, requirements, findings }
    }

    /// The placements a finding speaks for.
    pub fn placements(&self, finding: &Finding) -> impl Iterator<Item = &'a PlacementReport> {
        finding.placements.iter().filter_map(|id| self.placements.get(id).copied())
    }

    /// The requirement a finding is about, of the first placement it speaks for.
    pub fn requirement(&self, finding: &Finding) -> Option<&'a RequirementReport> {
        self.requirements.get(&finding.flows().next()?).copied()
    }

    /// The finding about a requirement of a placement.
    pub fn finding(&self, placement: &PlacementReport, requirement: &RequirementReport) -> Option<&'a Finding> {
        self.findings.get(&placement.flow_id(requirement)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Packet, short_name};

    #[test]
    fn names_are_what_people_say() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub/subnets/default";
        assert_eq!(short_name(id), "hub/default");
        assert_eq!(short_name("/subscriptions/s/providers/Microsoft.Network/routeTables/rt-training"), "rt-training");
        assert_eq!(short_name("hub/default"), "hub/default");
    }

    #[test]
    fn ends_of_a_packet_are_addresses_with_ports() {
        let mut packet = Packet {
            inbound: false,
            protocol: "tcp",
            source: "10.0.0.4".to_owned(),
            source_port: Some(50000),
            destination: "2603::1".to_owned(),
            destination_port: Some(443),
        };
        assert_eq!(packet.ends(), ("10.0.0.4:50000".to_owned(), "[2603::1]:443".to_owned()));
        packet.destination_port = None;
        assert_eq!(packet.ends().1, "2603::1");
    }
}
