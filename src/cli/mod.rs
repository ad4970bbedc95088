//! The command line: flags, commands, exit status. The only room that prints.

mod accepted;
mod arguments;
mod baseline;
mod check;
mod choices;
mod document;
mod end;
mod expand;
mod exports;
mod flag;
mod found;
mod git;
mod init;
mod inputs;
mod levels;
mod output;
mod print;
mod progress;
mod scope;
mod settings;
mod show;
mod start;
mod study;
mod tags;
mod target;
mod trace;

pub use start::main;
