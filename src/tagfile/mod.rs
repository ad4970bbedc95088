//! Files of published service tags, in the three schemas they come in, to snapshots (TAG-13).

mod answer;
mod choice;
mod fault;
mod file;
mod origin;
mod outline;
mod prefix;
mod quick;
mod source;
mod tree;

pub use answer::{AddressAnswer, Answer, NoSuchTag, TagAnswer};
pub use choice::TagFiles;
pub use fault::{Fault, FaultKind};
pub use file::{ReadError, TagFile, detect, read};
