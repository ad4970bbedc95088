//! `aznetlint completions`, `man` and `schema`: documents made from the one definition of the command line, and the
//! JSON Schemas of the files that users write.

use std::fs;
use std::io::{self, Write};

use clap::CommandFactory;
use miette::Result;

use crate::cli::arguments::{Arguments, CompletionsArguments, ManArguments, SchemaArguments, SchemaKind};
use crate::cli::end::{End, FlagError, OutputError};
use crate::diff::SCHEMA as DIFF_SCHEMA;
use crate::fix::SCHEMA as FIX_SCHEMA;
use crate::printable;
use crate::report::SCHEMA;
use crate::rule::{rule_schema, service_schema};

const SETTINGS: &str = include_str!("schema/settings.json");

/// Prints the completions for a shell.
pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<End> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "aznetlint", &mut script);
    io::stdout().lock().write_all(&script).map_err(OutputError::report)?;
    Ok(End::Clean)
}

/// Prints or writes the manual.
pub(crate) fn man(arguments: &ManArguments) -> Result<End> {
    let command = Arguments::command();
    match &arguments.dir {
        Some(folder) => {
            let failed = |error: io::Error| FlagError::new(format!("--dir {}: {error}", printable::path(folder)), None);
            fs::create_dir_all(folder).map_err(failed)?;
            clap_mangen::generate_to(command, folder).map_err(failed)?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).map_err(OutputError::report)?;
            io::stdout().lock().write_all(&page).map_err(OutputError::report)?;
        }
    }
    Ok(End::Clean)
}

/// Prints a JSON Schema.
pub(crate) fn schema(arguments: &SchemaArguments) -> Result<End> {
    let text = match arguments.kind {
        SchemaKind::Settings => SETTINGS.to_owned(),
        SchemaKind::Report => SCHEMA.to_owned(),
        SchemaKind::Diff => DIFF_SCHEMA.to_owned(),
        SchemaKind::Fix => FIX_SCHEMA.to_owned(),
        SchemaKind::Rule => format!("{:#}\n", rule_schema()),
        SchemaKind::Service => format!("{:#}\n", service_schema()),
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(OutputError::report)?;
    Ok(End::Clean)
}
