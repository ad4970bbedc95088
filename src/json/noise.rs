//! What command lines print around JSON: warnings and log lines before it, a prompt or notes after it.
//!
//! Only decides which lines can be such noise; reading the JSON between them is the work of `parse`.

use memchr::memchr2;

/// What one line before the document looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Nothing, or plain words: skipped.
    Noise,
    /// A bracket that surely opens JSON.
    Opens,
    /// `[` and a number or `true`: a list, or a log line such as `[12:01] …`.
    MayOpen,
    /// A piece of JSON or code: no document starts after it.
    Piece,
}

/// Judges the line that starts at `start`. Returns its kind, where its text starts, and where the next line starts.
pub(crate) fn line(text: &str, start: usize) -> (Line, usize, usize) {
    // The spinner of a command line writes over itself by a carriage return alone.
    let next = memchr2(b'\n', b'\r', &text.as_bytes()[start..]).map_or(text.len(), |length| start + length + 1);
    let content = skip_marks(text, start, next);
    let line = text[content..next].trim_end();
    let kind = match line.as_bytes().first() {
        Some(b'{') => Line::Opens,
        Some(b'[') => match line[1..].trim_start().as_bytes().first() {
            None | Some(b'{' | b'[' | b']' | b'"' | b'/') => Line::Opens,
            Some(b'0'..=b'9' | b'-' | b't' | b'f' | b'n') => Line::MayOpen,
            Some(_) => Line::Noise,
        },
        Some(b'"' | b'}' | b']' | b',' | b':') => Line::Piece,
        // `module.exports = {`, `param x object = [`, `foo(`: code, whose brackets are not a document.
        _ if line.ends_with(['{', '[', '(', '=']) => Line::Piece,
        _ => Line::Noise,
    };
    (kind, content, next)
}

/// Whether the text from `rest` on can be what a command line prints after a document that ended at `end`.
pub(crate) fn may_follow(text: &str, end: usize, rest: usize) -> bool {
    let (rest_of_line, mut next) = match memchr2(b'\n', b'\r', &text.as_bytes()[end..]) {
        Some(length) => (&text[end..end + length], end + length + 1),
        None => (&text[end..], text.len()),
    };
    let same_line = rest < end + rest_of_line.len();
    if same_line && !is_prompt(rest_of_line.trim()) {
        return false;
    }
    while next < text.len() {
        let (kind, content, after) = line(text, next);
        let line = text[content..after].trim_end();
        let words = line.is_empty() || line.contains(|letter: char| letter.is_alphabetic() || letter == '\u{1b}');
        if matches!(kind, Line::Opens | Line::Piece) || !(words || is_prompt(line)) {
            return false;
        }
        next = after;
    }
    true
}

/// `user@host:~$`, `PS C:\>`, `bash-5.1#`: words and a prompt sign.
fn is_prompt(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_alphanumeric() || "~([$#>%\u{1b}❯➜λ".contains(first));
    starts && text.contains(['$', '#', '>', '%', '❯', '➜', 'λ', '\u{1b}'])
}

/// Steps over blanks and the colour marks of a terminal.
fn skip_marks(text: &str, start: usize, end: usize) -> usize {
    let mut at = start;
    loop {
        let rest = &text[at..end];
        at += rest.len() - rest.trim_start_matches(|first: char| first.is_whitespace() || first == '\u{FEFF}').len();
        let Some(parameters) = text[at..end].strip_prefix("\u{1b}[") else { return at };
        let length =
            parameters.find(|letter: char| !letter.is_ascii_digit() && letter != ';').unwrap_or(parameters.len());
        let Some(last) = parameters[length..].chars().next() else { return end };
        at += 2 + length + last.len_utf8();
    }
}
