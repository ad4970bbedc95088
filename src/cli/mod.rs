//! The command line: flags, commands, exit status. The only room that prints.

mod arguments;
mod check;
mod settings;
mod start;
mod study;

pub use start::main;
