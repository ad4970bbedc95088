//! The state of reading one file: the token at hand, the depth, and the words of errors.

use std::sync::Arc;

use crate::bicep::scan::{Kind, Scanner, Token};
use crate::bicep::tree::Name;
use crate::json::SyntaxError;
use crate::source::{FileId, Span};

/// A boxed error keeps the results on the way up small.
pub(crate) type Failure = Box<SyntaxError>;

/// What was read, or why not.
pub(crate) type Read<T> = Result<T, Failure>;

/// How deep a tree may be; those who walk it recurse.
const DEEPEST: usize = 256;

/// A text, the token at hand and what is known of the declaration that is being read.
pub(crate) struct Reader<'t> {
    pub(crate) scan: Scanner<'t>,
    pub(crate) token: Token,
    /// The end of the last token passed that was no line end.
    pub(crate) last_end: usize,
    pub(crate) names: Names,
    /// The names that the declaration brings, as far as they are read.
    pub(crate) declared: Vec<Name>,
    /// Used by `string` to decode.
    pub(crate) buffer: String,
    depth: usize,
    /// The greatest depth of what has been read of the tree at hand.
    deepest: usize,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(file: FileId, text: &'t str) -> Self {
        let mut scan = Scanner::new(file, text);
        let token = scan.next();
        let (names, declared, buffer) = (Names::new(), Vec::new(), String::new());
        Self { scan, token, last_end: 0, names, declared, buffer, depth: 0, deepest: 0 }
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.scan.file, start, end)
    }

    /// From a place to the end of the last token passed.
    pub(crate) fn span_from(&self, start: usize) -> Span {
        self.span(start, self.last_end)
    }

    pub(crate) fn slice(&self, token: Token) -> &'t str {
        self.scan.text.get(token.start..token.end).unwrap_or("")
    }

    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.token.kind == kind
    }

    /// Whether the token at hand is this name.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.is(Kind::Name) && self.slice(self.token) == word
    }

    /// Passes the token at hand.
    pub(crate) fn advance(&mut self) -> Token {
        let passed = self.token;
        if passed.kind != Kind::Newline {
            self.last_end = passed.end;
        }
        self.token = self.scan.next();
        passed
    }

    /// Passes the token at hand if it is of this kind.
    pub(crate) fn passes(&mut self, kind: Kind) -> bool {
        let found = self.is(kind);
        if found {
            self.advance();
        }
        found
    }

    /// Passes line ends, but not into a line that starts a declaration.
    pub(crate) fn newlines(&mut self) {
        if self.is(Kind::Newline) && !self.scan.stands_at_restart() {
            self.advance();
        }
    }

    /// Passes line ends where the next line goes on with this sign.
    pub(crate) fn newline_before(&mut self, sign: u8) {
        let next = self.scan.text.as_bytes().get(self.scan.at..).unwrap_or_default();
        if self.is(Kind::Newline) && next.first() == Some(&sign) && next.get(1) != Some(&sign) {
            self.advance();
        }
    }

    pub(crate) fn expect(&mut self, kind: Kind, what: &str) -> Read<Token> {
        if self.is(kind) { Ok(self.advance()) } else { Err(self.expected(what)) }
    }

    /// Passes a closing bracket, line ends before it included.
    pub(crate) fn close(&mut self, kind: Kind, what: &str, opening: Token) -> Read<Token> {
        self.newlines();
        if self.is(kind) { Ok(self.advance()) } else { Err(self.expected_inside(what, opening)) }
    }

    pub(crate) fn expect_word(&mut self, word: &str) -> Read<Token> {
        if self.is_word(word) { Ok(self.advance()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    /// Reads a name; `what` says whose.
    pub(crate) fn name(&mut self, what: &str) -> Read<Name> {
        let token = self.expect(Kind::Name, what)?;
        Ok(Name { text: self.names.get(self.slice(token)), span: self.span(token.start, token.end) })
    }

    /// Between two elements in brackets: line ends, one comma, or both. False before the closing bracket.
    pub(crate) fn separator(&mut self, closing: Kind, what: &str, opening: Token) -> Read<bool> {
        let before = self.token.start;
        self.newlines();
        if self.passes(Kind::Comma) {
            self.newlines();
        }
        if self.is(closing) {
            return Ok(false);
        }
        if self.token.start == before || matches!(self.token.kind, Kind::End | Kind::Newline) {
            return Err(self.expected_inside(what, opening));
        }
        Ok(true)
    }

    /// An error at the token at hand: what should stand there instead.
    pub(crate) fn expected(&self, what: &str) -> Failure {
        let Token { kind, start, end } = self.token;
        let message = match kind {
            Kind::Stray if self.slice(self.token).starts_with('"') => "strings stand in single quotes".to_owned(),
            Kind::Stray => format!("`{}` has no meaning here", self.slice(self.token)),
            Kind::OpenComment => "`*/` is missing: this comment is never closed".to_owned(),
            Kind::HoleNewline => "`}` is expected here: `${…}` ends on its line".to_owned(),
            _ => format!("{what} is expected here"),
        };
        let end = if kind == Kind::Newline { start } else { end };
        self.failure(message, start, end)
    }

    /// As [`Reader::expected`], with the bracket that is still open.
    pub(crate) fn expected_inside(&self, what: &str, opening: Token) -> Failure {
        let mut failure = self.expected(what);
        let opened = format!("`{}` is opened here", self.slice(opening));
        failure.related = Some((self.span(opening.start, opening.end), opened));
        failure
    }

    pub(crate) fn failure(&self, message: impl Into<String>, start: usize, end: usize) -> Failure {
        Box::new(SyntaxError { message: message.into(), span: self.span(start, end), related: None })
    }

    /// Makes ready for the next declaration.
    pub(crate) fn reset(&mut self) {
        (self.depth, self.deepest) = (0, 0);
        self.scan.one_line = false;
        self.declared.clear();
    }

    /// Goes one level down; what it gives belongs to [`Reader::leave`].
    pub(crate) fn enter(&mut self) -> Read<usize> {
        self.depth += 1;
        self.check(self.depth)?;
        Ok(self.measure())
    }

    pub(crate) fn leave(&mut self, outer: usize) {
        self.depth -= 1;
        self.measured(outer);
    }

    /// Starts to measure how deep a tree is that may get a node on top; ended by [`Reader::measured`].
    pub(crate) fn measure(&mut self) -> usize {
        std::mem::replace(&mut self.deepest, self.depth)
    }

    pub(crate) fn measured(&mut self, outer: usize) {
        self.deepest = self.deepest.max(outer);
    }

    /// Puts a node on top of the tree that is being measured: `a.b.c` and `a + b + c` are deep, too.
    pub(crate) fn wrap(&mut self) -> Read<()> {
        self.deepest += 1;
        self.check(self.deepest)
    }

    fn check(&self, depth: usize) -> Read<()> {
        if depth <= DEEPEST {
            return Ok(());
        }
        let message = format!("this is nested more than {DEEPEST} levels deep");
        Err(self.failure(message, self.token.start, self.token.end))
    }
}

/// The short texts of a file, so that a name written many times is held once. Keeps the latest of each slot only.
pub(crate) struct Names {
    slots: Vec<Option<Arc<str>>>,
}

const SLOTS: usize = 512;

impl Names {
    fn new() -> Self {
        Self { slots: vec![None; SLOTS] }
    }

    /// The text, shared with earlier ones where it is short.
    pub(crate) fn get(&mut self, text: &str) -> Arc<str> {
        if text.len() > 64 {
            return Arc::from(text);
        }
        let slot = &mut self.slots[slot(text.as_bytes())];
        match slot {
            Some(known) if **known == *text => Arc::clone(known),
            _ => {
                let fresh: Arc<str> = Arc::from(text);
                *slot = Some(Arc::clone(&fresh));
                fresh
            }
        }
    }
}

fn slot(text: &[u8]) -> usize {
    let word = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
    let (first, last) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (word(text), text.len() as u64),
    };
    let mixed = (first ^ last.rotate_left(23) ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 55) as usize
}
