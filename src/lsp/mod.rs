//! The language server: the documents of an editor in place of files, judged as a check would, over a stream of messages.
//!
//! Messages are answered by `serve`; runs are made beside them by `worker`.

mod actions;
mod definition;
mod documents;
mod frame;
mod host;
mod hover;
mod judged;
mod publish;
mod serve;
mod setup;
mod start;
mod text;
mod uri;
mod worker;

pub use host::{Host, OpenTexts, Problem, Scope, Workspace};
pub use serve::serve;
