//! The command line: flags, commands, exit status. The only module that prints.

mod appliances;
mod arguments;
mod baseline;
mod check;
mod declared;
mod diff;
mod document;
mod end;
mod expand;
mod fix;
mod found;
mod generate;
mod git;
mod init;
mod lsp;
mod output;
mod progress;
mod settings;
mod show;
mod start;
mod study;
mod tags;
mod target;
mod threads;
mod trace;
mod views;

pub use start::main;
