//! The smallest parts of Bicep: blanks, comments, directives, names, numbers and signs, read byte by byte on demand.
//!
//! Of a string only the opening quote is a token; what stands inside is the work of `string`.

use memchr::{memchr2, memmem};

use crate::json::Comment;
use crate::source::{FileId, Span};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    End,
    /// A run of line ends, with the blanks, comments and directives between and after them.
    Newline,
    Name,
    Number,
    /// `'`
    Quote,
    /// `'''`, dollars before it included.
    Block,
    At,
    Comma,
    Colon,
    DoubleColon,
    Dot,
    Ellipsis,
    Question,
    DoubleQuestion,
    Assign,
    Arrow,
    Equals,
    EqualsInsensitive,
    Bang,
    NotEquals,
    NotEqualsInsensitive,
    Less,
    LessOrEquals,
    Greater,
    GreaterOrEquals,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    And,
    Or,
    Bar,
    Caret,
    OpenParenthesis,
    CloseParenthesis,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    /// A character that starts no token.
    Stray,
    /// A `/*` without its `*/`.
    OpenComment,
    /// A line end inside a hole of a single-line string.
    HoleNewline,
}

/// A token and its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A text and how far it has been read.
pub(crate) struct Scanner<'t> {
    pub(crate) file: FileId,
    pub(crate) text: &'t str,
    /// The next byte to read.
    pub(crate) at: usize,
    pub(crate) comments: Vec<Comment>,
    /// Whether a line end is an error: inside a hole of a single-line string.
    pub(crate) one_line: bool,
    /// The first line since this was last cleared that starts like a declaration, see [`starts_declaration`].
    pub(crate) restart: Option<usize>,
    /// Whether a `*/` was searched to the end in vain; a second search would make hostile texts slow.
    endless_comment: bool,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(file: FileId, text: &'t str) -> Self {
        let comments = Vec::new();
        Self { file, text, at: 0, comments, one_line: false, restart: None, endless_comment: false }
    }

    fn byte(&self, offset: usize) -> u8 {
        self.text.as_bytes().get(self.at + offset).copied().unwrap_or(0)
    }

    /// The byte after the blanks that follow, 0 at the end.
    pub(crate) fn next_byte(&self) -> u8 {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        rest.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(0)
    }

    /// Whether the next line is one that [`Scanner::restart`] has noted, and cannot lie inside a body.
    pub(crate) fn stands_at_restart(&self) -> bool {
        self.restart == Some(self.at) && self.byte(0) != b'@' && !self.text[self.at..].starts_with("resource")
    }

    /// Reads the next token.
    pub(crate) fn next(&mut self) -> Token {
        if let Some(start) = self.blanks() {
            if !self.one_line {
                return Token { kind: Kind::Newline, start, end: self.at };
            }
            self.at = start;
            return Token { kind: Kind::HoleNewline, start, end: start };
        }
        let start = self.at;
        let Some(&byte) = self.text.as_bytes().get(start) else {
            return Token { kind: Kind::End, start, end: start };
        };
        let kind = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.run(Kind::Name, |byte| NAME_BYTES[usize::from(byte)]),
            b'0'..=b'9' => self.run(Kind::Number, |byte| byte.is_ascii_digit()),
            b'\'' if self.byte(1) == b'\'' && self.byte(2) == b'\'' => self.take(3, Kind::Block),
            b'\'' => self.take(1, Kind::Quote),
            b'$' => self.dollars(),
            _ => self.sign(byte),
        };
        Token { kind, start, end: self.at }
    }

    fn take(&mut self, bytes: usize, kind: Kind) -> Kind {
        self.at += bytes;
        kind
    }

    fn run(&mut self, kind: Kind, belongs: impl Fn(u8) -> bool) -> Kind {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|&byte| !belongs(byte)).unwrap_or(rest.len());
        kind
    }

    fn dollars(&mut self) -> Kind {
        let rest = &self.text[self.at..];
        let run = rest.len() - rest.trim_start_matches('$').len();
        if rest[run..].starts_with("'''") { self.take(run + 3, Kind::Block) } else { self.take(run, Kind::Stray) }
    }

    fn sign(&mut self, byte: u8) -> Kind {
        let (kind, length) = match (byte, self.byte(1)) {
            (b':', b':') => (Kind::DoubleColon, 2),
            (b'.', b'.') if self.byte(2) == b'.' => (Kind::Ellipsis, 3),
            (b'?', b'?') => (Kind::DoubleQuestion, 2),
            (b'=', b'=') => (Kind::Equals, 2),
            (b'=', b'~') => (Kind::EqualsInsensitive, 2),
            (b'=', b'>') => (Kind::Arrow, 2),
            (b'!', b'=') => (Kind::NotEquals, 2),
            (b'!', b'~') => (Kind::NotEqualsInsensitive, 2),
            (b'<', b'=') => (Kind::LessOrEquals, 2),
            (b'>', b'=') => (Kind::GreaterOrEquals, 2),
            (b'&', b'&') => (Kind::And, 2),
            (b'|', b'|') => (Kind::Or, 2),
            (b'/', b'*') => (Kind::OpenComment, 2),
            _ => (single(byte), 1),
        };
        if kind == Kind::Stray {
            let length = self.text[self.at..].chars().next().map_or(1, char::len_utf8);
            return self.take(length, Kind::Stray);
        }
        self.take(length, kind)
    }

    /// Passes blanks, line ends, comments and directives; gives the first line end.
    fn blanks(&mut self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut newline = None;
        let mut line = None;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                // Most lines are indented.
                b' ' | b'\t' => {
                    let rest = &bytes[self.at..];
                    self.at += rest.iter().position(|&byte| byte != b' ' && byte != b'\t').unwrap_or(rest.len());
                }
                b'\n' | b'\r' => {
                    newline = newline.or(Some(self.at));
                    self.at += 1;
                    line = Some(self.at);
                }
                b'/' if self.comment() => {}
                b'#' if self.directive() => {}
                0x0b | 0x0c => self.at += 1,
                _ => break,
            }
        }
        if line == Some(self.at) && self.restart.is_none() && starts_declaration(&self.text[self.at..]) {
            self.restart = line;
        }
        newline
    }

    fn comment(&mut self) -> bool {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let length = match rest.get(1) {
            Some(b'/') => memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()),
            Some(b'*') if !self.endless_comment => {
                let Some(end) = memmem::find(&rest[2..], b"*/") else {
                    self.endless_comment = true;
                    return false;
                };
                end + 4
            }
            _ => return false,
        };
        self.at += length;
        let span = Span::new(self.file, start, self.at);
        // A place that is read a second time, after looking ahead or an error, gives no second comment.
        if self.comments.last().is_none_or(|last| last.span.end <= span.start) {
            self.comments.push(Comment { span });
        }
        true
    }

    /// Passes `#disable-next-line` and its kin with their codes; any other byte ends them.
    fn directive(&mut self) -> bool {
        let before = self.text[..self.at].trim_end_matches([' ', '\t']);
        if !(before.is_empty() || before.ends_with(['\n', '\r'])) {
            return false;
        }
        let rest = &self.text[self.at + 1..];
        let words = ["disable-next-line", "disable-diagnostics", "restore-diagnostics"];
        let Some(word) = words.into_iter().find(|word| rest.starts_with(word)) else { return false };
        let codes = &rest[word.len()..];
        if codes.starts_with(is_code) {
            return false;
        }
        let end = codes.trim_start_matches(|letter| matches!(letter, ' ' | '\t') || is_code(letter));
        self.at = self.text.len() - end.len();
        true
    }
}

fn single(byte: u8) -> Kind {
    match byte {
        b'@' => Kind::At,
        b',' => Kind::Comma,
        b':' => Kind::Colon,
        b'.' => Kind::Dot,
        b'?' => Kind::Question,
        b'=' => Kind::Assign,
        b'!' => Kind::Bang,
        b'<' => Kind::Less,
        b'>' => Kind::Greater,
        b'+' => Kind::Plus,
        b'-' => Kind::Minus,
        b'*' => Kind::Star,
        b'/' => Kind::Slash,
        b'%' => Kind::Percent,
        b'|' => Kind::Bar,
        b'^' => Kind::Caret,
        b'(' => Kind::OpenParenthesis,
        b')' => Kind::CloseParenthesis,
        b'[' => Kind::OpenBracket,
        b']' => Kind::CloseBracket,
        b'{' => Kind::OpenBrace,
        b'}' => Kind::CloseBrace,
        _ => Kind::Stray,
    }
}

/// The bytes that can stand inside a name.
const NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte == b'_' as usize;
        byte += 1;
    }
    table
};

/// Whether a byte can start a name.
pub(crate) fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_code(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')
}

/// Whether a line starts like a declaration: with `@`, or with a declaration word and what must follow it. No line
/// inside a body starts so in its first column, but for the decorators and resources of one written without indents.
fn starts_declaration(line: &str) -> bool {
    if line.starts_with('@') {
        return true;
    }
    let bytes = line.as_bytes();
    let word = bytes.iter().take(16).position(|&byte| !byte.is_ascii_alphabetic()).unwrap_or(0);
    let blanks = bytes[word..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = &bytes[word + blanks..];
    let next = rest.first().copied().unwrap_or(0);
    let name = blanks > 0 && starts_name(next);
    match &bytes[..word] {
        b"param" | b"var" | b"resource" | b"module" | b"output" | b"type" | b"func" | b"metadata" | b"assert"
        | b"test" | b"extensionConfig" => name,
        b"targetScope" => next == b'=' && !matches!(rest, [b'=', b'=' | b'~', ..]),
        b"import" => matches!(next, b'{' | b'*' | b'\''),
        b"using" | b"extends" | b"extension" | b"provider" => next == b'\'' || name,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::bicep::scan::{Kind, Scanner, starts_declaration};
    use crate::bicep::shape::{clean, error, tree};
    use crate::source::FileId;

    fn kinds(text: &str) -> Vec<Kind> {
        let mut scanner = Scanner::new(FileId(0), text);
        std::iter::from_fn(|| Some(scanner.next().kind).filter(|&kind| kind != Kind::End)).collect()
    }

    fn comments(text: &str) -> Vec<&str> {
        tree(text).comments.iter().map(|comment| &text[comment.span.range()]).collect()
    }

    #[test]
    fn a_run_of_line_ends_is_one_token() {
        assert_eq!(kinds("a\n\r\n \t\r// b\n/* c\n */ d"), [Kind::Name, Kind::Newline, Kind::Name]);
        assert_eq!(kinds("a /* \n */ b"), [Kind::Name, Kind::Name]);
    }

    #[test]
    fn the_longest_sign_wins() {
        assert_eq!(kinds("???"), [Kind::DoubleQuestion, Kind::Question]);
        assert_eq!(kinds("!=="), [Kind::NotEquals, Kind::Assign]);
        assert_eq!(kinds("..."), [Kind::Ellipsis]);
        assert_eq!(kinds("..:::"), [Kind::Dot, Kind::Dot, Kind::DoubleColon, Kind::Colon]);
        assert_eq!(
            kinds("=>=~==<>=&&|"),
            [
                Kind::Arrow,
                Kind::EqualsInsensitive,
                Kind::Equals,
                Kind::Less,
                Kind::GreaterOrEquals,
                Kind::And,
                Kind::Bar
            ]
        );
    }

    #[test]
    fn comments_are_kept_without_their_line_ends() {
        let text = "// a\r\nvar x = 1 // b\n/* c\n*/ var y = '// d' // e";
        assert_eq!(comments(text), ["// a", "// b", "/* c\n*/", "// e"]);
        assert_eq!(comments("var x = f((a, /* b */ c) => a)"), ["/* b */"]);
        assert_eq!(comments("var x = [\n// a\nvar y = 1\n)\n// b\nvar z = 2"), ["// a", "// b"]);
    }

    #[test]
    fn directives_are_no_comments() {
        let text = "#disable-next-line BCP035 no-x // why\nvar x = [\n  #disable-diagnostics a\n  1\n  #restore-diagnostics a\n]";
        clean(text);
        assert_eq!(comments(text), ["// why"]);
        clean("#disable-next-line\n\nvar x = 1\n#disable-next-line a");
    }

    #[test]
    fn a_directive_ends_at_what_is_no_code() {
        assert_eq!(error("#disable-next-line nsg/x\nvar x = 1").1, "/");
        assert_eq!(error("var x = 1 #disable-next-line a").1, "#");
        assert_eq!(error("#disable-next-lines a").1, "#");
    }

    #[test]
    fn an_open_comment_is_shown_and_ends_with_its_line() {
        let tree = tree("var x = 1\n/* a\nvar y = 2 /*\nvar z = 3");
        let places: Vec<_> = tree.errors.iter().map(|error| error.span.start).collect();
        assert_eq!((places, tree.declarations.len()), (vec![10, 25], 2));
    }

    #[test]
    fn characters_without_meaning_are_shown_whole() {
        assert_eq!(error("var x = é"), ("`é` has no meaning here".to_owned(), "é"));
        assert_eq!(error("var x = \"a\"").0, "strings stand in single quotes");
        assert_eq!(error("var x = a & b").1, "&");
    }

    #[test]
    fn a_declaration_is_known_by_its_first_words() {
        for line in ["@a", "param a", "var\ta", "import {", "import * as", "using none", "using 'a'", "targetScope = "]
        {
            assert!(starts_declaration(line), "{line}");
        }
        for line in ["", "param: 1", "param", "variable a", "type = 1", "import", "targetScope == 1", "using", "using:"]
        {
            assert!(!starts_declaration(line), "{line}");
        }
    }
}
