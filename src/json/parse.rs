//! Text to [`Node`]: JSON as Azure's tools really write it, with a span for every key and value.
//!
//! Decoding bytes to text is the work of `input`.

use std::sync::Arc;

use memchr::memchr2;

use crate::json::complaint;
use crate::json::equal;
use crate::json::node::{Member, Node, Number, Value};
use crate::json::scan::{Comment, Failure, Scanner, SyntaxError, Words};
use crate::source::{FileId, Span};

/// Brackets inside each other beyond this number are refused, so that no later walk overflows its stack.
const DEPTH: usize = 256;

/// One parsed text.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its value.
    pub root: Node,
    /// Its comments, in the order written.
    pub comments: Vec<Comment>,
    /// Keys that one object holds more than once (compared without case), in the order of their objects' ends.
    pub duplicates: Vec<Duplicate>,
}

/// A key written twice in one object.
#[derive(Clone, Debug)]
pub struct Duplicate {
    /// The key as written the second time.
    pub key: Arc<str>,
    /// The earlier key, which Azure ignores.
    pub first: Span,
    /// The later key, which counts.
    pub second: Span,
    /// Whether their values differ.
    pub differs: bool,
}

/// Parses one text; see [`Parser::parse`].
///
/// # Errors
/// The first place that cannot be read.
pub fn parse(file: FileId, text: &str) -> Result<Document, SyntaxError> {
    Parser::default().parse(file, text)
}

/// Parses texts one after another, and keeps its buffers and the words it met from one to the next.
#[derive(Debug)]
pub struct Parser {
    words: Words,
    items: Vec<Node>,
    members: Vec<Member>,
    /// How many bytes of memory the values of one text may take.
    most: usize,
    is_full: bool,
}

impl Default for Parser {
    fn default() -> Self {
        Self::within(usize::MAX)
    }
}

impl Parser {
    /// A parser of texts whose values take at most about so many bytes of memory.
    pub fn within(most: usize) -> Self {
        Self { words: Words::default(), items: Vec::new(), members: Vec::new(), most, is_full: false }
    }

    /// How many bytes of memory the values of a text may take.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Whether the last text was given up because its values take too much memory.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Parses one text.
    ///
    /// Accepts every JSON text up to 256 brackets deep, and what Azure's tools add to it: comments, trailing commas, raw
    /// line breaks in strings, a byte order mark, and lines of a command line before or after the document.
    ///
    /// # Errors
    /// The first place that cannot be read.
    pub fn parse(&mut self, file: FileId, text: &str) -> Result<Document, SyntaxError> {
        if u32::try_from(text.len()).is_err() {
            let message = "the file is larger than 4 GiB".to_owned();
            return Err(SyntaxError { message, span: Span::new(file, 0, 0), related: None });
        }
        match self.attempt(file, text, 0) {
            Ok(document) => Ok(document),
            Err(first) => self.find_document(file, text, first).map_err(|failure| *failure),
        }
    }

    fn attempt(&mut self, file: FileId, text: &str, at: usize) -> Result<Document, Attempt> {
        let mut reader = Reader {
            scanner: Scanner::new(file, text, at, std::mem::take(&mut self.words)),
            left: self.most,
            duplicates: Vec::new(),
            items: std::mem::take(&mut self.items),
            members: std::mem::take(&mut self.members),
            no_items: Arc::default(),
            no_members: Arc::default(),
        };
        let mut start = at;
        let result = reader.document(&mut start);
        let reached = reader.scanner.at;
        self.is_full = reader.left == 0;
        self.words = reader.scanner.words;
        self.items = emptied(reader.items);
        self.members = emptied(reader.members);
        result.map_err(|failure| Attempt { failure, start, reached })
    }

    /// Reads the document behind lines of a command line. `first` is the failed attempt to read the text from its start.
    ///
    /// A try that gets past its line is final, so the work stays linear in the text.
    fn find_document(&mut self, file: FileId, text: &str, first: Attempt) -> Result<Document, Failure> {
        let mut next = text[..first.start].rfind(['\n', '\r']).map_or(0, |before| before + 1);
        if self.is_full || matches!(line(text, first.start).0, Line::Opens) {
            return Err(first.failure);
        }
        while next < text.len() {
            let (kind, content, after) = line(text, next);
            match kind {
                Line::Noise => {}
                Line::Piece => break,
                Line::MayOpen if content == first.start && first.reached < after => {}
                Line::MayOpen if content == first.start => break,
                Line::Opens | Line::MayOpen => match self.attempt(file, text, content) {
                    Err(attempt) if kind == Line::MayOpen && attempt.reached < after => {}
                    result => return result.map_err(|attempt| attempt.failure),
                },
            }
            next = after;
        }
        Err(first.failure)
    }
}

/// A buffer for the next text. One that a huge text has blown up is let go.
fn emptied<T>(mut buffer: Vec<T>) -> Vec<T> {
    const KEPT: usize = 4096;
    buffer.clear();
    buffer.shrink_to(KEPT);
    buffer
}

/// A text that could not be read from some start on.
struct Attempt {
    failure: Failure,
    /// Where its first value starts.
    start: usize,
    /// How far the reader came.
    reached: usize,
}

struct Reader<'t> {
    scanner: Scanner<'t>,
    /// How many bytes of memory may still be taken; 0 when a value would have taken more.
    left: usize,
    duplicates: Vec<Duplicate>,
    /// Elements of the arrays that are still open; each array takes its own when it closes.
    items: Vec<Node>,
    /// Members of the objects that are still open, likewise.
    members: Vec<Member>,
    /// What all empty arrays share.
    no_items: Arc<Vec<Node>>,
    /// What all empty objects share.
    no_members: Arc<Vec<Member>>,
}

impl Reader<'_> {
    fn document(&mut self, start: &mut usize) -> Result<Document, Failure> {
        self.scanner.skip_blanks()?;
        *start = self.scanner.at;
        if self.scanner.peek().is_none() {
            return Err(complaint::nothing_there(&self.scanner));
        }
        let root = self.value(None)?;
        let end = self.scanner.at;
        let root = Node::new(root, self.scanner.span(*start, end));
        let trailing = self.scanner.skip_blanks();
        if self.scanner.peek().is_some() {
            let follows = (root.is_object() || root.is_list()) && may_follow(self.scanner.text, end, self.scanner.at);
            if !follows {
                trailing?;
                return Err(complaint::more_text(&self.scanner, (*start, end)));
            }
        } else {
            trailing?;
        }
        let comments = std::mem::take(&mut self.scanner.comments);
        Ok(Document { root, comments, duplicates: std::mem::take(&mut self.duplicates) })
    }

    /// Reads the value that starts at the next byte. `key` is the key it belongs to.
    fn value(&mut self, key: Option<(usize, usize)>) -> Result<Value, Failure> {
        match self.scanner.peek() {
            Some(b'"') => self.scanner.string().map(Value::Text),
            Some(b'{') => self.object(),
            Some(b'[') => self.list(),
            Some(b'-' | b'0'..=b'9') => self.scanner.number().map(|digits| Value::Number(Number::new(digits))),
            Some(b't') => self.word("true", Value::Bool(true), key),
            Some(b'f') => self.word("false", Value::Bool(false), key),
            Some(b'n') => self.word("null", Value::Null, key),
            _ => Err(complaint::no_value(&self.scanner, key)),
        }
    }

    fn word(&mut self, word: &str, value: Value, key: Option<(usize, usize)>) -> Result<Value, Failure> {
        let end = self.scanner.at + word.len();
        let bytes = self.scanner.text.as_bytes();
        let whole = !bytes.get(end).is_some_and(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | 0x80..));
        if !whole || bytes.get(self.scanner.at..end) != Some(word.as_bytes()) {
            return Err(complaint::no_value(&self.scanner, key));
        }
        self.scanner.at = end;
        Ok(value)
    }

    fn open(&mut self) -> Result<(), Failure> {
        if self.scanner.opened.len() == DEPTH {
            return Err(complaint::too_deep(&self.scanner, DEPTH));
        }
        self.scanner.opened.push(self.scanner.at);
        self.scanner.at += 1;
        self.scanner.skip_blanks()
    }

    /// Steps over a comma and blanks; `false` when `close` ends the bracket instead.
    fn more(&mut self, close: u8) -> Result<bool, Failure> {
        self.scanner.skip_blanks()?;
        match self.scanner.peek() {
            Some(b',') => {
                self.scanner.at += 1;
                self.scanner.skip_blanks()?;
                Ok(self.scanner.peek() != Some(close))
            }
            Some(byte) if byte == close => Ok(false),
            _ => Err(complaint::no_comma(&self.scanner)),
        }
    }

    fn close(&mut self) {
        self.scanner.at += 1;
        self.scanner.opened.pop();
    }

    /// Counts the memory of a value and of what holds it. Words that are shared count each time.
    #[inline]
    fn spend(&mut self, holder: usize, value: &Value) -> Result<(), Failure> {
        const COUNTERS: usize = 2 * size_of::<usize>();
        let own = match value {
            Value::Text(text) => COUNTERS + text.len(),
            Value::List(_) | Value::Object(_) => COUNTERS + size_of::<Vec<Node>>(),
            _ => 0,
        };
        match self.left.checked_sub(holder + own).filter(|left| *left > 0) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(self.scanner.failure("the values of this text take too much memory", 0, 1))
            }
        }
    }

    fn list(&mut self) -> Result<Value, Failure> {
        self.open()?;
        let first = self.items.len();
        if self.scanner.peek() == Some(b']') {
            self.close();
            return Ok(Value::List(Arc::clone(&self.no_items)));
        }
        loop {
            let start = self.scanner.at;
            let value = self.value(None)?;
            self.spend(size_of::<Node>(), &value)?;
            self.items.push(Node::new(value, self.scanner.span(start, self.scanner.at)));
            if !self.more(b']')? {
                break;
            }
        }
        self.close();
        Ok(Value::List(Arc::new(self.items.split_off(first))))
    }

    fn object(&mut self) -> Result<Value, Failure> {
        self.open()?;
        let first = self.members.len();
        if self.scanner.peek() == Some(b'}') {
            self.close();
            return Ok(Value::Object(Arc::clone(&self.no_members)));
        }
        loop {
            let key_start = self.scanner.at;
            let key = self.key()?;
            let key_end = self.scanner.at;
            self.colon((key_start, key_end))?;
            let start = self.scanner.at;
            let value = self.value(Some((key_start, key_end)))?;
            self.spend(size_of::<Member>(), &value)?;
            self.members.push(Member {
                key,
                key_span: self.scanner.span(key_start, key_end),
                node: Node::new(value, self.scanner.span(start, self.scanner.at)),
            });
            if !self.more(b'}')? {
                break;
            }
        }
        self.close();
        let members = self.members.split_off(first);
        equal::each_repeated(&members, |first, second| {
            let differs = members[first].node != second.node;
            let (key, first, second) = (Arc::clone(&second.key), members[first].key_span, second.key_span);
            self.duplicates.push(Duplicate { key, first, second, differs });
        });
        Ok(Value::Object(Arc::new(members)))
    }

    fn key(&mut self) -> Result<Arc<str>, Failure> {
        if self.scanner.peek() != Some(b'"') {
            return Err(complaint::no_key(&self.scanner));
        }
        self.scanner.string()
    }

    /// Steps over the colon after a key, and the blanks around it.
    fn colon(&mut self, key: (usize, usize)) -> Result<(), Failure> {
        self.scanner.skip_blanks()?;
        if self.scanner.peek() != Some(b':') {
            return Err(complaint::no_colon(&self.scanner, key));
        }
        self.scanner.at += 1;
        self.scanner.skip_blanks()
    }
}

/// What one line before the document looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
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
fn line(text: &str, start: usize) -> (Line, usize, usize) {
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
fn may_follow(text: &str, end: usize, rest: usize) -> bool {
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

#[cfg(test)]
mod tests {
    use super::{Parser, parse};
    use crate::json::{Document, Node, Value};
    use crate::source::FileId;

    fn read(text: &str) -> Document {
        parse(FileId(0), text).unwrap_or_else(|error| panic!("{error:?} in {text}"))
    }

    /// Message, the characters pointed at, and the characters of the related place.
    fn wrong(text: &str) -> (String, &str, &str) {
        let error = parse(FileId(0), text).expect_err(text);
        let related = error.related.as_ref().map_or("", |(span, _)| &text[span.range()]);
        (error.message, &text[error.span.range()], related)
    }

    #[test]
    fn values_that_take_too_much_memory_are_given_up() {
        let text = format!("[{}1]", "[], ".repeat(1_000));
        let mut parser = Parser::within(100 << 10);
        assert!(parser.parse(FileId(0), &text).is_ok() && !parser.is_full());
        let mut parser = Parser::within(10 << 10);
        assert!(parser.parse(FileId(0), &text).is_err() && parser.is_full());
        assert!(parser.parse(FileId(0), "[1").is_err() && !parser.is_full(), "what follows is read anew");
    }

    #[test]
    fn every_key_and_value_has_its_place() {
        let text = r#" {"a": [1, "b\n"], "c" : {} } "#;
        let root = read(text).root;
        assert_eq!(&text[root.span.range()], r#"{"a": [1, "b\n"], "c" : {} }"#);
        assert_eq!(&text[root.member("c").unwrap().key_span.range()], r#""c""#);
        assert_eq!(&text[root.get("a").unwrap().items()[1].span.range()], r#""b\n""#);
        assert_eq!(&text[root.get("a").unwrap().items()[1].inner_span().range()], r"b\n");
    }

    #[test]
    fn comments_are_collected() {
        let text = "// one\r\n{ /* two */ \"a\": 1, // three\n }";
        let document = read(text);
        let comments: Vec<_> = document.comments.iter().map(|comment| &text[comment.span.range()]).collect();
        assert_eq!(comments, ["// one", "/* two */", "// three"]);
    }

    #[test]
    fn trailing_commas_and_raw_line_breaks_are_read() {
        let root = read("{\"a\": [1, 2,],\n \"b\": \"x\n\ty\", }").root;
        assert_eq!(root.get("a").unwrap().items().len(), 2);
        assert_eq!(root.get("b").unwrap().text(), Some("x\n\ty"));
    }

    #[test]
    fn a_byte_order_mark_and_odd_blanks_are_skipped() {
        assert_eq!(read("\u{FEFF}{\u{A0}\"a\":\u{C}1}").root.span.start, 3);
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        assert_eq!(read(r#""\ud83d\ude00 \ud83d \ude00\ud83dx""#).root.text(), Some("😀 \u{FFFD} \u{FFFD}\u{FFFD}x"));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let root = read("[1e999, 1234567890123456789012345678901234567890, -0.50]").root;
        let digits: Vec<_> = root
            .items()
            .iter()
            .map(|item| match &item.value {
                Value::Number(number) => number.as_str(),
                _ => "",
            })
            .collect();
        assert_eq!(digits, ["1e999", "1234567890123456789012345678901234567890", "-0.50"]);
    }

    #[test]
    fn equal_keys_are_kept_and_noted_without_case() {
        let text = r#"{"name": 1, "x": 0, "Name": 2, "NAME": 3}"#;
        let document = read(text);
        assert!(document.duplicates.iter().all(|pair| pair.differs));
        assert!(!read(r#"{"a": {"b": ["X"]}, "A": {"B": ["x"]}}"#).duplicates[0].differs);
        let pairs: Vec<_> =
            document.duplicates.iter().map(|pair| (&text[pair.first.range()], &text[pair.second.range()])).collect();
        assert_eq!(pairs, [(r#""name""#, r#""Name""#), (r#""Name""#, r#""NAME""#)]);
        assert_eq!(document.root.members().len(), 4);
        assert!(matches!(&document.root.get("name").unwrap().value, Value::Number(three) if three.as_i64() == Some(3)));
    }

    #[test]
    fn equal_keys_of_a_large_object_are_noted_too() {
        let members: Vec<String> = (0..50_000).map(|index| format!("\"key{}\": 0", index % 40_000)).collect();
        assert_eq!(read(&format!("{{{}}}", members.join(","))).duplicates.len(), 10_000);
    }

    #[test]
    fn nesting_ends_in_an_error_not_in_an_overflow() {
        let lists = "[".repeat(100_000);
        let (message, at, _) = wrong(&lists);
        assert_eq!((message.as_str(), at), ("more than 256 brackets inside each other", "["));
        wrong(&"{\"a\":".repeat(100_000));
        let deep = format!("{}{}", "[".repeat(256), "]".repeat(256));
        assert!(read(&deep).root.is_list());
    }

    #[test]
    fn lines_of_a_command_line_around_the_document_are_skipped() {
        for text in [
            "WARNING: The command is in preview.\nWARNING: [x]\n{\"a\": 1}",
            "[INFO] reading\n[12:01:02] {x}\n[1] 4711\r\n  {\"a\": 1}\r\n",
            " - Running ..\r | Running ..\r\r{\"a\": 1}\n",
            "PS C:\\> az network nsg show -n x\n\n{\"a\": 1\n}PS C:\\> ",
            "\u{1b}[33mWARNING: old\u{1b}[0m\n\u{1b}[0m{\"a\": 1}\n\u{1b}[0m",
            "{\"a\": 1}\nWARNING: done\n2026-01-01 12:00 bye\n",
            "{\n\"a\": 1\n}\n[me@host ~]$ exit\n",
        ] {
            let root = read(text).root;
            assert!(root.get("a").is_some(), "{text}");
            assert!(text[root.span.range()].starts_with('{'));
        }
    }

    #[test]
    fn a_piece_of_a_broken_document_is_never_taken_for_the_whole() {
        for text in [
            "[\n{\"a\": 1},\n{\"b\": 2}\n{\"c\": 3}]",
            "/* x */ [\n{\"a\": 1}\n{\"b\": 2}]",
            "module.exports = [\n{\"a\": 1}\n",
            "{\"a\": 1 \"b\": 2}\n{\"c\": 3}",
            "{\"a\": 1}\n{\"b\": 2}",
            "{\"a\": 1}\nWARNING: x\n{\"b\": 2}",
            "WARNING: x\n\"a\": [\n{\"b\": 2}\n",
            "{\"a\": 1} \"b\": 2}",
            "{\"a\": 1}\n}\n",
            "[1]\n[2]\n[3]",
            "{}\n5",
        ] {
            wrong(text);
        }
    }

    #[test]
    fn errors_name_the_cause_and_point_at_it() {
        for (text, message, at, related) in [
            ("", "the file is empty", "", ""),
            (" \u{FEFF}\n ", "the file is empty", "", ""),
            ("// only\n", "the file holds only comments", "", ""),
            ("{\"a\": 1\n \"b\": 2}", "expected `,` or `}` before this property", "\"b\"", "{"),
            ("[1 2]", "expected `,` or `]` before this value", "2", "["),
            ("[1, {\"a\": 1]", "expected `}`, found `]`", "]", "{"),
            ("[\"a\": 1]", "`:` inside `[`: a property stands inside `{`", ":", "["),
            ("{\"a\": [1, 2\n", "this `[` is never closed", "[", "2"),
            ("{\"a\": \"b", "this string is never closed", "\"b", ""),
            ("{\"a\": \"b,\n\"c\": 1}", "this string is not closed on its line", "\"b", "\""),
            ("{\"a: 1,\n\"c\": 1}", "this string is not closed on its line", "\"a: 1", "\""),
            ("{'a': 1}", "a property name needs double quotes, not single ones", "'a'", ""),
            ("{\"a\": 'b c'}", "a string needs double quotes, not single ones", "'b c'", ""),
            ("{\"a\": “b”}", "a string needs plain double quotes", "“b”", ""),
            ("{a: 1}", "property name `a` needs double quotes", "a", ""),
            ("{\"a\": True}", "`True` is not JSON; write `true`", "True", ""),
            ("{\"a\": None}", "`None` is not JSON; write `null`", "None", ""),
            ("[-Infinity]", "a minus sign needs a digit after it", "-Infinity", ""),
            ("[NaN]", "`NaN` is not JSON; it has no number for it", "NaN", ""),
            ("[007]", "a number does not start with `0`", "007", ""),
            ("[1.]", "a decimal point needs a digit after it", "1.", ""),
            ("[10.0.0.0/8]", "this is not a number of JSON; text needs double quotes", "10.0.0.0/8", ""),
            ("{\"a\": }", "this property has no value", "\"a\"", ""),
            ("{\"a\" 1}", "expected `:` after this property name", "\"a\"", "{"),
            ("{\"a\": \"C:\\x\"}", "`\\x` is not an escape of JSON; a backslash is written `\\\\`", "\\x", ""),
            ("[\"\\u12g\"]", "`\\u` needs four hexadecimal digits", "\\u12", ""),
            ("[1, /* x ]", "this comment is never closed", "/*", ""),
            ("{\"a\": 1}}", "nothing opens this `}`", "}", "}"),
            ("]", "nothing opens this `]`", "]", ""),
            ("{} {}", "a second value starts here; a file holds one", "{", "}"),
            ("{\n<<<<<<< HEAD\n", "this is a merge conflict mark", "<<<<<<<", ""),
            ("hello", "this is not JSON: expected `{` or `[`, found `hello`", "hello", ""),
            ("[1] 2", "a second value starts here; a file holds one", "2", "]"),
            ("{\"a\": # x\n1}", "expected a value; a comment starts with `//`, not `#`", "# x", ""),
            ("[\0]", "expected a value, found U+0000", "\0", ""),
            ("WARNING: x\n{\"a\" 1}", "expected `:` after this property name", "\"a\"", "{"),
        ] {
            assert_eq!(wrong(text), (message.to_owned(), at, related), "in {text:?}");
        }
    }

    #[test]
    fn no_prefix_of_a_text_panics() {
        let text = "WARNING: é\n{\"a\\u00e9\": [1.5e-3, true, null, \"\\ud83d\\ude00 “x”\n\"], /* c */ 'b': \u{A0}-} $ // é\n[x";
        for end in (0..=text.len()).filter(|&end| text.is_char_boundary(end)) {
            for start in (0..=end).filter(|&start| text.is_char_boundary(start)) {
                let _ = parse(FileId(0), &text[start..end]).map(|document: Document| -> Node { document.root });
            }
        }
    }
}
