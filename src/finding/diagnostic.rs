//! One finding: the rule that speaks, how much it matters, where, and what is said of it.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::finding::brief::Brief;
use crate::finding::fix::{Fix, Offered};
use crate::source::Span;

/// The id of a rule: its path below the rule folder, such as `azureml/inbound-44224-blocked`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// From its path without extension, parts joined with `/`.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What a placement is known by: the service, where it is, and under which parameter set. Shown as
/// `azureml-compute@vnet/snet[dev]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlacementId {
    /// The service: `azureml-compute`.
    pub service: String,
    /// The name of the subnet or other resource it is on.
    pub on: String,
    /// Which one it is of several with that name, from 1; 0 until that is known.
    pub number: usize,
    /// The parameter set; empty for the plain one, and where there is only one.
    pub choice: String,
}

impl PlacementId {
    /// Of a service and a name, the only one there is.
    pub fn new(service: impl Into<String>, on: impl Into<String>) -> Self {
        Self { service: service.into(), on: on.into(), ..Self::default() }
    }

    /// What tells it from others of its service and name: `#2[dev]`; empty for most.
    pub fn ending(&self) -> String {
        let number = if self.number > 1 { format!("#{}", self.number) } else { String::new() };
        if self.choice.is_empty() { number } else { format!("{number}[{}]", self.choice) }
    }

    /// The same placement under one parameter set.
    pub fn under(&self, choice: &str) -> Self {
        Self { choice: choice.to_owned(), ..self.clone() }
    }
}

impl fmt::Display for PlacementId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}@{}{}", self.service, self.on, self.ending())
    }
}

impl Serialize for PlacementId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a flow is known by in a report: requirements that share all three cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId<'a> {
    /// The placement that needs it.
    pub placement: &'a PlacementId,
    /// The rule that asks for it: one rule may ask a placement for several flows.
    pub rule: &'a RuleId,
    /// The flow in words.
    pub flow: &'a str,
}

/// How much a finding matters, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Worth a look before it is deployed.
    Warning,
    /// It will not work.
    Error,
}

impl Level {
    /// The word users write and read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What a proof came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every packet of the requirement passes, whatever the unknown values are.
    Satisfied,
    /// At least one packet is dropped, whatever the unknown values are.
    Violated,
    /// It depends on something the input does not show.
    Undecided,
}

impl Verdict {
    /// The word users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Violated => "violated",
            Self::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What traffic meets on its way, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The network security group of the interface.
    InterfaceNsg,
    /// The network security group of the subnet.
    SubnetNsg,
    /// The routes of the subnet.
    Route,
    /// The firewall that the routes lead to.
    Firewall,
    /// The security admin rules of a Virtual Network Manager, ahead of every group.
    Admin,
    /// The appliance that the routes lead to, which is no Azure Firewall, with the groups around it.
    Appliance,
    /// The DNS servers and private zones that a host name is looked up in, ahead of every packet.
    Resolve,
    /// The network rules of the resource at the far end, said beside the path to it.
    Resource,
}

impl Layer {
    /// The word users read: `nsg`, `route`, `firewall`, `security-admin`, `appliance`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InterfaceNsg | Self::SubnetNsg => "nsg",
            Self::Route => "route",
            Self::Firewall => "firewall",
            Self::Admin => "security-admin",
            Self::Appliance => "appliance",
            Self::Resolve => "resolve",
            Self::Resource => "resource",
        }
    }

    /// Whether it is a network security group.
    pub fn is_nsg(self) -> bool {
        matches!(self, Self::InterfaceNsg | Self::SubnetNsg)
    }

    /// The resource it stands for, by the words of [`PlacementReport::on`](crate::finding::PlacementReport::on).
    pub fn resource(self) -> &'static str {
        match self {
            Self::InterfaceNsg => "interface-nsg",
            Self::SubnetNsg => "nsg",
            Self::Route => "route-table",
            Self::Firewall => "firewall",
            Self::Admin => "security-admin",
            Self::Appliance => "appliance",
            Self::Resolve => "resolve",
            Self::Resource => "resource",
        }
    }
}

/// A place and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say; may be empty.
    pub message: String,
}

/// A line below the excerpt: `packet: …`, `replay: …`, `applies because: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The word before the colon.
    pub kind: &'static str,
    /// The rest; may have several lines.
    pub text: String,
}

/// One thing the user should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule that speaks.
    pub rule: RuleId,
    /// How much it matters.
    pub level: Level,
    /// It may be wrong or right: only a deployment, or more input, can tell.
    pub undecided: bool,
    /// What is the matter, one line.
    pub message: String,
    /// The same in short, for a requirement.
    pub brief: Option<Box<Brief>>,
    /// The characters at fault.
    pub at: Label,
    /// Other places that matter, in this or other files.
    pub related: Vec<Label>,
    /// The whole of the rule, route or resource it is about, as written: what a permission to ignore is given for.
    pub subject: Option<Span>,
    /// Lines below the excerpt, in order.
    pub remarks: Vec<Remark>,
    /// The facts that are not known and decide whether it matters at all.
    pub conditions: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// What to paste that would settle it: JSON, or Bicep where it goes into Bicep.
    pub snippet: Option<String>,
    /// Edits that would settle it, the least first. None of them was tried.
    pub fixes: Vec<Fix>,
    /// The edit that settles it, where one was asked for and tried.
    pub offered: Option<Offered>,
    /// The resource it is about: id or name.
    pub resource: Option<String>,
    /// The placement it is about, without its parameter set.
    pub placement: Option<PlacementId>,
    /// The placements of the report it speaks for: that placement, once for each parameter set in which it holds.
    pub placements: Vec<PlacementId>,
    /// For flows: the requirement in a few words, such as `TCP 443 to AzureActiveDirectory`.
    pub flow: Option<String>,
    /// Findings with the same cause are drawn as one diagnostic; `None` stands alone.
    pub cause: Option<String>,
    /// Rule, resource and property path, see [`fingerprint`]: stable under edits elsewhere in the file. A run numbers
    /// those that are equal in one file.
    pub fingerprint: String,
    /// It is kept, but fails nothing: somebody said so.
    pub ignored: Option<Ignored>,
}

/// What a finding is known by in later runs, as text: its rule, the resource it is about (id, or name when no id is
/// shown), and what of it. It names no line and no order, so it survives edits above it, reordering and reformatting.
pub fn fingerprint(rule: &RuleId, resource: &str, path: &str) -> String {
    // A resource without a name is known by its place, which does not last.
    let resource = if resource.starts_with("nameless ") { "nameless" } else { resource };
    format!("{rule}|{}|{path}", resource.to_ascii_lowercase().replace('|', "%7C"))
}

impl Finding {
    /// A finding at a place that says nothing more than its message.
    pub fn new(rule: RuleId, level: Level, message: impl Into<String>, at: Label) -> Self {
        Self {
            rule,
            level,
            undecided: false,
            message: message.into(),
            brief: None,
            at,
            related: Vec::new(),
            subject: None,
            remarks: Vec::new(),
            conditions: Vec::new(),
            help: None,
            snippet: None,
            fixes: Vec::new(),
            offered: None,
            resource: None,
            placement: None,
            placements: Vec::new(),
            flow: None,
            cause: None,
            fingerprint: String::new(),
            ignored: None,
        }
    }

    /// What is the matter, as short as it is known.
    pub fn headline(&self) -> &str {
        self.brief.as_ref().map_or(&self.message, |brief| &brief.headline)
    }

    /// What it is filtered by: a requirement that cannot be decided matters as much as a warning to a reader, whatever it
    /// is gated as.
    pub fn weight(&self) -> Level {
        let requirement = self.placement.is_some();
        if self.undecided && requirement { self.level.max(Level::Warning) } else { self.level }
    }

    /// Its level in formats that know no `undecided`: what is undecided is no error, unless the gate says so.
    pub fn level_as(&self, undecided: Level) -> Level {
        if self.undecided { self.weight().min(Level::Warning).max(undecided) } else { self.level }
    }

    /// The flows of the report it speaks for: the same one, for each of its placements.
    pub fn flows(&self) -> impl Iterator<Item = FlowId<'_>> {
        let flow = self.flow.iter().flat_map(|flow| self.placements.iter().map(move |placement| (placement, flow)));
        flow.map(|(placement, flow)| FlowId { placement, rule: &self.rule, flow })
    }

    /// A short form of its fingerprint in a file, as 16 hexadecimal digits: FNV-1a over both. The file's name should be
    /// one that does not depend on where the run was started.
    pub fn digest(&self, file: &str) -> String {
        hash(file.bytes().chain([0]).chain(self.fingerprint.bytes()))
    }
}

/// The FNV-1a hash of bytes, as 16 hexadecimal digits: the same in every version of this program.
pub(crate) fn hash(bytes: impl Iterator<Item = u8>) -> String {
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

/// That a finding is to be ignored, who says so and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Who says so.
    pub by: IgnoredBy,
    /// Why, in the words of the user; empty for a baseline, which gives none.
    pub reason: String,
    /// Where it is said; `None` when in a file that is no input, such as a baseline.
    pub place: Option<Span>,
}

/// What says that a finding is to be ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IgnoredBy {
    /// A comment in the file.
    Comment,
    /// `metadata.aznetlint` of the template or resource.
    Metadata,
    /// The `description` of the rule or resource.
    Description,
    /// The settings file.
    Settings,
    /// The baseline: the finding was there before.
    Baseline,
}

impl IgnoredBy {
    /// The word users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Metadata => "metadata",
            Self::Description => "description",
            Self::Settings => "settings",
            Self::Baseline => "baseline",
        }
    }
}

/// A dated source of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The page's title.
    pub title: String,
    /// The section on the page.
    pub section: Option<String>,
    /// Its address.
    pub url: String,
    /// The date of the page's text, `YYYY-MM-DD`.
    pub read: String,
}

/// What a rule says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCard {
    /// Its id.
    pub id: RuleId,
    /// What is wrong when it speaks.
    pub title: String,
    /// How much it matters.
    pub level: Level,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub help: String,
    /// Where the facts come from.
    pub sources: Vec<Source>,
    /// Words to select by; rows of the requirement table among them.
    pub tags: Vec<String>,
    /// Error texts that users meet when this is wrong.
    pub seen_as: Vec<String>,
    /// The version that brought it.
    pub since: String,
}

#[cfg(test)]
mod tests {
    use super::{Finding, Label, Level, PlacementId, RuleId};
    use crate::source::{FileId, Span};

    #[test]
    fn undecided_is_a_warning_unless_the_gate_says_more() {
        let one = |placement: Option<PlacementId>, level, undecided| Finding {
            undecided,
            placement,
            ..Finding::new(
                RuleId::new("a/b"),
                level,
                "open",
                Label { span: Span::new(FileId(0), 0, 1), message: String::new() },
            )
        };
        let here = || Some(PlacementId::new("azureml-compute", "here"));
        assert_eq!(one(here(), Level::Note, true).level_as(Level::Note), Level::Warning);
        assert_eq!(one(here(), Level::Note, true).level_as(Level::Error), Level::Error);
        assert_eq!(one(None, Level::Note, true).level_as(Level::Note), Level::Note);
        assert_eq!(one(here(), Level::Note, false).level_as(Level::Error), Level::Note);
    }
}
