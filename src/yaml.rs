//! How the YAML of users is read, rules and settings alike: its limits and its dialect.
//!
//! What the keys mean is the work of `rule` and `config`.

use serde::Deserialize;
use serde_saphyr::Error;

/// The longest file, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// The deepest nesting.
pub(crate) const MAX_DEPTH: usize = 48;

/// Reads one document. `on` and `no` are words, as in YAML 1.2.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_aliases: 64,
            max_documents: 1,
        },
        strict_booleans: true,
    };
    serde_saphyr::from_str_with_options(text, options)
}

/// What an error says, without its place.
pub(crate) fn message(error: &Error) -> String {
    let shown = error.without_snippet().to_string();
    let first = shown.lines().next().unwrap_or("this is not YAML");
    first.split(" at line ").next().unwrap_or(first).to_owned()
}

/// The byte at a line and column, both from 1 and the column in characters; the end of the text for a line behind it.
pub(crate) fn offset(text: &str, line: u64, column: u64) -> usize {
    let before = |number: u64| usize::try_from(number).unwrap_or(1).max(1) - 1;
    let mut lines = text.split_inclusive('\n');
    let start: usize = lines.by_ref().take(before(line)).map(str::len).sum();
    let inside = |line: &str| line.chars().take(before(column)).map(char::len_utf8).sum();
    start + lines.next().map_or(0, inside)
}
