//! What a run has to say: findings, verdicts, and the report that gathers them.
//!
//! Drawing them is the work of `report`; arriving at them that of `rule`.

mod brief;
mod diagnostic;
mod edit;
mod fix;
mod report;

pub(crate) use brief::Traffic;
pub use brief::{Brief, Ground};
pub(crate) use diagnostic::hash;
pub use diagnostic::{
    Finding, FlowId, Ignored, IgnoredBy, Label, Layer, Level, PlacementId, Remark, RuleCard, RuleId, Source, Verdict,
    fingerprint,
};
pub use edit::{Edit, changed_lines, edited, patch};
pub use fix::{Asked, AskedPeer, Change, Fix, Offered, Request, RequestKind};
pub use report::{
    Applies, Counts, Decider, DeciderKind, ExportCommand, FactReport, FactValue, FileReport, Index, LayerReport,
    Outcome, Packet, PathReport, PlacementReport, Report, RequirementReport, Settling, short_name,
};
