//! YAML to [`Node`]: what `az … -o yaml` and the writers of manifests produce, with a span for every key and value.
//!
//! Plain words mean what YAML 1.2 says: `true` and `false`, `null`, and numbers as JSON writes them; `yes`, `012` and
//! `0x1F` are texts, since readers differ on them. An alias stands for the value of its anchor, at the anchor's place.

use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use granit_parser::{Event, Parser, ScalarStyle, Tag, options};

use crate::json::equal;
use crate::json::node::{Member, Node, Number, Reason, Unknown, Value};
use crate::json::parse::{Document, Duplicate};
use crate::json::scan::{Comment, SyntaxError};
use crate::source::{FileId, Span};

/// Collections nest this deep at most, aliases opened.
const DEPTH: usize = 128;

/// Aliases may make a text stand for so many values beside its own, and for so many times its own.
const MORE: usize = 100_000;
const TIMES: usize = 10;

/// Parses one text in YAML; a text of several documents is a list of them. `most`: how many bytes of memory its values
/// may take.
///
/// # Errors
/// The first place that cannot be read.
pub fn parse_yaml(file: FileId, text: &str, most: usize) -> Result<Document, SyntaxError> {
    let start = first_line(text);
    let refused = |message: &str, range: Range<usize>| SyntaxError {
        message: message.to_owned(),
        span: span(file, start + range.start, start + range.end),
        related: None,
    };
    if u32::try_from(text.len()).is_err() {
        return Err(refused("the file is larger than 4 GiB", 0..0));
    }
    let limits = options! { flow_nesting_limit: DEPTH, block_nesting_limit: DEPTH };
    let mut reader = Reader { file, start, left: most, ..Reader::default() };
    let mut last = 0..0;
    for event in Parser::new_from_str_with_options(&text[start..], limits) {
        let (event, at) = event.map_err(|error| {
            let at = error.marker().byte_offset().filter(|at| text.is_char_boundary(start + at)).unwrap_or(last.end);
            let said = error.to_string();
            let said = said.split(" at char ").next().unwrap_or(&said);
            refused(
                &format!("this is no YAML: {said}"),
                at..at + text[start + at..].chars().next().map_or(0, char::len_utf8),
            )
        })?;
        last = at.byte_range().unwrap_or(last.end..last.end);
        reader.event(event, last.clone()).map_err(|message| refused(message, last.clone()))?;
    }
    Ok(reader.document())
}

/// Where the text starts behind what a command line printed before it.
fn first_line(text: &str) -> usize {
    let noise = |line: &&str| line.trim().is_empty() || line.starts_with("WARNING: ");
    text.split_inclusive('\n').take_while(noise).map(str::len).sum()
}

fn span(file: FileId, start: usize, end: usize) -> Span {
    Span::new(file, start, end)
}

/// A collection that is still open.
enum Open {
    List(Vec<Node>),
    /// The key is what the next value belongs to.
    Object(Vec<Member>, Option<(Arc<str>, Span)>),
}

struct Frame {
    open: Open,
    /// Where it starts.
    start: usize,
    /// Where what it holds so far ends.
    end: usize,
    anchor: usize,
    /// How many values there were before it.
    before: usize,
    /// The deepest nesting in it.
    depth: usize,
}

/// What an alias stands for.
struct Anchored {
    node: Node,
    /// How many values it is, aliases opened.
    size: usize,
    depth: usize,
}

struct Reader {
    file: FileId,
    /// Where the YAML starts in the text.
    start: usize,
    left: usize,
    stack: Vec<Frame>,
    documents: Vec<Node>,
    anchors: HashMap<usize, Anchored>,
    words: HashSet<Arc<str>>,
    comments: Vec<Comment>,
    duplicates: Vec<Duplicate>,
    /// How many values were read, and how many there are with the aliases opened.
    read: usize,
    size: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            file: FileId(0),
            start: 0,
            left: usize::MAX,
            stack: Vec::new(),
            documents: Vec::new(),
            anchors: HashMap::default(),
            words: HashSet::default(),
            comments: Vec::new(),
            duplicates: Vec::new(),
            read: 0,
            size: 0,
        }
    }
}

const TOO_MANY: &str = "aliases make more of this text than is read";
const TOO_DEEP: &str = "this nests too deep";
const NO_ALIAS: &str = "this alias stands inside what it stands for";
const NO_KEY: &str = "a key that is a list or an object is not read";
const TOO_LARGE: &str = "the values of this text take too much memory";

impl Reader {
    fn event(&mut self, event: Event<'_>, at: Range<usize>) -> Result<(), &'static str> {
        match event {
            Event::Comment(..) => self.comments.push(Comment { span: self.span(at.start, at.end) }),
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let is_key = matches!(self.stack.last(), Some(Frame { open: Open::Object(_, None), .. }));
                if is_key {
                    return self.key(&text, at, anchor);
                }
                let value = scalar(&text, style, tag.as_deref(), self.span(at.start, at.end), &at);
                let node = Node::new(value, self.span(at.start, at.end));
                self.remember(anchor, &node, 1, 0);
                self.count(1)?;
                self.read += 1;
                self.put(node, at.end, 0)?;
            }
            Event::Alias(id) => {
                let Some(Anchored { node, size, depth }) = self.anchors.get(&id) else { return Err(NO_ALIAS) };
                let (node, size, depth) = (node.clone(), *size, *depth);
                if let Some(Frame { open: Open::Object(_, key @ None), .. }) = self.stack.last_mut() {
                    let word = node.text().ok_or(NO_KEY)?;
                    *key = Some((Arc::from(word), span(self.file, self.start + at.start, self.start + at.end)));
                    return Ok(());
                }
                self.count(size)?;
                self.put(node, at.end, depth)?;
            }
            Event::SequenceStart(_, anchor, _) => self.open(Open::List(Vec::new()), at.start, anchor)?,
            Event::MappingStart(_, anchor, _) => self.open(Open::Object(Vec::new(), None), at.start, anchor)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(at)?,
            _ => {}
        }
        Ok(())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        span(self.file, self.start + start, self.start + end)
    }

    fn count(&mut self, size: usize) -> Result<(), &'static str> {
        self.size = self.size.saturating_add(size);
        if self.size > MORE + TIMES * self.read { Err(TOO_MANY) } else { Ok(()) }
    }

    fn remember(&mut self, anchor: usize, node: &Node, size: usize, depth: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, depth });
        }
    }

    fn open(&mut self, open: Open, start: usize, anchor: usize) -> Result<(), &'static str> {
        if matches!(self.stack.last(), Some(Frame { open: Open::Object(_, None), .. })) {
            return Err(NO_KEY);
        }
        self.count(1)?;
        self.read += 1;
        self.stack.push(Frame { open, start, end: start, anchor, before: self.size, depth: 1 });
        if self.stack.len() > DEPTH { Err(TOO_DEEP) } else { Ok(()) }
    }

    fn key(&mut self, text: &str, at: Range<usize>, anchor: usize) -> Result<(), &'static str> {
        let word = match self.words.get(text) {
            Some(word) => Arc::clone(word),
            None => {
                let word: Arc<str> = Arc::from(text);
                self.words.insert(Arc::clone(&word));
                word
            }
        };
        let place = self.span(at.start, at.end);
        self.remember(anchor, &Node::new(Value::Text(Arc::clone(&word)), place), 1, 0);
        if let Some(Frame { open: Open::Object(_, key), end, .. }) = self.stack.last_mut() {
            (*key, *end) = (Some((word, place)), at.end);
        }
        Ok(())
    }

    /// Puts a value where it belongs: it ends at a byte, and nests so deep.
    fn put(&mut self, node: Node, end: usize, depth: usize) -> Result<(), &'static str> {
        let own = node.text().map_or(0, str::len) + size_of::<Member>();
        self.left = self.left.checked_sub(own).ok_or(TOO_LARGE)?;
        if self.stack.len() + depth > DEPTH {
            return Err(TOO_DEEP);
        }
        let Some(frame) = self.stack.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        frame.end = frame.end.max(end);
        frame.depth = frame.depth.max(depth + 1);
        match &mut frame.open {
            Open::List(items) => items.push(node),
            Open::Object(members, key) => {
                let (key, key_span) = key.take().ok_or(NO_KEY)?;
                members.push(Member { key, key_span, node });
            }
        }
        Ok(())
    }

    fn close(&mut self, at: Range<usize>) -> Result<(), &'static str> {
        let Some(Frame { open, start, end, anchor, before, depth }) = self.stack.pop() else { return Ok(()) };
        // The end of what has no bracket is where the next begins.
        let end = if at.is_empty() { end } else { at.end };
        let value = match open {
            Open::List(items) => Value::List(Arc::new(items)),
            Open::Object(members, _) => {
                let members = merged(members);
                equal::each_repeated(&members, |first, second| {
                    let differs = members[first].node != second.node;
                    let (key, first, second) = (Arc::clone(&second.key), members[first].key_span, second.key_span);
                    self.duplicates.push(Duplicate { key, first, second, differs });
                });
                Value::Object(Arc::new(members))
            }
        };
        let node = Node::new(value, self.span(start, end));
        self.remember(anchor, &node, self.size - before + 1, depth);
        self.put(node, end, depth)
    }

    fn document(self) -> Document {
        let Self { file, start, mut documents, comments, duplicates, .. } = self;
        if documents.len() > 1 {
            documents.retain(|document| !document.is_null());
        }
        let root = match documents.len() {
            0 => Node::new(Value::Null, span(file, start, start)),
            1 => documents.swap_remove(0),
            last => {
                let whole = Span { end: documents[last - 1].span.end, ..documents[0].span };
                Node::new(Value::List(Arc::new(documents)), whole)
            }
        };
        Document { root, comments, duplicates }
    }
}

/// The members with those that `<<` brings, which the object's own go before.
fn merged(members: Vec<Member>) -> Vec<Member> {
    let is_merge = |member: &Member| &*member.key == "<<" && (member.node.is_object() || member.node.is_list());
    if !members.iter().any(is_merge) {
        return members;
    }
    let (merges, own): (Vec<Member>, Vec<Member>) = members.into_iter().partition(is_merge);
    let mut known: HashMap<Arc<str>, ()> = own.iter().map(|member| (Arc::clone(&member.key), ())).collect();
    let mut all = Vec::new();
    // Of several the first goes before.
    for merge in &merges {
        let one = std::slice::from_ref(&merge.node);
        let sources = if merge.node.is_list() { merge.node.items() } else { one };
        for member in sources.iter().flat_map(Node::members) {
            if let Entry::Vacant(free) = known.entry(Arc::clone(&member.key)) {
                free.insert(());
                all.push(member.clone());
            }
        }
    }
    all.extend(own);
    all
}

/// What a scalar means. A tag of its own is one that only its program understands.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Span, range: &Range<usize>) -> Value {
    let plain = match tag {
        Some(tag) if tag.is_yaml_core_schema_tag("str") => false,
        Some(tag) if tag.handle() == "!" && tag.suffix().is_empty() => false,
        Some(tag) if tag.is_custom() => {
            let written: Arc<str> = Arc::from(format!("{} {text}", tag.original()));
            let key = Arc::from(format!("{}:{}:{written}", at.file.0, at.start));
            let unknown = Unknown {
                reason: Reason::NotEvaluated,
                text: written,
                span: at,
                key,
                parts: Vec::new(),
                domain: Vec::new(),
            };
            return Value::Unknown(Arc::new(unknown));
        }
        Some(_) => true,
        None => style == ScalarStyle::Plain,
    };
    match text {
        _ if !plain => Value::Text(Arc::from(text)),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        _ if range.is_empty() => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(Number::new(text)),
        _ => Value::Text(Arc::from(text)),
    }
}

/// Whether a word is a number as JSON writes it.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::parse_yaml;
    use crate::json::{Document, Node, Value};
    use crate::source::FileId;

    fn read(text: &str) -> Document {
        parse_yaml(FileId(0), text, usize::MAX).unwrap()
    }

    fn refused(text: &str) -> String {
        parse_yaml(FileId(0), text, 1 << 20).unwrap_err().message
    }

    fn written<'t>(text: &'t str, node: &Node) -> &'t str {
        &text[node.span.range()]
    }

    #[test]
    fn every_value_has_its_place() {
        let text =
            "WARNING: old\n# why\nname: nsg # here\nrules:\n- name: 'a'\n  ports: [80, \"443\"]\n- {name: é, x: }\n";
        let document = read(text);
        let root = &document.root;
        assert_eq!(written(text, root.get("name").unwrap()), "nsg");
        let rules = root.get("rules").unwrap();
        assert_eq!(written(text, &rules.items()[0]), "name: 'a'\n  ports: [80, \"443\"]");
        assert_eq!(written(text, rules.items()[0].get("ports").unwrap()), "[80, \"443\"]");
        assert_eq!(written(text, &rules.items()[0].get("ports").unwrap().items()[1]), "\"443\"");
        assert_eq!(written(text, rules.items()[1].get("name").unwrap()), "é");
        assert!(rules.items()[1].get("x").unwrap().is_null());
        let comments: Vec<&str> = document.comments.iter().map(|comment| &text[comment.span.range()]).collect();
        assert_eq!(comments, ["# why", "# here"]);
        assert_eq!(root.span.end as usize, text.trim_end().len());
    }

    #[test]
    fn plain_words_mean_what_all_readers_agree_on() {
        let document =
            read("[true, null, 12, -1.5e3, yes, 012, 0x1F, '12', !!str 12, ~, .5, 1:20, !Ref x, 10.0.0.0/8]");
        let kinds: Vec<&str> = document.root.items().iter().map(Node::kind).collect();
        let expected = "a boolean|null|a number|a number|a string|a string|a string|a string|a string|null|a string|a string|an expression|a string";
        assert_eq!(kinds.join("|"), expected);
    }

    #[test]
    fn anchors_merges_and_documents_are_opened() {
        let document = read("base: &b {a: 1, b: 2}\nown:\n  <<: *b\n  b: 3\nsame: *b\n---\n---\nx: 1\nX: 2\n");
        let [first, second] = document.root.items() else { panic!("{:?}", document.root) };
        assert!(matches!(&first.at(&["own", "b"]).unwrap().value, Value::Number(number) if number.as_str() == "3"));
        assert!(first.at(&["own", "a"]).is_some() && first.at(&["same", "b"]).is_some());
        assert!(second.get("x").is_some());
        assert_eq!(document.duplicates.len(), 1);
        assert!(document.duplicates[0].differs);
    }

    #[test]
    fn hostile_texts_end() {
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for at in 1..12 {
            let list = vec![format!("*a{}", at - 1); 10].join(", ");
            laughs.push_str(&format!("a{at}: &a{at} [{list}]\n"));
        }
        assert!(refused(&laughs).contains("aliases"));
        assert!(refused("a: &a [*a]").contains("inside what it stands for"));
        assert!(refused("a: *b").contains("no YAML"));
        assert!(refused("? [a]\n: b\n").contains("a key that is a list"));
        assert!(refused("a: [1").contains("no YAML"));
        assert!(refused(&"[".repeat(500)).contains("no YAML"));
        assert!(refused(&format!("a: '{}'", "x".repeat(2 << 20))).contains("memory"));
        let mut deep = "a0: &a0 [x]\n".to_owned();
        (1..200).for_each(|at| deep.push_str(&format!("a{at}: &a{at} [*a{}]\n", at - 1)));
        assert!(refused(&deep).contains("too deep"));
    }
}
