//! From the edits that were proposed for findings to those that are known to settle them: each is made, the run is
//! repeated on the edited text, and what does not prove the requirement, or breaks anything else, is not offered.

mod edit;
mod effect;
mod joint;
mod json;
mod model;
mod outline;
mod review;
mod shell;
mod state;
mod style;
#[cfg(test)]
mod tests;
mod trial;

pub use json::{SCHEMA, write_json};
pub use model::{Offer, Offers, Safety, Trial};
pub use review::write_review;
pub use shell::{Shell, commands};
pub use trial::{edits_of, offers, subject_of};
