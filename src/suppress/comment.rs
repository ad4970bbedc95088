//! `// aznetlint: allow RULE -- reason`, and what such a comment speaks about.
//!
//! At the end of a line: what starts on that line. Alone on its line: the member or value that follows it in the same
//! object or list; before the first member of an object, the whole object.

use crate::finding::IgnoredBy;
use crate::json::{Comment, Document, Node, Value};
use crate::source::{FileId, Span};
use crate::suppress::allow::{Found, Mistake, Scope};
use crate::suppress::grammar::{self, MARK};

/// Reads the comments of a document; `text` is that of its file.
pub(crate) fn read(file: FileId, text: &str, document: &Document, found: &mut Found) {
    for comment in &document.comments {
        let range = comment.span.range();
        let Some(written) = text.get(range.clone()).filter(|written| written.contains(MARK)) else { continue };
        let body = written.strip_suffix("*/").unwrap_or(written);
        let mut scope = None;
        for line in body.split_inclusive(['\n', '\r']) {
            let said = line.trim_start_matches(|letter: char| matches!(letter, '/' | '*') || letter.is_whitespace());
            let Some(said) = said.strip_prefix(MARK) else { continue };
            let start = range.start + (said.as_ptr() as usize - written.as_ptr() as usize);
            match grammar::read(said) {
                Ok(directive) => {
                    let scope = if directive.whole_file {
                        Scope::File(file)
                    } else {
                        scope.get_or_insert_with(|| scope_of(file, text, comment, &document.root)).clone()
                    };
                    let place = |at: std::ops::Range<usize>| Span::new(file, start + at.start, start + at.end);
                    found.add(directive, IgnoredBy::Comment, &scope, place);
                }
                Err(what) => {
                    let end = start + said.trim_end().len();
                    found.mistakes.push(Mistake { what, at: Span::new(file, start - MARK.len(), end) });
                }
            }
        }
    }
}

fn scope_of(file: FileId, text: &str, comment: &Comment, root: &Node) -> Scope {
    let range = comment.span.range();
    let line = text[..range.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let before = text[line..range.start].trim_matches(['\u{feff}', ' ', '\t']);
    let end = text[range.end..].find(['\n', '\r']).map_or(text.len(), |at| range.end + at);
    // Other comments beside it do not make a line hold anything.
    let after = text[range.end..end].trim();
    if !before.is_empty() && !before.starts_with("/*") || !after.is_empty() && !after.starts_with("/") {
        return Scope::Starting(Span::new(file, line, end));
    }
    following(root, range.start, range.end).map_or(Scope::Nowhere, Scope::Inside)
}

/// The value that a comment at these bytes, alone on its line, speaks about.
fn following(root: &Node, start: usize, end: usize) -> Option<Span> {
    if root.span.start as usize >= end {
        return Some(root.span);
    }
    let mut inner = root;
    if (inner.span.end as usize) < end {
        return None;
    }
    // The depth of documents is bounded by the parser.
    loop {
        let spans = |at: usize| -> Option<(Span, &Node)> {
            match &inner.value {
                Value::Object(members) => members.get(at).map(|member| {
                    let whole = Span { end: member.node.span.end, ..member.key_span };
                    (whole, &member.node)
                }),
                Value::List(items) => items.get(at).map(|item| (item.span, item)),
                _ => None,
            }
        };
        // Members stand in the order written: the first that ends behind the comment holds or follows it.
        let next = match &inner.value {
            Value::Object(members) => members.partition_point(|member| (member.node.span.end as usize) <= start),
            Value::List(items) => items.partition_point(|item| (item.span.end as usize) <= start),
            _ => 0,
        };
        let (whole, node) = spans(next)?;
        if whole.start as usize >= end {
            return Some(if next == 0 && inner.is_object() { inner.span } else { whole });
        }
        if node.span.start as usize >= end {
            return Some(node.span);
        }
        inner = node;
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::json::parse;
    use crate::source::{Files, Span};
    use crate::suppress::allow::{Found, Scope};

    /// The characters each allowance of a text holds for, a line after `line:`.
    fn scopes(text: &str) -> Vec<String> {
        let mut files = Files::default();
        let file = files.add("a.json", text);
        let document = parse(file, text).unwrap();
        let mut found = Found::default();
        read(file, text, &document, &mut found);
        assert!(found.mistakes.is_empty(), "{:?}", found.mistakes);
        let shown = |span: Span| files.slice(span).to_owned();
        let scope = |allow: &crate::suppress::allow::Allow| match allow.scope {
            Scope::Starting(span) => format!("line: {}", shown(span).split("//").next().unwrap().trim()),
            Scope::Inside(span) => shown(span),
            Scope::File(_) => "file".to_owned(),
            Scope::Settings(_) | Scope::Nowhere => "nowhere".to_owned(),
        };
        found.allows.iter().map(|allow| format!("{} {}", allow.rule, scope(allow))).collect()
    }

    #[test]
    fn at_the_end_of_a_line_it_speaks_about_the_line() {
        assert_eq!(scopes("{\r\n \"a\": 1, // aznetlint: allow r -- x\r\n \"b\": 2 }"), ["r line: \"a\": 1,"]);
        assert_eq!(scopes("{ /* aznetlint: allow r -- x */ \"a\": 1 }").len(), 1);
    }

    #[test]
    fn alone_it_speaks_about_what_follows() {
        assert_eq!(scopes("[1,\n// aznetlint: allow r -- x\n// more\n[2, 3], 4]"), ["r [2, 3]"]);
        assert_eq!(scopes("{\"a\": 1,\n// aznetlint: allow r -- x\n\"b\": 2, \"c\": 3}"), ["r \"b\": 2"]);
        assert_eq!(scopes("{\"a\":\n// aznetlint: allow r -- x\n[2]}"), ["r [2]"]);
        assert_eq!(scopes("// aznetlint: allow r -- x\n[2]"), ["r [2]"]);
    }

    #[test]
    fn before_the_first_member_it_speaks_about_the_object() {
        assert_eq!(
            scopes("[{\n// aznetlint: allow r -- x\n\"a\": 1}, 2]"),
            ["r {\n// aznetlint: allow r -- x\n\"a\": 1}"]
        );
    }

    #[test]
    fn before_a_closing_bracket_it_speaks_about_nothing() {
        assert_eq!(scopes("[[1\n// aznetlint: allow r -- x\n], 2]"), ["r nowhere"]);
        assert_eq!(scopes("[1]\n// aznetlint: allow r -- x\n"), ["r nowhere"]);
    }

    #[test]
    fn one_comment_may_say_several_things() {
        let text = "/*\n * aznetlint: allow r -- x\n * aznetlint: allow-file s, t -- y\n */\n[1]";
        assert_eq!(scopes(text), ["r [1]", "s file", "t file"]);
    }

    #[test]
    fn other_comments_say_nothing() {
        assert!(scopes("[1] // see aznetlint: allow r -- x").is_empty());
    }
}
