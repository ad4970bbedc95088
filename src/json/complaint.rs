//! What is wrong at a place that cannot be read, in words that help, and at the characters that matter.

use crate::json::scan::{Failure, Scanner};

/// Nothing but blanks and comments.
pub(crate) fn nothing_there(scanner: &Scanner) -> Failure {
    let message = if scanner.comments.is_empty() { "the file is empty" } else { "the file holds only comments" };
    scanner.failure(message, 0, 0)
}

/// Something that cannot start a value stands where one is needed. `key` is the span of the property it belongs to.
#[cold]
pub(crate) fn no_value(scanner: &Scanner, key: Option<(usize, usize)>) -> Failure {
    match (scanner.peek(), key) {
        (None, _) => unclosed(scanner),
        (Some(b',' | b'}' | b']'), Some((start, end))) => scanner.failure("this property has no value", start, end),
        (Some(bracket @ (b'}' | b']')), None) if scanner.opened.is_empty() => {
            at_token(scanner, &format!("nothing opens this `{}`", char::from(bracket)))
        }
        (Some(b'}'), None) => wrong_bracket(scanner),
        _ if scanner.opened.is_empty() => unexpected(scanner, "this is not JSON: expected `{` or `[`", Place::Between),
        _ => unexpected(scanner, "expected a value", Place::Value),
    }
}

/// Something that is not a key stands where one is needed.
#[cold]
pub(crate) fn no_key(scanner: &Scanner) -> Failure {
    match scanner.peek() {
        None => unclosed(scanner),
        Some(b']') => wrong_bracket(scanner),
        _ => unexpected(scanner, "expected a property name in double quotes", Place::Key),
    }
}

/// A key is not followed by a colon.
#[cold]
pub(crate) fn no_colon(scanner: &Scanner, key: (usize, usize)) -> Failure {
    if let Some(failure) = runaway_string(scanner) {
        return failure;
    }
    let mut failure = match scanner.peek() {
        Some(b'=') => scanner.failure("expected `:` after this property name, found `=`", key.0, key.1),
        _ => scanner.failure("expected `:` after this property name", key.0, key.1),
    };
    failure.related = opened_here(scanner);
    failure
}

/// After a value in brackets comes neither a comma nor the closing bracket.
#[cold]
pub(crate) fn no_comma(scanner: &Scanner) -> Failure {
    if let Some(failure) = runaway_string(scanner) {
        return failure;
    }
    let in_object = opening(scanner) == Some(b'{');
    let mut failure = match (scanner.peek(), in_object) {
        (None, _) => return unclosed(scanner),
        (Some(b']'), true) | (Some(b'}'), false) => return wrong_bracket(scanner),
        (Some(b'"'), true) => at_token(scanner, "expected `,` or `}` before this property"),
        (Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'), false) => {
            at_token(scanner, "expected `,` or `]` before this value")
        }
        (Some(b':'), false) => at_token(scanner, "`:` inside `[`: a property stands inside `{`"),
        (_, true) => unexpected(scanner, "expected `,` or `}`", Place::Between),
        (_, false) => unexpected(scanner, "expected `,` or `]`", Place::Between),
    };
    failure.related = failure.related.or_else(|| opened_here(scanner));
    failure
}

/// Brackets nest deeper than the reader goes.
#[cold]
pub(crate) fn too_deep(scanner: &Scanner, limit: usize) -> Failure {
    scanner.failure(format!("more than {limit} brackets inside each other"), scanner.at, scanner.at + 1)
}

/// Text follows the value of the document.
#[cold]
pub(crate) fn more_text(scanner: &Scanner, value: (usize, usize)) -> Failure {
    let mut failure = match scanner.peek() {
        Some(bracket @ (b'}' | b']')) => at_token(scanner, &format!("nothing opens this `{}`", char::from(bracket))),
        Some(b'{' | b'[' | b'"' | b'0'..=b'9') => at_token(scanner, "a second value starts here; a file holds one"),
        _ => unexpected(scanner, "expected the end of the file", Place::Between),
    };
    let last = scanner.text[..value.1].char_indices().next_back().map_or(value.0, |(at, _)| at);
    failure.related = Some((scanner.span(last, value.1), "the document ends here".to_owned()));
    failure
}

enum Place {
    Key,
    Value,
    Between,
}

/// A place where nothing of JSON stands: the usual reasons by name.
fn unexpected(scanner: &Scanner, expected: &str, place: Place) -> Failure {
    let (start, rest) = (scanner.at, &scanner.text[scanner.at..]);
    let Some(letter) = rest.chars().next() else { return scanner.failure(expected, start, start) };
    let line_start = scanner.text[..start].ends_with('\n') || start == 0;
    if line_start && ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| rest.starts_with(mark)) {
        return scanner.failure("this is a merge conflict mark", start, start + 7);
    }
    match letter {
        '\'' | '`' | '“' | '”' | '„' | '‘' | '’' => {
            let line = &rest[..scanner.line_end(start) - start];
            let inner = letter.len_utf8();
            let closing =
                |mark: char| if matches!(letter, '\'' | '`') { mark == letter } else { "”“’‘".contains(mark) };
            let end = line[inner..].char_indices().find(|(_, mark)| closing(*mark)).map_or_else(
                || scanner.word_end(start + inner),
                |(length, mark)| start + inner + length + mark.len_utf8(),
            );
            let message =
                if letter == '\'' { "needs double quotes, not single ones" } else { "needs plain double quotes" };
            let what = if matches!(place, Place::Key) { "a property name" } else { "a string" };
            scanner.failure(format!("{what} {message}"), start, end)
        }
        '#' => {
            scanner.failure(format!("{expected}; a comment starts with `//`, not `#`"), start, scanner.line_end(start))
        }
        letter if letter.is_alphanumeric() || matches!(letter, '_' | '$' | '+' | '.' | '<') => {
            let end = scanner.word_end(start).max(start + letter.len_utf8());
            let word = &scanner.text[start..end];
            let shown = shorten(word);
            let message = match place {
                Place::Key => format!("property name `{shown}` needs double quotes"),
                Place::Between => format!("{expected}, found `{shown}`"),
                Place::Value => bad_word(word).map_or_else(
                    || format!("{expected}, found `{shown}`; text needs double quotes"),
                    |correction| format!("`{shown}` is not JSON; {correction}"),
                ),
            };
            scanner.failure(message, start, end)
        }
        letter if letter.is_control() || letter == char::REPLACEMENT_CHARACTER => {
            let message = format!("{expected}, found U+{:04X}", u32::from(letter));
            scanner.failure(message, start, start + letter.len_utf8())
        }
        letter => scanner.failure(format!("{expected}, found `{letter}`"), start, start + letter.len_utf8()),
    }
}

/// How JSON writes what other languages write so.
fn bad_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "None" | "Null" | "NULL" | "nil" | "undefined" | "~" => "write `null`",
        "True" | "TRUE" | "yes" | "on" => "write `true`",
        "False" | "FALSE" | "no" | "off" => "write `false`",
        _ if word.trim_start_matches(['+', '-']).eq_ignore_ascii_case("nan") => "it has no number for it",
        _ if word.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("inf") => "it has no number for it",
        _ if word.starts_with('+') => "a number has no plus sign",
        _ if word.starts_with('.') => "a number starts with a digit",
        _ => return None,
    })
}

fn shorten(word: &str) -> String {
    match word.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}

/// An error at the string, bracket or word that starts here.
fn at_token(scanner: &Scanner, message: &str) -> Failure {
    let (start, bytes) = (scanner.at, scanner.text.as_bytes());
    let line_end = scanner.line_end(start);
    let end = match bytes.get(start) {
        Some(b'"') => {
            let mut end = start + 1;
            while end < line_end && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            (end + 1).min(line_end)
        }
        Some(b'{' | b'}' | b'[' | b']' | b':') => start + 1,
        _ => scanner.word_end(start).max(start + 1),
    };
    scanner.failure(message, start, end)
}

/// The innermost bracket that is still open.
fn opening(scanner: &Scanner) -> Option<u8> {
    scanner.opened.last().map(|&at| scanner.text.as_bytes()[at])
}

fn opened_here(scanner: &Scanner) -> Option<(crate::source::Span, String)> {
    let &at = scanner.opened.last()?;
    Some((scanner.span(at, at + 1), format!("this `{}` is still open", &scanner.text[at..=at])))
}

/// The text ends inside a bracket.
fn unclosed(scanner: &Scanner) -> Failure {
    let Some(&at) = scanner.opened.last() else {
        return scanner.failure("the text ends too early", scanner.at, scanner.at);
    };
    if let Some(failure) = runaway_string(scanner) {
        return failure;
    }
    let mut failure = scanner.failure(format!("this `{}` is never closed", &scanner.text[at..=at]), at, at + 1);
    let end = scanner.text.trim_end().len();
    let last = scanner.text[..end].char_indices().next_back().map_or(0, |(last, _)| last);
    failure.related = Some((scanner.span(last, end), "the file ends here".to_owned()));
    failure
}

/// `]` where `}` is due, or the other way round.
fn wrong_bracket(scanner: &Scanner) -> Failure {
    let found = scanner.text.as_bytes().get(scanner.at).map_or(' ', |&byte| char::from(byte));
    let due = if found == ']' { '}' } else { ']' };
    let mut failure = scanner.failure(format!("expected `{due}`, found `{found}`"), scanner.at, scanner.at + 1);
    failure.related = opened_here(scanner);
    failure
}

/// When the text goes wrong right after a string of several lines, that string most likely lost its closing quote.
fn runaway_string(scanner: &Scanner) -> Option<Failure> {
    let (start, end) = scanner.last_string;
    let string = scanner.text.get(start..end)?;
    let first_line = string.lines().next()?;
    let between = scanner.text.get(end..scanner.at)?;
    if first_line.len() == string.len() || !between.trim().is_empty() {
        return None;
    }
    let mut failure = scanner.failure(
        "this string is not closed on its line",
        start,
        start + first_line.trim_end().trim_end_matches(',').len().max(1),
    );
    failure.related = Some((scanner.span(end - 1, end), "so it runs on to this quote".to_owned()));
    Some(failure)
}
