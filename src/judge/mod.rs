//! What the rules say about an estate: where services stand, what they need there, and what the proof comes to.

mod ask;
mod asked;
mod dependency;
mod derive;
mod diagnose;
mod evaluate;
mod follow;
mod names;
mod paste;
mod placement;
mod receive;
mod require;
mod run;
mod scene;
mod site;
mod wall;

pub use ask::FOLDER as EXPORTS_FOLDER;
pub use evaluate::patterns;
pub use follow::{Far, Followed, Lost, Question, follow};
pub use placement::{Origin, Placement, Request, Requests};
pub use run::{Judged, judge};
