//! What JSON itself allows, so that it survives compilers and exports that drop comments: `metadata.aznetlint` of a
//! template or resource, and `aznetlint: allow(RULE) reason` in a description.

use std::ops::Range;

use crate::finding::IgnoredBy;
use crate::json::{Member, Node, Value};
use crate::source::Span;
use crate::suppress::allow::{Allow, Found, Mistake, Scope};
use crate::suppress::date::Date;
use crate::suppress::grammar::{self, MARK};

/// Reads what the objects of a document allow.
pub(crate) fn read(root: &Node, found: &mut Found) {
    walk(root, None, found);
}

/// `about` is what `properties` and `metadata` belong to. The depth of documents is bounded by the parser.
fn walk(node: &Node, about: Option<Span>, found: &mut Found) {
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

fn description(node: &Node, text: &str, about: Span, found: &mut Found) {
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
        let read = grammar::read(said).and_then(|directive| {
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

fn metadata(said: &Member, about: Span, found: &mut Found) {
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
                    Value::Text(text) => match grammar::read(&format!("allow {text}")) {
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
fn entry(node: &Node, mut rules: Vec<(String, Span)>, about: Span, found: &mut Found) {
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
            ("expires", Some(text)) => match grammar::date(text) {
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

fn add(rules: Vec<(String, Span)>, reason: &str, until: Option<Date>, about: Span, found: &mut Found) {
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

#[cfg(test)]
mod tests {
    use super::read;
    use crate::json::parse;
    use crate::source::Files;
    use crate::suppress::allow::{Found, Scope};

    /// What a text allows: the rule as it stands there, the reason, the characters it holds for; then the mistakes.
    fn said(text: &str) -> Vec<String> {
        let mut files = Files::default();
        let file = files.add("a.json", text);
        let mut found = Found::default();
        read(&parse(file, text).unwrap().root, &mut found);
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
