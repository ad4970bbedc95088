//! What the rules say about an estate: where services stand, what they need there, and what the proof comes to.

mod admission;
mod brief;
mod dependency;
mod derive;
mod diagnose;
mod exports;
mod fixes;
mod follow;
mod named;
mod names;
mod needs;
mod owner;
mod placement;
mod private;
mod question;
mod reach;
mod receive;
mod remedy;
mod require;
mod resolve;
mod run;
mod servers;
mod site;
mod subnet;
mod view;

pub use exports::FOLDER as EXPORTS_FOLDER;
pub use follow::{Far, Followed, Lost, Question, follow};
pub(crate) use needs::{Need, Needs, Wanted, needs};
pub use placement::{Origin, Request, Requests};
pub(crate) use remedy::{FirewallRuleText, RuleEnd, network_rule_to_ends, security_rule};
pub use run::{Judged, judge, patterns};
pub use view::{EndView, GroupView, RoutesView, RuleView, RulesView, routes, rules};
