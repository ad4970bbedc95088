//! From the edits that were proposed for findings to those that are known to settle them: each is made, the run is
//! repeated on the edited text, and what does not prove the requirement, or breaks anything else, is not offered.

mod edit;
mod effect;
mod outline;
mod shell;
mod style;
#[cfg(test)]
mod tests;
mod trial;

pub use shell::{Shell, command};
pub use trial::{Offer, Offers, Safety, Trial, edits_of, offers, subject_of};
