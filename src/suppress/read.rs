//! Where documents say that something is allowed: in comments, and, so that it survives compilers and exports that drop
//! those, in `metadata.aznetlint` of a template or resource and as `aznetlint: allow(RULE) reason` in a description.

use std::ops::Range;

use crate::date::Date;
use crate::finding::IgnoredBy;
use crate::json::{Comment, Document, Member, Node, Value};
use crate::source::{FileId, Span};
use crate::suppress::allow::{self, Allow, MARK, Mistake, Permissions, Scope};

/// Reads what the objects of a document allow.
pub(crate) fn of_values(root: &Node, found: &mut Permissions) {
    walk(root, None, found);
}

/// `about` is what `properties` and `metadata` belong to. The depth of documents is bounded by the parser.
fn walk(node: &Node, about: Option<Span>, found: &mut Permissions) {
    for item in node.items() {
        walk(item, None, found);
    }
    let about = about.unwrap_or(node.span);
    for member in node.members() {
        let is = |key: &str| member.key.eq_ignore_ascii_case(key);
        if is("description")
            && let Some(text) = member.node.text()
        {
            description(&member.node, text, about, found);
        }
        let is_metadata = is("metadata");
        if is_metadata && let Some(said) = member.node.member("aznetlint") {
            metadata(said, about, found);
        }
        walk(&member.node, (is_metadata || is("properties")).then_some(about), found);
    }
}

fn description(node: &Node, text: &str, about: Span, found: &mut Permissions) {
    let is_plain = node.span.len() == text.len() + 2;
    let mut rest = text;
    while let Some((_, said)) = rest.split_once(MARK) {
        let end = said.find(MARK).unwrap_or(said.len());
        rest = &said[end..];
        let said = &said[..end];
        // Prose may name the program.
        if !said.trim_start().starts_with("allow") {
            continue;
        }
        let start = said.as_ptr() as usize - text.as_ptr() as usize;
        let place = |at: Range<usize>| {
            if is_plain { node.span.part(1 + start + at.start, at.len()) } else { node.span }
        };
        let read = allow::directive(said).and_then(|directive| {
            if directive.whole_file {
                Err("only a comment can allow something for a whole file".to_owned())
            } else {
                Ok(directive)
            }
        });
        match read {
            Ok(directive) => found.add(directive, IgnoredBy::Description, &Scope::Inside(about), place),
            Err(what) => found.mistakes.push(Mistake { what, at: place(0..said.trim_end().len()) }),
        }
    }
}

fn metadata(said: &Member, about: Span, found: &mut Permissions) {
    let mut wrong = |what: &str, at: Span| found.mistakes.push(Mistake { what: what.to_owned(), at });
    if !said.node.is_object() {
        return wrong("`metadata.aznetlint` is an object with the key `allow`", said.node.span);
    }
    for member in said.node.members() {
        if !member.key.eq_ignore_ascii_case("allow") {
            wrong(&format!("`metadata.aznetlint` has no key `{}`; it takes `allow`", member.key), member.key_span);
        }
    }
    let Some(allow) = said.node.get("allow") else { return };
    match &allow.value {
        Value::Object(members) => {
            for member in members.iter() {
                let rule = (member.key.to_string(), part(member.key_span, &member.key));
                if let Value::Text(reason) = &member.node.value {
                    add(vec![rule], reason, None, about, found);
                } else {
                    entry(&member.node, vec![rule], about, found);
                }
            }
        }
        Value::List(items) => {
            for item in items.iter() {
                match &item.value {
                    // `RULE -- reason`, as a comment has it.
                    Value::Text(text) => match allow::directive(&format!("allow {text}")) {
                        Ok(directive) => {
                            found.add(directive, IgnoredBy::Metadata, &Scope::Inside(about), |_| item.span);
                        }
                        Err(what) => found.mistakes.push(Mistake { what, at: item.span }),
                    },
                    _ => entry(item, Vec::new(), about, found),
                }
            }
        }
        _ => wrong("`allow` is an object of rules and reasons, or a list of entries", allow.span),
    }
}

/// `{ "rule": "…", "reason": "…", "expires": "…" }`; the rule may be given already.
fn entry(node: &Node, mut rules: Vec<(String, Span)>, about: Span, found: &mut Permissions) {
    let mut mistake = |what: String, at: Span| found.mistakes.push(Mistake { what, at });
    if !node.is_object() {
        return mistake("write the reason as text, or as an object with the key `reason`".to_owned(), node.span);
    }
    let given = !rules.is_empty();
    let mut reason = "";
    let mut until = None;
    for member in node.members() {
        let text = member.node.text();
        match (&*member.key.to_ascii_lowercase(), text) {
            ("rule", Some(text)) if !given => rules.push((text.to_owned(), part(member.node.span, text))),
            ("rule", None) if !given && member.node.is_list() => {
                let texts = member.node.items().iter().filter_map(|item| Some((item.text()?, item.span)));
                rules.extend(texts.map(|(text, span)| (text.to_owned(), part(span, text))));
            }
            ("reason", Some(text)) => reason = text,
            ("expires", Some(text)) => match allow::date(text) {
                Ok(date) => until = Some(date),
                Err(what) => return mistake(what, member.node.span),
            },
            ("rule" | "reason" | "expires", _) => {
                return mistake(format!("`{}` cannot be {} here", member.key, member.node.kind()), member.node.span);
            }
            _ => {
                let keys = "it takes `rule`, `reason` and `expires`";
                return mistake(format!("there is no key `{}`; {keys}", member.key), member.key_span);
            }
        }
    }
    if rules.is_empty() {
        return mistake("no rule is named".to_owned(), node.span);
    }
    add(rules, reason, until, about, found);
}

fn add(rules: Vec<(String, Span)>, reason: &str, until: Option<Date>, about: Span, found: &mut Permissions) {
    for (rule, at) in rules {
        found.allows.push(Allow {
            by: IgnoredBy::Metadata,
            scope: Scope::Inside(about),
            rule,
            at,
            reason: reason.trim().to_owned(),
            until,
        });
    }
}

/// The characters between the quotes, when they are the text itself.
fn part(span: Span, text: &str) -> Span {
    if span.len() == text.len() + 2 { span.part(1, text.len()) } else { span }
}

/// Reads the comments of a document; `text` is that of its file. `following` tells what comes after a comment, where the
/// values of the document do not.
pub(crate) fn of_comments(
    file: FileId,
    text: &str,
    document: &Document,
    following: &dyn Fn(Span) -> Option<Option<Span>>,
    found: &mut Permissions,
) {
    for comment in &document.comments {
        let range = comment.span.range();
        let Some(written) = text.get(range.clone()).filter(|written| written.contains(MARK)) else { continue };
        let body = written.strip_suffix("*/").unwrap_or(written);
        let mut scope = None;
        for line in body.split_inclusive(['\n', '\r']) {
            let said =
                line.trim_start_matches(|letter: char| matches!(letter, '/' | '*' | '#') || letter.is_whitespace());
            let Some(said) = said.strip_prefix(MARK) else { continue };
            let start = range.start + (said.as_ptr() as usize - written.as_ptr() as usize);
            match allow::directive(said) {
                Ok(directive) => {
                    let scope = if directive.whole_file {
                        Scope::File(file)
                    } else {
                        scope.get_or_insert_with(|| scope_of(text, comment, &document.root, following)).clone()
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

fn scope_of(text: &str, comment: &Comment, root: &Node, told: &dyn Fn(Span) -> Option<Option<Span>>) -> Scope {
    let file = comment.span.file;
    let range = comment.span.range();
    let line = text[..range.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let before = text[line..range.start].trim_matches(['\u{feff}', ' ', '\t']);
    let end = text[range.end..].find(['\n', '\r']).map_or(text.len(), |at| range.end + at);
    // Other comments beside it do not make a line hold anything.
    let after = text[range.end..end].trim();
    if !before.is_empty() && !before.starts_with("/*") || !after.is_empty() && !after.starts_with("/") {
        return Scope::Starting(Span::new(file, line, end));
    }
    let follows = told(comment.span).unwrap_or_else(|| following(root, range.start, range.end));
    follows.map_or(Scope::Nowhere, Scope::Inside)
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
    use super::of_values;
    use crate::json::parse;
    use crate::source::Files;
    use crate::suppress::allow::{Permissions, Scope};

    /// What a text allows: the rule as it stands there, the reason, the characters it holds for; then the mistakes.
    fn said(text: &str) -> Vec<String> {
        let mut files = Files::default();
        let file = files.add("a.json", text);
        let mut found = Permissions::default();
        of_values(&parse(file, text).unwrap().root, &mut found);
        let allows = found.allows.iter().map(|allow| {
            let Scope::Inside(span) = allow.scope else { panic!("{allow:?}") };
            let until = allow.until.map(|date| format!(" until {date}")).unwrap_or_default();
            format!("{}{until}: {} @ {}", files.slice(allow.at), allow.reason, files.slice(span))
        });
        let mistakes = found.mistakes.iter().map(|one| format!("{} @ {}", one.what, files.slice(one.at)));
        allows.chain(mistakes).collect()
    }

    #[test]
    fn a_description_speaks_for_what_it_describes() {
        let rule = r#"{"name":"r","properties":{"description":"Ops. aznetlint: allow(nsg/x) jump host"}}"#;
        assert_eq!(said(&format!("[{rule}]")), [format!("nsg/x: jump host @ {rule}")]);
        let flat = r#"{"Description":"aznetlint: allow nsg/x -- y"}"#;
        assert_eq!(said(&format!("[{flat}]")), [format!("nsg/x: y @ {flat}")]);
        let parameter = r#"{"type":"string","metadata":{"description":"aznetlint: allow(nsg/x) y"}}"#;
        assert_eq!(said(&format!(r#"{{"parameters":{{"p":{parameter}}}}}"#)), [format!("nsg/x: y @ {parameter}")]);
    }

    #[test]
    fn a_description_may_say_several_things() {
        let text = r#"{"description":"aznetlint: allow(a/b) one; aznetlint: allow(c/*) two"}"#;
        assert_eq!(said(text), [format!("a/b: one @ {text}"), format!("c/*: two @ {text}")]);
    }

    #[test]
    fn prose_about_the_program_is_no_mistake() {
        assert!(said(r#"{"description":"checked by aznetlint: no finding"}"#).is_empty());
        assert_eq!(said(r#"{"description":"aznetlint: allow(x"}"#).len(), 1);
    }

    #[test]
    fn metadata_takes_an_object_or_a_list() {
        for allow in [
            r#"{"nsg/x": "jump host"}"#,
            r#"[{"rule": "nsg/x", "reason": "jump host"}]"#,
            r#"[{"rule": ["nsg/x"], "reason": "jump host"}]"#,
            r#"{"nsg/x": {"reason": "jump host"}}"#,
        ] {
            let text = format!(r#"{{"metadata": {{"aznetlint": {{"allow": {allow}}}}}}}"#);
            assert_eq!(said(&text), [format!("nsg/x: jump host @ {text}")]);
        }
        let text = r#"{"metadata":{"aznetlint":{"allow":["nsg/x -- jump host"]}}}"#;
        assert_eq!(said(text), [format!("\"nsg/x -- jump host\": jump host @ {text}")]);
        let text = r#"{"metadata":{"aznetlint":{"allow":{"a/b":{"reason":"c","expires":"2026-12-31"}}}}}"#;
        assert_eq!(said(text), [format!("a/b until 2026-12-31: c @ {text}")]);
    }

    #[test]
    fn metadata_of_another_shape_is_a_mistake() {
        let at = |inner: &str| said(&format!(r#"{{"metadata":{{"aznetlint":{inner}}}}}"#)).join("\n");
        assert_eq!(at("7"), "`metadata.aznetlint` is an object with the key `allow` @ 7");
        assert_eq!(at(r#"{"ignore":{}}"#), "`metadata.aznetlint` has no key `ignore`; it takes `allow` @ \"ignore\"");
        assert_eq!(at(r#"{"allow":"x"}"#), "`allow` is an object of rules and reasons, or a list of entries @ \"x\"");
        assert_eq!(at(r#"{"allow":{"a/b":5}}"#), "write the reason as text, or as an object with the key `reason` @ 5");
        assert_eq!(at(r#"{"allow":[{"reason":"x"}]}"#), "no rule is named @ {\"reason\":\"x\"}");
        assert_eq!(at(r#"{"allow":[{"rule":"a","expires":5}]}"#), "`expires` cannot be a number here @ 5");
    }
}

#[cfg(test)]
mod comment_tests {
    use super::of_comments;
    use crate::json::parse;
    use crate::source::{Files, Span};
    use crate::suppress::allow::{Permissions, Scope};

    /// The characters each allowance of a text holds for, a line after `line:`.
    fn scopes(text: &str) -> Vec<String> {
        let mut files = Files::default();
        let file = files.add("a.json", text);
        let document = parse(file, text).unwrap();
        let mut found = Permissions::default();
        of_comments(file, text, &document, &|_| None, &mut found);
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
