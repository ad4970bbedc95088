//! Files of published service tags, in the three schemas they come in, to snapshots (TAG-13).

mod answer;
mod choice;
mod file;
mod list;
mod outline;

pub use answer::{AddressAnswer, Answer, TagAnswer};
pub use choice::TagFiles;
pub use file::{ReadError, TagFile, detect, read};
pub use list::{Fault, FaultKind};
