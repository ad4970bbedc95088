//! What a file of service tags says, its lists of prefixes still unread. Two readers find it.
//!
//! The quick one makes one pass over the text and steps over every list of prefixes without reading it. It knows the
//! plain layout that Azure writes, minified or not, in any order of keys. Where the text is anything else (escapes,
//! comments, repeated keys, other types) it gives up, and the slow one reads the parsed document instead. What the quick
//! one does read, it reads as the parser would: it never takes a list to end elsewhere.

use std::ops::Range;

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memchr2, memchr3};

use crate::json::{Node, Value};
use crate::source::{FileId, Span};

/// A file whose lists are not read yet.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) change_number: Option<u64>,
    /// The cloud as written.
    pub(crate) cloud: Option<String>,
    /// The link to the next page, when there is one.
    pub(crate) next_link: Option<Span>,
    pub(crate) tags: Vec<Listed>,
    /// Entries without a name.
    pub(crate) nameless: Vec<Span>,
}

/// One tag of the file.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    /// Where the name stands, quotes included.
    pub(crate) name_span: Span,
    pub(crate) list: List,
}

/// The prefixes of a tag, unread.
#[derive(Clone, Debug)]
pub(crate) enum List {
    /// Bytes of the text, brackets included. No string in them has escapes, and no bracket stands between them.
    Text(Span),
    /// A parsed value that is a list or a text.
    Node(Node),
    /// There is none.
    Missing,
}

/// Values inside each other beyond this number are left to the parser.
const DEPTH: usize = 32;

/// Reads the plain layout; `None` when the text is not in it.
pub(crate) fn of_text(file: FileId, text: &str) -> Option<Outline> {
    u32::try_from(text.len()).ok()?;
    let mut pull = Pull {
        file,
        text,
        bytes: text.as_bytes(),
        at: 0,
        line_comment: Finder::new(b"//"),
        block_comment: Finder::new(b"/*"),
    };
    let outline = pull.document()?;
    let is_tags = !outline.tags.is_empty() || outline.cloud.is_some() || outline.change_number.is_some();
    is_tags.then_some(outline)
}

struct Pull<'t> {
    file: FileId,
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    line_comment: Finder<'static>,
    block_comment: Finder<'static>,
}

impl<'t> Pull<'t> {
    fn document(&mut self) -> Option<Outline> {
        let mut outline = Outline::default();
        let (mut cloud, mut number, mut link, mut values) = (false, false, false, false);
        self.object(|pull, key| {
            if key.eq_ignore_ascii_case("values") && !std::mem::replace(&mut values, true) {
                pull.array(|pull| {
                    let tag = pull.tag()?;
                    outline.tags.push(tag);
                    Some(())
                })
            } else if key.eq_ignore_ascii_case("cloud") && !std::mem::replace(&mut cloud, true) {
                let written = pull.string()?;
                outline.cloud = Some(pull.text[written].to_owned());
                Some(())
            } else if key.eq_ignore_ascii_case("changeNumber") && !std::mem::replace(&mut number, true) {
                let start = pull.at;
                pull.skip()?;
                outline.change_number = pull.text[start..pull.at].trim_matches('"').parse().ok();
                Some(())
            } else if key.eq_ignore_ascii_case("nextLink") && !std::mem::replace(&mut link, true) {
                let start = pull.at;
                pull.skip()?;
                let written = !matches!(&pull.text[start..pull.at], "null" | "\"\"");
                outline.next_link = written.then(|| Span::new(pull.file, start, pull.at));
                Some(())
            } else {
                let known = ["values", "cloud", "changeNumber", "nextLink"];
                let repeated = known.iter().any(|known| key.eq_ignore_ascii_case(known));
                (!repeated).then(|| pull.skip())?
            }
        })?;
        self.blanks();
        (values && self.at == self.bytes.len()).then_some(outline)
    }

    fn tag(&mut self) -> Option<Listed> {
        let mut name: Option<Range<usize>> = None;
        let mut list: Option<Span> = None;
        let mut properties = false;
        self.object(|pull, key| {
            if key.eq_ignore_ascii_case("name") {
                let written = pull.string()?;
                return name.replace(written).is_none().then_some(());
            }
            if !key.eq_ignore_ascii_case("properties") {
                return pull.skip();
            }
            if std::mem::replace(&mut properties, true) {
                return None;
            }
            pull.object(|pull, key| {
                if !key.eq_ignore_ascii_case("addressPrefixes") {
                    return pull.skip();
                }
                let written = pull.list()?;
                list.replace(written).is_none().then_some(())
            })
        })?;
        let (name, list) = (name?, list?);
        let name_span = Span::new(self.file, name.start - 1, name.end + 1);
        let name = self.text.get(name).filter(|name| !name.trim().is_empty())?.to_owned();
        Some(Listed { name, name_span, list: List::Text(list) })
    }

    /// Steps over the list that opens here.
    ///
    /// The first `]` ends it if it is neither in a string nor in a comment nor that of an inner list: no escape, comment
    /// or bracket may stand before it, and its strings must be closed. What is not ASCII is left to the parser, which
    /// knows what of it is blank.
    fn list(&mut self) -> Option<Span> {
        let start = self.at;
        if self.peek()? != b'[' {
            return None;
        }
        let length = memchr(b']', &self.bytes[start..])?;
        let inside = &self.bytes[start + 1..start + length];
        let plain = inside.is_ascii()
            && memchr3(b'\\', b'[', b'{', inside).is_none()
            && memchr_iter(b'"', inside).count().is_multiple_of(2)
            && self.line_comment.find(inside).is_none()
            && self.block_comment.find(inside).is_none();
        self.at = start + length + 1;
        plain.then(|| Span::new(self.file, start, start + length + 1))
    }

    /// Reads an object; `member` gets each key with the reader at its value.
    fn object(&mut self, mut member: impl FnMut(&mut Self, &'t str) -> Option<()>) -> Option<()> {
        self.eat(b'{')?;
        if self.next_is(b'}') {
            return Some(());
        }
        loop {
            self.blanks();
            let key = self.string()?;
            self.eat(b':')?;
            self.blanks();
            member(self, &self.text[key])?;
            if self.next_is(b'}') {
                return Some(());
            }
            self.eat(b',')?;
        }
    }

    fn array(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b'[')?;
        if self.next_is(b']') {
            return Some(());
        }
        loop {
            self.blanks();
            item(self)?;
            if self.next_is(b']') {
                return Some(());
            }
            self.eat(b',')?;
        }
    }

    /// Steps over the value that starts here.
    fn skip(&mut self) -> Option<()> {
        self.skip_within(DEPTH)
    }

    fn skip_within(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'{' => {
                let depth = depth.checked_sub(1)?;
                // As a function of its own type: a closure here would have a type that holds itself.
                let skip: fn(&mut Self, usize) -> Option<()> = Self::skip_within;
                self.object(|pull, _| skip(pull, depth))
            }
            b'[' => {
                let depth = depth.checked_sub(1)?;
                let skip: fn(&mut Self, usize) -> Option<()> = Self::skip_within;
                self.array(|pull| skip(pull, depth))
            }
            _ => self.scalar(),
        }
    }

    /// Steps over `true`, `false`, `null` or a whole number; other numbers are left to the parser.
    fn scalar(&mut self) -> Option<()> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-').unwrap_or(rest.len());
        let word = &rest[..length];
        let digits = word.strip_prefix(b"-").unwrap_or(word);
        let number = matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.iter().all(u8::is_ascii_digit);
        if !number && !matches!(word, b"true" | b"false" | b"null") {
            return None;
        }
        self.at += length;
        Some(())
    }

    /// Reads the string that opens here, without its quotes.
    fn string(&mut self) -> Option<Range<usize>> {
        if self.peek()? != b'"' {
            return None;
        }
        let start = self.at + 1;
        let end = start + memchr2(b'"', b'\\', &self.bytes[start..])?;
        self.at = end + 1;
        (self.bytes[end] == b'"').then_some(start..end)
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.next_is(byte).then_some(())
    }

    /// Steps over a byte and the blanks before it, if it comes next.
    fn next_is(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }
}

/// Reads a parsed document; `None` when it holds no service tags.
///
/// Beside the file itself, the bare list that `--query values` or `.Values` leaves of it is known.
pub(crate) fn of_tree(root: &Node) -> Option<Outline> {
    let list = if root.is_list() { root } else { either(root, &["values", "value"])? };
    let mut outline = Outline { cloud: text(root, "cloud"), ..Outline::default() };
    outline.change_number = root.get("changeNumber").and_then(number);
    outline.next_link = root.get("nextLink").filter(|link| !link.is_blank()).map(|link| link.span);
    let headed = outline.cloud.is_some() || root.get("changeNumber").is_some();
    // Subnets have names and prefixes as well, and lists of them are common; `values` with a head is not.
    let is_tag = |item: &Node| {
        let told = item.get("systemService").or_else(|| item.at(&["properties", "systemService"])).is_some();
        told || (root.get("values").is_some() && item.at(&["properties", "addressPrefixes"]).is_some())
    };
    if !headed && !list.items().iter().any(is_tag) {
        return None;
    }
    for item in list.items() {
        let name = item.get("name").filter(|name| name.text().is_some_and(|name| !name.trim().is_empty()));
        let Some((node, name)) = name.and_then(|node| Some((node, node.text()?))) else {
            outline.nameless.push(item.span);
            continue;
        };
        let prefixes = item.at(&["properties", "addressPrefixes"]);
        let list = prefixes.filter(|node| node.is_list() || node.text().is_some());
        let list = list.map_or(List::Missing, |node| List::Node(node.clone()));
        outline.tags.push(Listed { name: name.to_owned(), name_span: node.span, list });
    }
    Some(outline)
}

fn either<'n>(root: &'n Node, keys: &[&str]) -> Option<&'n Node> {
    keys.iter().find_map(|key| root.get(key).filter(|node| node.is_list()))
}

fn text(root: &Node, key: &str) -> Option<String> {
    root.get(key).and_then(Node::text).map(str::to_owned)
}

fn number(node: &Node) -> Option<u64> {
    match &node.value {
        Value::Number(number) => number.as_str().parse().ok(),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod quick_tests {
    use super::of_text;
    use crate::source::FileId;
    use crate::tagfile::outline::List;

    fn lists(text: &str) -> Option<Vec<(String, &str)>> {
        let list = |list: &List| match list {
            List::Text(span) => &text[span.range()],
            List::Node(_) | List::Missing => "",
        };
        of_text(FileId(0), text).map(|all| all.tags.iter().map(|tag| (tag.name.clone(), list(&tag.list))).collect())
    }

    #[test]
    fn names_and_lists_are_found_in_any_order_of_keys() {
        let text = r#"{"values":[{"properties":{"x":[{"y":[1]}],"addressPrefixes":["1.2.3.4/32"],"z":null},"id":"a","name":"A"},
            { "Name": "B", "Properties": { "AddressPrefixes": [ ] } }], "cloud": "Public"}"#;
        let expected = [("A".to_owned(), r#"["1.2.3.4/32"]"#), ("B".to_owned(), "[ ]")];
        assert_eq!(lists(text).unwrap(), expected);
    }

    #[test]
    fn a_list_that_may_end_elsewhere_is_left_to_the_parser() {
        for list in [
            r#"["a]"]"#,
            r#"["a\"]"]"#,
            "[\"a\", // ]\n\"b\"]",
            "[\"a\", /* ], \"x\": [ */ \"b\"]",
            r#"[["a"], "b"]"#,
            r#"[{"x": ["a"], "b": 1}]"#,
            r#""a""#,
            "null",
            r#"["a"#,
        ] {
            let text = format!(r#"{{"values": [{{"name": "A", "properties": {{"addressPrefixes": {list}}}}}]}}"#);
            assert!(of_text(FileId(0), &text).is_none(), "{list}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_parser() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"values": []}"#,
            r#"{"values": [], "cloud": "Public"} x"#,
            r#"{"values": [], "cloud": "Public", "CLOUD": "China"}"#,
            r#"{"values": [], "cloud": "Public", "x": 01}"#,
            r#"{"values": [], "cloud": "Public", "x": truer}"#,
            r#"{"values": [], "cloud": "Public",}"#,
            r#"{"values": [{"name": "A"}], "cloud": "Public"}"#,
            r#"{"values": [{"properties": {"addressPrefixes": []}}], "cloud": "Public"}"#,
        ] {
            assert!(of_text(FileId(0), text).is_none(), "{text}");
        }
        let deep = format!(r#"{{"cloud": "Public", "x": {}{}, "values": []}}"#, "[".repeat(40), "]".repeat(40));
        assert!(of_text(FileId(0), &deep).is_none());
    }

    #[test]
    fn the_head_of_each_schema_is_read() {
        let head = |text: &str| {
            let all = of_text(FileId(0), text).unwrap();
            (all.change_number, all.cloud, all.next_link.is_some())
        };
        let public = || Some("Public".to_owned());
        assert_eq!(head(r#"{"changeNumber": 375, "cloud": "Public", "values": []}"#), (Some(375), public(), false));
        assert_eq!(
            head(r#"{"changeNumber": "63", "cloud": "Public", "nextLink": "https://x", "values": []}"#),
            (Some(63), public(), true)
        );
        assert_eq!(head(r#"{"ChangeNumber": "x", "Cloud": "Public", "NextLink": null, "Values": []}"#).0, None);
    }
}
