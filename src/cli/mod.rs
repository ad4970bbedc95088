//! The command line: flags, commands, exit status. The only room that prints.

mod accepted;
mod arguments;
mod baseline;
mod check;
mod expand;
mod settings;
mod start;
mod study;
mod tags;
mod trace;

pub use start::main;
