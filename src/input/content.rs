//! What one file holds, and how its bytes come to be that.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use memchr::memmem;

use crate::bicep::{self, tree};
use crate::input::language::{Language, is_bicep, is_bicep_parameters, is_yaml};
use crate::input::text::{
    Encoding, YAML, bicep_may_matter, decode, encoding, guess, is_cut_export, is_packed, is_table, may_matter,
};
use crate::input::walk::{Asked, Candidate, explain};
use crate::json::{Document, Parser, SyntaxError, parse_yaml};
use crate::source::FileId;
use crate::tagfile::{self, TagFile};

/// One file, or one name that leads to none.
#[derive(Debug)]
pub struct Entry {
    /// The path as given, with `/` between its parts, or `<stdin>`.
    pub name: String,
    /// Its text, when it is a document or broken.
    pub file: Option<FileId>,
    /// Whether the user named it, rather than a folder it lies in.
    pub named: bool,
    /// Nobody asked for it: it lies beside a named template, which may link to it or take it as parameters, or a Bicep
    /// file refers to it.
    pub beside: bool,
    /// What it holds.
    pub content: Content,
}

/// What a file holds.
#[derive(Debug)]
pub enum Content {
    /// JSON, or YAML that stands for it.
    Document(Document),
    /// Bicep, as far as it could be read; what could not is among its errors.
    Bicep(Arc<tree::File>),
    /// A text that a Bicep file loads.
    Text,
    /// A template, not parsed: it is compiled from a Bicep file of the run, which is judged.
    Compiled(String),
    /// A file of service tags in its usual layout, which is not parsed as a whole.
    Tags(Box<TagFile>),
    /// Text that cannot matter, found in a folder and passed over unparsed.
    Irrelevant,
    /// No JSON, found in a folder, and what it is: the user may take it for an export.
    Foreign(Foreign),
    /// Text that is not JSON.
    Broken(SyntaxError),
    /// No text; the reason in words.
    Unreadable(String),
}

/// What a file is that is called JSON and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// What `-o table` prints.
    Table,
    /// Compressed, or an archive.
    Packed,
    /// YAML that looks like an export and cannot be read.
    Yaml,
}

/// What reading bytes came to, before parsing.
pub(crate) enum Loaded {
    Text(Arc<str>, u32),
    Irrelevant,
    /// A template that is compiled from this Bicep file.
    Compiled(String),
    Foreign(Foreign),
    Unreadable(String),
}

pub(crate) fn content(
    language: Language,
    name: &str,
    parser: &mut Parser,
    loaded: Loaded,
    file: Option<FileId>,
) -> Content {
    match (loaded, file, language) {
        (Loaded::Text(text, _), Some(file), Language::Bicep) => Content::Bicep(Arc::new(bicep::parse(file, &text))),
        (Loaded::Text(..), Some(_), Language::Text) => Content::Text,
        (Loaded::Text(text, _), Some(file), Language::Json) => match tagfile::detect(file, name, &text) {
            Some(tags) => Content::Tags(Box::new(tags)),
            None => of_json(file, &text, parser),
        },
        (Loaded::Text(text, _), Some(file), Language::Yaml) if text.trim_start().starts_with(['{', '[']) => {
            match of_json(file, &text, parser) {
                Content::Broken(_) => of_yaml(file, &text, parser.most()),
                content => content,
            }
        }
        (Loaded::Text(text, _), Some(file), Language::Yaml) => of_yaml(file, &text, parser.most()),
        (Loaded::Unreadable(message), ..) => Content::Unreadable(message),
        (Loaded::Foreign(what), ..) => Content::Foreign(what),
        (Loaded::Compiled(source), ..) => Content::Compiled(source),
        (Loaded::Text(..) | Loaded::Irrelevant, ..) => Content::Irrelevant,
    }
}

/// What a text in JSON holds; one in YAML without a name that says so is told by its look.
fn of_json(file: FileId, text: &str, parser: &mut Parser) -> Content {
    match parser.parse(file, text) {
        Ok(document) => Content::Document(document),
        Err(_) if parser.is_full() => Content::Unreadable(too_large(parser.most() as u64)),
        Err(error) => match guess(text) {
            Some(YAML) => of_yaml(file, text, parser.most()),
            Some(what) => Content::Broken(SyntaxError { message: what.to_owned(), related: None, ..error }),
            None => Content::Broken(error),
        },
    }
}

fn of_yaml(file: FileId, text: &str, most: usize) -> Content {
    match parse_yaml(file, text, most) {
        Ok(document) => Content::Document(document),
        Err(error) => Content::Broken(error),
    }
}

/// What becomes of YAML in a folder that cannot be read: most of it is no export, so it is told of only if it looks like
/// one.
pub(crate) fn of_folder(content: Content, text: &str) -> Content {
    match content {
        Content::Broken(_) if is_cut_export(text) => Content::Foreign(Foreign::Yaml),
        Content::Broken(_) => Content::Irrelevant,
        content => content,
    }
}

/// The text of a file that another one refers to, whatever is in it.
pub(crate) fn load_referred(path: &Path, max_memory: u64) -> Loaded {
    load_file(&Candidate::new(path.to_owned(), String::new(), Asked::ByName), max_memory)
}

pub(crate) fn load_file(candidate: &Candidate, max_memory: u64) -> Loaded {
    load(candidate, max_memory).unwrap_or_else(|error| Loaded::Unreadable(explain(&error)))
}

fn load(candidate: &Candidate, max_memory: u64) -> io::Result<Loaded> {
    let file = open_regular(&candidate.path)?;
    let length = file.metadata()?.len();
    if length > longest(max_memory) {
        return if candidate.asked != Asked::ByName && !start_may_matter(file, longest(max_memory))? {
            Ok(Loaded::Irrelevant)
        } else {
            Ok(Loaded::Unreadable(too_large(max_memory)))
        };
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(longest(max_memory) + 1).read_to_end(&mut bytes)?;
    let is_part = |bytes: &[u8]| {
        [&b"eploymentTemplate"[..], b"eploymentParameters"].iter().any(|word| memmem::find(bytes, word).is_some())
    };
    let is_bicep = is_bicep(&candidate.path);
    if candidate.asked == Asked::InFolder && is_yaml(&candidate.path) && !may_matter(&bytes) {
        return Ok(Loaded::Irrelevant);
    }
    if candidate.asked == Asked::Not && !is_bicep && !is_part(&bytes) {
        return Ok(Loaded::Irrelevant);
    }
    let is_meant = candidate.asked == Asked::ByName
        || if is_bicep { is_bicep_parameters(&candidate.path) } else { is_called_parameters(&candidate.path) };
    if is_bicep && !is_meant && matches!(encoding(&bytes), Encoding::Utf8(_)) {
        return match bicep_may_matter(&bytes) {
            true => Ok(text_of(bytes, max_memory, true)),
            false => Ok(Loaded::Irrelevant),
        };
    }
    Ok(text_of(bytes, max_memory, is_meant || is_bicep))
}

/// Whether the name of a file says that it holds the parameters of a template, as `main.parameters.dev.json` does: it is
/// read whatever is in it.
pub fn is_called_parameters(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    name.split(['.', '-', '_']).any(|part| ["parameters", "parameter", "params", "param"].contains(&part))
}

/// Opens a file that was regular when it was found. Opening a pipe that took its place could wait forever.
fn open_regular(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    File::open(path)
}

pub(crate) fn load_stdin(stdin: &mut dyn Read, max_memory: u64) -> Loaded {
    let mut bytes = Vec::new();
    match stdin.take(longest(max_memory) + 1).read_to_end(&mut bytes) {
        Ok(_) => text_of(bytes, max_memory, true),
        Err(error) => Loaded::Unreadable(explain(&error)),
    }
}

fn text_of(bytes: Vec<u8>, max_memory: u64, named: bool) -> Loaded {
    if bytes.len() as u64 > longest(max_memory) {
        return Loaded::Unreadable(too_large(max_memory));
    }
    // UTF-8 is searched as it is, so that what cannot matter is not even decoded.
    if !named && matches!(encoding(&bytes), Encoding::Utf8(_)) && !may_matter(&bytes) && !is_empty_list(&bytes) {
        return passed_over(&bytes);
    }
    match decode(bytes) {
        Ok(decoded) if !named && !may_matter(decoded.text.as_bytes()) && !is_empty_list(decoded.text.as_bytes()) => {
            passed_over(decoded.text.as_bytes())
        }
        Ok(decoded) => Loaded::Text(decoded.text.into(), decoded.skipped),
        Err(message) => Loaded::Unreadable(message),
    }
}

/// What becomes of bytes of a folder without a word of Azure's networks. A table says none, however much it shows.
fn passed_over(bytes: &[u8]) -> Loaded {
    if is_packed(bytes) {
        Loaded::Foreign(Foreign::Packed)
    } else if is_table(bytes) {
        Loaded::Foreign(Foreign::Table)
    } else {
        Loaded::Irrelevant
    }
}

/// Whether this can be what `az … list` prints where there is nothing. It may take too much.
fn is_empty_list(bytes: &[u8]) -> bool {
    /// Around the list stand a count and a link at most.
    const LONGEST: usize = 512;
    if bytes.len() > LONGEST {
        return false;
    }
    let bare: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let is_page = ["\"value\":[]", "\"data\":[]"].iter().any(|list| memmem::find(&bare, list.as_bytes()).is_some());
    bare == b"[]" || bare.starts_with(b"{") && is_page
}

/// How many bytes a file may have: its text stands in memory twice while it is decoded.
fn longest(max_memory: u64) -> u64 {
    max_memory / 2
}

fn too_large(max_memory: u64) -> String {
    let limit = if max_memory >= 1 << 20 { format!("{} MiB", max_memory >> 20) } else { format!("{max_memory} bytes") };
    format!("it takes more than {limit} of memory; export it in parts")
}

/// Searches the first bytes of a file that is too large to read, a piece at a time.
fn start_may_matter(file: File, most: u64) -> io::Result<bool> {
    const PIECE: u64 = 1 << 20;
    /// No word of the search is longer, so one that lies across two pieces is seen in the second.
    const OVERLAP: usize = 256;
    let mut file = file.take(most);
    let mut piece = Vec::new();
    loop {
        let kept = piece.len().min(OVERLAP);
        piece.drain(..piece.len() - kept);
        if Read::by_ref(&mut file).take(PIECE).read_to_end(&mut piece)? == 0 {
            return Ok(false);
        }
        if !matches!(encoding(&piece), Encoding::Utf8(_)) || may_matter(&piece) {
            return Ok(true);
        }
    }
}
