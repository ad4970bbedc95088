//! The smallest parts of JSON: blanks, comments, strings and numbers, read byte by byte.
//!
//! How they nest is the work of `parse`; how a wrong one is explained, mostly that of `complaint`.

use std::sync::Arc;

use memchr::{memchr, memchr2, memmem};

use crate::source::{FileId, Span};

/// One comment with its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its bytes, `//` or `/*` included, the line end excluded.
    pub span: Span,
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, in a few words.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Another place that helps: the bracket that was never closed, ….
    pub related: Option<(Span, String)>,
}

/// A boxed error keeps the results on the way up small.
pub(crate) type Failure = Box<SyntaxError>;

/// A text and how far it has been read.
pub(crate) struct Scanner<'t> {
    pub(crate) file: FileId,
    pub(crate) text: &'t str,
    /// The next byte to read.
    pub(crate) at: usize,
    /// The opening brackets that are not closed yet, the innermost last.
    pub(crate) opened: Vec<usize>,
    /// The last string read, quotes included: the suspect when the text goes wrong right after it.
    pub(crate) last_string: (usize, usize),
    pub(crate) comments: Vec<Comment>,
    pub(crate) words: Words,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(file: FileId, text: &'t str, at: usize, words: Words) -> Self {
        Self { file, text, at, opened: Vec::new(), last_string: (0, 0), comments: Vec::new(), words }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    pub(crate) fn failure(&self, message: impl Into<String>, start: usize, end: usize) -> Failure {
        Box::new(SyntaxError { message: message.into(), span: self.span(start, end), related: None })
    }

    /// Moves to the next byte that is neither blank nor comment.
    #[inline]
    pub(crate) fn skip_blanks(&mut self) -> Result<(), Failure> {
        match self.peek() {
            Some(b' ' | b'\n' | b'\r' | b'\t' | b'/' | 0x0B | 0x0C | 0x80..) => self.skip_more_blanks(),
            _ => Ok(()),
        }
    }

    fn skip_more_blanks(&mut self) -> Result<(), Failure> {
        const SPACES: u64 = u64::from_le_bytes([b' '; 8]);
        let bytes = self.text.as_bytes();
        loop {
            // Indentation, eight bytes at a time.
            while let Some(chunk) = bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
                let spaces = (u64::from_le_bytes(*chunk) ^ SPACES).trailing_zeros() as usize / 8;
                self.at += spaces;
                if spaces < 8 {
                    break;
                }
            }
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') => self.comment()?,
                Some(0x0B | 0x0C | 0x80..) if self.rare_blank() => {}
                _ => return Ok(()),
            }
        }
    }

    /// Blanks that JSON does not know and Azure's reader skips: no-break spaces, stray byte order marks, ….
    #[cold]
    fn rare_blank(&mut self) -> bool {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(letter) if letter.is_whitespace() || letter == '\u{FEFF}' => {
                self.at += letter.len_utf8();
                true
            }
            _ => false,
        }
    }

    #[cold]
    fn comment(&mut self) -> Result<(), Failure> {
        let (start, bytes) = (self.at, self.text.as_bytes());
        let end = match bytes.get(start + 1) {
            Some(b'/') => {
                let end = memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |length| start + length);
                self.at = end;
                end
            }
            Some(b'*') => match memmem::find(&bytes[start + 2..], b"*/") {
                Some(length) => {
                    self.at = start + 2 + length + 2;
                    self.at
                }
                None => {
                    self.at = bytes.len();
                    return Err(self.failure("this comment is never closed", start, start + 2));
                }
            },
            _ => return Err(self.failure("expected `//` or `/*`, found `/`", start, start + 1)),
        };
        self.comments.push(Comment { span: self.span(start, end) });
        Ok(())
    }

    /// Reads the string whose opening quote comes next. Raw line breaks and tabs belong to it, as in Azure's reader.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Arc<str>, Failure> {
        let (open, bytes) = (self.at, self.text.as_bytes());
        let start = open + 1;
        match memchr2(b'"', b'\\', &bytes[start..]) {
            Some(length) if bytes[start + length] == b'"' => {
                self.at = start + length + 1;
                self.last_string = (open, self.at);
                Ok(self.words.share(&self.text[start..start + length]))
            }
            Some(length) => self.escaped_string(open, start + length),
            None => Err(self.unterminated(open)),
        }
    }

    /// Reads on in a string from its first backslash, at `backslash`.
    fn escaped_string(&mut self, open: usize, mut backslash: usize) -> Result<Arc<str>, Failure> {
        let bytes = self.text.as_bytes();
        let mut decoded = String::new();
        let mut start = open + 1;
        loop {
            decoded.push_str(&self.text[start..backslash]);
            start = self.escape(backslash, &mut decoded)?;
            match memchr2(b'"', b'\\', &bytes[start..]) {
                Some(length) if bytes[start + length] == b'"' => {
                    decoded.push_str(&self.text[start..start + length]);
                    self.at = start + length + 1;
                    self.last_string = (open, self.at);
                    return Ok(self.words.share(&decoded));
                }
                Some(length) => backslash = start + length,
                None => return Err(self.unterminated(open)),
            }
        }
    }

    /// Decodes the escape at `backslash`; returns the byte after it.
    fn escape(&mut self, backslash: usize, decoded: &mut String) -> Result<usize, Failure> {
        let after = backslash + 2;
        decoded.push(match self.text.as_bytes().get(backslash + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(backslash, decoded),
            _ => {
                self.at = backslash;
                let letter = self.text[backslash + 1..].chars().next();
                let end = backslash + 1 + letter.map_or(0, char::len_utf8);
                let message = match letter {
                    Some(letter) if !letter.is_control() => {
                        format!("`\\{letter}` is not an escape of JSON; a backslash is written `\\\\`")
                    }
                    _ => "a backslash is written `\\\\` in JSON".to_owned(),
                };
                return Err(self.failure(message, backslash, end));
            }
        });
        Ok(after)
    }

    /// Decodes `\uXXXX`, with the second half of a surrogate pair when it follows; a lone half becomes U+FFFD.
    fn unicode_escape(&mut self, backslash: usize, decoded: &mut String) -> Result<usize, Failure> {
        let Some(first) = self.four_digits(backslash) else {
            self.at = backslash;
            let end = self.text[backslash + 2..]
                .char_indices()
                .find(|(_, letter)| !letter.is_ascii_hexdigit())
                .map_or(self.text.len(), |(length, _)| backslash + 2 + length);
            return Err(self.failure("`\\u` needs four hexadecimal digits", backslash, end.min(backslash + 6)));
        };
        let mut after = backslash + 6;
        let mut code = first;
        if (0xD800..0xDC00).contains(&first)
            && let Some(second @ 0xDC00..0xE000) = self.four_digits(after)
        {
            code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            after += 6;
        }
        decoded.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(after)
    }

    fn four_digits(&self, backslash: usize) -> Option<u32> {
        let escape = self.text.as_bytes().get(backslash..backslash + 6)?;
        let digits = escape.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |code, &digit| Some(code * 16 + char::from(digit).to_digit(16)?))
    }

    #[cold]
    fn unterminated(&mut self, open: usize) -> Failure {
        self.at = self.text.len();
        let end = open + self.text[open..].lines().next().map_or(1, |line| line.trim_end().len().max(1));
        self.failure("this string is never closed", open, end)
    }

    /// Reads the number that starts here, as written.
    pub(crate) fn number(&mut self) -> Result<Arc<str>, Failure> {
        let (start, bytes) = (self.at, self.text.as_bytes());
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let whole = start + usize::from(bytes[start] == b'-');
        let mut end = digits(whole);
        if end == whole {
            return Err(self.bad_number("a minus sign needs a digit after it"));
        }
        if bytes[whole] == b'0' && end > whole + 1 {
            return Err(self.bad_number("a number does not start with `0`"));
        }
        if bytes.get(end) == Some(&b'.') {
            let fraction = end + 1;
            end = digits(fraction);
            if end == fraction {
                return Err(self.bad_number("a decimal point needs a digit after it"));
            }
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            let exponent = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            end = digits(exponent);
            if end == exponent {
                return Err(self.bad_number("an exponent needs a digit"));
            }
        }
        if bytes.get(end).is_some_and(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')) {
            return Err(self.bad_number("this is not a number of JSON; text needs double quotes"));
        }
        self.at = end;
        Ok(self.words.share(&self.text[start..end]))
    }

    #[cold]
    fn bad_number(&self, message: &str) -> Failure {
        self.failure(message, self.at, self.word_end(self.at))
    }

    /// The byte after the bare word at `start`: up to a blank, quote, bracket or other mark of JSON.
    pub(crate) fn word_end(&self, start: usize) -> usize {
        let stops = |letter: char| letter.is_whitespace() || letter.is_control() || r#","'`:{}[]"#.contains(letter);
        self.text[start..].find(stops).map_or(self.text.len(), |length| start + length)
    }

    /// The end of the line `at` lies on, the line break excluded.
    pub(crate) fn line_end(&self, at: usize) -> usize {
        memchr(b'\n', &self.text.as_bytes()[at..]).map_or(self.text.len(), |length| at + length)
    }
}

/// Short texts met before. Keys and values of Azure JSON repeat; sharing one costs less than storing it again.
#[derive(Debug, Default)]
pub(crate) struct Words(Vec<Option<Arc<str>>>);

impl Words {
    const SLOTS: usize = 2048;
    const LONGEST: usize = 128;

    #[inline]
    fn share(&mut self, text: &str) -> Arc<str> {
        if text.len() > Self::LONGEST {
            return Arc::from(text);
        }
        if self.0.is_empty() {
            self.0.resize(Self::SLOTS, None);
        }
        let slot = &mut self.0[slot_of(text.as_bytes())];
        match slot {
            Some(word) if **word == *text => Arc::clone(word),
            _ => Arc::clone(slot.insert(Arc::from(text))),
        }
    }
}

/// A cheap hash of both ends and the length; a collision only costs a copy.
#[inline]
fn slot_of(bytes: &[u8]) -> usize {
    let ends = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(21),
        _ => bytes.iter().fold(0, |ends, &byte| ends << 8 | u64::from(byte)),
    };
    let mixed = (ends ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 48) as usize % Words::SLOTS
}
