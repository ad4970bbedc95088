//! The lists of prefixes of a file: given to a snapshot tag by tag, and, when one cannot be, what is wrong with it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use memchr::memchr;

use crate::json::{self, Node};
use crate::net::{AddressSet, TagData, TagSource, parse_prefix};
use crate::source::Span;
use crate::tagfile::outline::{List, Listed};

/// The unread lists of a file, by the index of their tag.
#[derive(Debug)]
pub(crate) struct Lists {
    text: Arc<str>,
    tags: Vec<(Span, List)>,
    /// Tags that stand in the file again.
    repeats: BTreeMap<usize, Vec<(Span, List)>>,
}

impl Lists {
    /// Declares the tags and keeps their lists.
    pub(crate) fn new(text: Arc<str>, listed: Vec<Listed>) -> (TagData, Arc<Self>) {
        let mut data = TagData::default();
        let mut lists = Self { text, tags: Vec::with_capacity(listed.len()), repeats: BTreeMap::new() };
        for Listed { name, name_span, list } in listed {
            let index = data.declare(name.trim());
            if index == lists.tags.len() {
                lists.tags.push((name_span, list));
            } else {
                lists.repeats.entry(index).or_default().push((name_span, list));
            }
        }
        let lists = Arc::new(lists);
        (data.read_from(Arc::<Self>::clone(&lists)), lists)
    }

    /// What is wrong with a tag whose prefixes could not be given.
    pub(crate) fn faults(&self, index: usize, tag: &str) -> Vec<Fault> {
        let mut found = Vec::new();
        for (name_span, list) in self.of(index) {
            if prefixes(&self.text, list).is_none() {
                found.extend(faults(&self.text, tag, *name_span, list));
            }
        }
        if let (true, Some((again, _))) = (found.is_empty(), self.repeats.get(&index).and_then(|more| more.first())) {
            found.push(Fault {
                kind: FaultKind::Repeated,
                message: format!("service tag `{tag}` is listed again with other prefixes"),
                span: *again,
                tag: Some(tag.to_owned()),
                help: Some("use the file as published, not several in one"),
            });
        }
        found
    }

    fn of(&self, index: usize) -> impl Iterator<Item = &(Span, List)> {
        self.tags.get(index).into_iter().chain(self.repeats.get(&index).into_iter().flatten())
    }
}

impl TagSource for Lists {
    fn prefixes(&self, index: usize) -> Option<Vec<IpNet>> {
        let mut all = self.of(index).map(|(_, list)| prefixes(&self.text, list));
        let first = all.next()??;
        let mut all = all.peekable();
        if all.peek().is_none() {
            return Some(first);
        }
        let set = |prefixes: &[IpNet]| AddressSet::from_prefixes(prefixes.iter().copied());
        let wanted = set(&first);
        // Of two different lists nobody can tell which one holds.
        let agree = all.all(|other| other.is_some_and(|other| set(&other) == wanted));
        agree.then_some(first)
    }
}

/// One thing that is wrong, with its place. A tag it belongs to is a name without known addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// In words.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The tag whose addresses are unknown because of it.
    pub tag: Option<String>,
    /// What to do.
    pub help: Option<&'static str>,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// Something in a list of prefixes is none.
    BadPrefix,
    /// A list of prefixes is not JSON.
    BadList,
    /// A tag has no list of prefixes.
    NoList,
    /// A tag has no name.
    NoName,
    /// A tag is listed again with other prefixes.
    Repeated,
    /// The file is one page of several.
    Incomplete,
}

impl FaultKind {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadPrefix => "bad-prefix",
            Self::BadList => "bad-list",
            Self::NoList => "no-prefixes",
            Self::NoName => "no-name",
            Self::Repeated => "repeated-tag",
            Self::Incomplete => "incomplete",
        }
    }
}

/// More bad prefixes of one tag are not named one by one.
const MOST_FAULTS: usize = 10;

/// The prefixes of a list; `None` when a single one of them cannot be read, since the rest would be too small a set.
pub(crate) fn prefixes(text: &str, list: &List) -> Option<Vec<IpNet>> {
    match list {
        List::Text(span) => {
            let text = text.get(span.range())?;
            // The parser knows blanks that only it allows, and is the judge of what is no list.
            plain(text).or_else(|| of_node(&json::parse(span.file, text).ok()?.root))
        }
        List::Node(node) => of_node(node),
        List::Missing => None,
    }
}

fn of_node(node: &Node) -> Option<Vec<IpNet>> {
    match node.text() {
        Some(text) => text.split_whitespace().map(prefix).collect(),
        None => node.items().iter().map(|item| item.text().and_then(prefix)).collect(),
    }
}

/// One prefix, or one address; host bits do not matter.
fn prefix(text: &str) -> Option<IpNet> {
    if let Some(net) = common(text.as_bytes()) {
        return Some(net);
    }
    parse_prefix(text.trim())
}

/// The common case, `20.1.2.0/24` and nothing around it, several times faster than the general one. `None` leaves the
/// text to that.
fn common(text: &[u8]) -> Option<IpNet> {
    let (mut parts, mut part, mut digits) = ([0_u32; 5], 0, 0);
    for byte in text {
        let ends = if part < 3 { b'.' } else { b'/' };
        match byte {
            // No number has a zero before other digits.
            b'0'..=b'9' if digits < 3 && (digits == 0 || parts[part] > 0) => {
                parts[part] = parts[part] * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            _ if *byte == ends && digits > 0 && part < 4 => (part, digits) = (part + 1, 0),
            _ => return None,
        }
    }
    let [a, b, c, d, length] = parts;
    if part < 4 || digits == 0 || [a, b, c, d].iter().any(|part| *part > 255) || length > 32 {
        return None;
    }
    let address = Ipv4Addr::from(a << 24 | b << 16 | c << 8 | d);
    Some(IpNet::V4(Ipv4Net::new(address, u8::try_from(length).ok()?).ok()?.trunc()))
}

/// Reads a list of strings without escapes, a comma after the last one allowed, as in the parser.
fn plain(text: &str) -> Option<Vec<IpNet>> {
    let bytes = text.as_bytes();
    let blanks = |mut at: usize| {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
            at += 1;
        }
        at
    };
    // A prefix and what surrounds it rarely take less.
    let mut found = Vec::with_capacity(bytes.len() / 20);
    let mut at = blanks(1);
    while bytes.get(at) == Some(&b'"') {
        let end = at + 1 + memchr(b'"', &bytes[at + 1..])?;
        found.push(prefix(&text[at + 1..end])?);
        at = blanks(end + 1);
        if bytes.get(at) != Some(&b',') {
            break;
        }
        at = blanks(at + 1);
    }
    (at + 1 == bytes.len()).then_some(found)
}

/// What is wrong with a list that `prefixes` cannot read.
pub(crate) fn faults(text: &str, tag: &str, name_span: Span, list: &List) -> Vec<Fault> {
    let fault = |kind, span, message: String, help| Fault { kind, message, span, tag: Some(tag.to_owned()), help };
    let node = match list {
        List::Missing => {
            let help = "export it again; PowerShell needs `ConvertTo-Json -Depth 5`";
            let message = format!("service tag `{tag}` has no list of prefixes");
            return vec![fault(FaultKind::NoList, name_span, message, Some(help))];
        }
        List::Node(node) => node.clone(),
        List::Text(span) => {
            let shift = |inner: Span| {
                Span::new(
                    span.file,
                    inner.start as usize + span.start as usize,
                    inner.end as usize + span.start as usize,
                )
            };
            match json::parse(span.file, text.get(span.range()).unwrap_or("")) {
                Ok(document) => shifted(&document.root, &shift),
                Err(error) => return vec![fault(FaultKind::BadList, shift(error.span), error.message, None)],
            }
        }
    };
    let bad = |span, written: &str| {
        let written = if written.chars().count() > 60 { "this" } else { &format!("`{}`", written.escape_debug()) };
        let message = format!("{written} is no address prefix");
        fault(FaultKind::BadPrefix, span, message, Some("write it like `20.1.2.0/24` or `2603:1030::/48`"))
    };
    match node.text() {
        Some(text) => text
            .split_whitespace()
            .filter(|word| prefix(word).is_none())
            .map(|word| bad(node.span, word))
            .take(MOST_FAULTS)
            .collect(),
        None => {
            let wrong = node.items().iter().filter(|item| item.text().and_then(prefix).is_none());
            wrong.map(|item| bad(item.span, item.text().unwrap_or(item.kind()))).take(MOST_FAULTS).collect()
        }
    }
}

/// The list with the places of its items in the whole text.
fn shifted(list: &Node, shift: &impl Fn(Span) -> Span) -> Node {
    let items = list.items().iter().map(|item| Node { span: shift(item.span), ..item.clone() });
    Node::new(json::Value::List(std::sync::Arc::new(items.collect())), shift(list.span))
}

#[cfg(test)]
mod prefix_tests {
    use ipnet::IpNet;

    use super::{common, faults, prefixes};
    use crate::source::{FileId, Span};
    use crate::tagfile::outline::List;

    fn list(text: &str) -> List {
        List::Text(Span::new(FileId(0), 0, text.len()))
    }

    fn read(text: &str) -> Option<Vec<String>> {
        prefixes(text, &list(text)).map(|found| found.iter().map(ToString::to_string).collect())
    }

    fn wrong(text: &str) -> Vec<(&str, &str)> {
        let found = faults(text, "A", Span::new(FileId(0), 0, 0), &list(text)).into_iter();
        found.map(|fault| (fault.kind.as_str(), &text[fault.span.range()])).collect()
    }

    #[test]
    fn prefixes_and_bare_addresses_are_read() {
        let expected = ["20.0.0.0/24", "20.1.2.3/32", "2603:1030::/48", "2603::1/128"];
        assert_eq!(read(r#"["20.0.0.9/24","20.1.2.3", "2603:1030::/48" , "2603::1"]"#).unwrap(), expected);
        assert!(read("[]").unwrap().is_empty() && read("[\n]").unwrap().is_empty());
        assert_eq!(read(r#"["20.0.0.0/24",]"#).unwrap().len(), 1);
        assert_eq!(read("[\"20.0.0.0/24\"\u{A0}]").unwrap().len(), 1);
    }

    #[test]
    fn the_common_case_is_read_as_the_general_one() {
        for text in [
            "20.1.2.0/24",
            "0.0.0.0/0",
            "255.255.255.255/32",
            "20.1.2.3/8",
            "256.1.1.1/8",
            "1.1.1.1/33",
            "1.1.1.1/",
            "1.1.1/8",
            "01.1.1.1/8",
            "1.1.1.1/08",
            "1.1.1.1/00",
            "1.1.1.1.1/8",
            "1.1.1.1/8/8",
            "1..1.1/8",
            "1.1.1.1",
            "",
            "/",
            "1000.1.1.1/8",
            "1.1.1.1/8 ",
            "-1.1.1.1/8",
            "1.1.1.1/320",
        ] {
            let general = text.parse::<IpNet>().ok().map(|net| net.trunc());
            let common = common(text.as_bytes());
            assert!(common.is_none() || common == general, "{text}");
        }
        assert!(
            ["20.1.2.0/24", "0.0.0.0/0", "255.255.255.255/32"].iter().all(|text| common(text.as_bytes()).is_some())
        );
    }

    #[test]
    fn one_bad_prefix_makes_the_tag_unknown() {
        for text in [r#"["20.0.0.0/24", "x"]"#, r#"["20.0.0.0/33"]"#, r#"[""]"#, "[1]", r#"["1.1.1.1" "2.2.2.2"]"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        assert_eq!(wrong(r#"["20.0.0.0/24", "x", 7]"#), [("bad-prefix", "\"x\""), ("bad-prefix", "7")]);
        assert_eq!(wrong(r#"["1.1.1.1" "2.2.2.2"]"#), [("bad-list", "\"2.2.2.2\"")]);
        assert_eq!(wrong(&format!("[{}]", vec!["0"; 1000].join(","))).len(), 10);
    }
}
