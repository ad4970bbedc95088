//! New objects out of parts that have places, and whole trees rewritten: keys of other writers in REST's spelling, and
//! unknowns in place of expressions that nobody evaluated.
//!
//! Keys come in snake case, as `az ml` and `as_dict()` of the Python SDKs write it, and as the columns `properties_…` that
//! Resource Graph makes of properties picked out by `project`. Expressions are in fragments cut out of templates.

use std::borrow::Cow;
use std::sync::Arc;

use crate::estate::resource::unknown_value;
use crate::json::{Member, Node, Reason, Value};

/// An object at the place of another.
pub(crate) fn object(at: &Node, members: Vec<Member>) -> Node {
    Node { value: Value::Object(Arc::new(members)), span: at.span, via: at.via.clone() }
}

/// A list in the place of another value.
pub(crate) fn list(at: &Node, items: Vec<Node>) -> Node {
    Node { value: Value::List(Arc::new(items)), span: at.span, via: at.via.clone() }
}

/// A text in the place of another value.
pub(crate) fn text(at: &Node, text: &str) -> Node {
    Node { value: Value::Text(Arc::from(text)), span: at.span, via: at.via.clone() }
}

/// A member that is written nowhere: its key has the place of the object it stands for.
pub(crate) fn member(key: &str, node: Node, at: &Node) -> Member {
    Member { key: Arc::from(key), key_span: at.span, node }
}

/// The object with one member set, in its old place or at the end.
pub(crate) fn replace(node: &Node, key: &str, value: Node) -> Node {
    let mut members = node.members().to_vec();
    match members.iter_mut().rev().find(|member| member.key.eq_ignore_ascii_case(key)) {
        Some(found) => found.node = value,
        None => members.push(member(key, value, node)),
    }
    object(node, members)
}

/// Objects nest this deep at most before the rest is left as it is.
const MAX_DEPTH: usize = 64;

/// Objects whose keys are the user's own: tags, and the outbound rules and identities of a workspace by name.
const NAMED_BY_USERS: &[&str] = &["tags", "tag", "outbound_rules", "outboundRules", "user_assigned_identities"];

/// What a column of Resource Graph starts with.
const COLUMN: &str = "properties_";

/// The document with every key in REST's spelling; itself where no key has an underscore, which is the rule.
pub(crate) fn with_plain_keys(node: &Node) -> Cow<'_, Node> {
    plain(node, 0).map_or(Cow::Borrowed(node), Cow::Owned)
}

/// `None`: nothing changes.
fn plain(node: &Node, depth: usize) -> Option<Node> {
    if depth > MAX_DEPTH {
        return None;
    }
    match &node.value {
        Value::List(items) => changed(items, |item| plain(item, depth + 1)).map(|items| list(node, items)),
        Value::Object(members) => {
            let new = changed(members, |member| {
                let own = NAMED_BY_USERS.iter().any(|key| member.key.eq_ignore_ascii_case(key));
                let inner = if own && member.node.is_object() { None } else { plain(&member.node, depth + 1) };
                let key = if member.key.contains('_') { camel(&member.key) } else { None };
                (inner.is_some() || key.is_some()).then(|| Member {
                    key: key.unwrap_or_else(|| Arc::clone(&member.key)),
                    key_span: member.key_span,
                    node: inner.unwrap_or_else(|| member.node.clone()),
                })
            });
            if new.is_none() && members.iter().all(|member| column(&member.key).is_none()) {
                return None;
            }
            let new = new.unwrap_or_else(|| members.to_vec());
            let mut plain_members = Vec::with_capacity(members.len());
            let mut columns = Vec::new();
            for (member, new) in members.iter().zip(new) {
                match column(&member.key) {
                    Some(path) => columns.push((path, new)),
                    None => plain_members.push(new),
                }
            }
            let mut all = object(node, plain_members);
            for (path, value) in columns {
                all = with_column(&all, &path, value.node, 0);
            }
            Some(all)
        }
        _ => None,
    }
}

/// The items with those replaced that there are others for; `None`: nothing changes.
fn changed<T: Clone>(items: &[T], mut other: impl FnMut(&T) -> Option<T>) -> Option<Vec<T>> {
    let (first, new) = items.iter().enumerate().find_map(|(at, item)| Some((at, other(item)?)))?;
    let mut all = Vec::with_capacity(items.len());
    all.extend_from_slice(&items[..first]);
    all.push(new);
    all.extend(items[first + 1..].iter().map(|item| other(item).unwrap_or_else(|| item.clone())));
    Some(all)
}

/// The way to the property that a column holds: `properties_addressSpace_addressPrefixes`.
fn column(key: &str) -> Option<Vec<&str>> {
    let start = key.get(..COLUMN.len())?;
    let path: Vec<&str> = key[COLUMN.len()..].split('_').filter(|part| !part.is_empty()).collect();
    (start.eq_ignore_ascii_case(COLUMN) && !path.is_empty())
        .then(|| std::iter::once("properties").chain(path).collect())
}

/// An object with a value put in behind several keys. What is no object on the way stays as it is.
fn with_column(node: &Node, path: &[&str], value: Node, depth: usize) -> Node {
    let Some((key, rest)) = path.split_first().filter(|_| depth <= MAX_DEPTH) else { return value };
    match node.get(key) {
        _ if rest.is_empty() => replace(node, key, value),
        Some(inner) if inner.is_object() => replace(node, key, with_column(inner, rest, value, depth + 1)),
        Some(inner) if !inner.is_null() => node.clone(),
        _ => {
            let mut members: Vec<Member> =
                node.members().iter().filter(|one| !one.key.eq_ignore_ascii_case(key)).cloned().collect();
            let empty = object(&value, Vec::new());
            members.push(member(key, with_column(&empty, rest, value, depth + 1), node));
            object(node, members)
        }
    }
}

/// A key in camel case; `None` when it holds no word after an underscore.
fn camel(key: &str) -> Option<Arc<str>> {
    let mut words = key.split('_').filter(|word| !word.is_empty());
    let mut name = words.next()?.to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    Some(Arc::from(name))
}

/// The node with an unknown in place of every expression; `None` when there is none, which is the rule.
pub(crate) fn without_expressions(node: &Node) -> Option<Node> {
    within(node, 0)
}

fn within(node: &Node, depth: usize) -> Option<Node> {
    if depth > MAX_DEPTH {
        return None;
    }
    match &node.value {
        Value::Text(text) if text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[") => {
            let key = format!("{}:{text}", node.span.file.0);
            let unknown = unknown_value(Reason::NotEvaluated, text, node.span, key);
            Some(Node { value: Value::Unknown(unknown), ..node.clone() })
        }
        Value::List(items) => {
            let changed = replaced(items, |item| within(item, depth + 1))?;
            Some(list(node, changed))
        }
        Value::Object(members) => {
            let change =
                |member: &Member| within(&member.node, depth + 1).map(|node| Member { node, ..member.clone() });
            Some(object(node, replaced(members, change)?))
        }
        _ => None,
    }
}

/// The items with the changed ones in their places; `None` when none changes, so that nothing is copied.
fn replaced<T: Clone>(items: &[T], change: impl Fn(&T) -> Option<T>) -> Option<Vec<T>> {
    let (at, first) = items.iter().enumerate().find_map(|(at, item)| Some((at, change(item)?)))?;
    let mut all = items[..at].to_vec();
    all.push(first);
    all.extend(items[at + 1..].iter().map(|item| change(item).unwrap_or_else(|| item.clone())));
    Some(all)
}

#[cfg(test)]
mod tests {
    use crate::json::parse;
    use crate::source::FileId;

    use super::{with_plain_keys, without_expressions};

    fn root(text: &str) -> crate::json::Node {
        parse(FileId(0), text).unwrap().root
    }

    #[test]
    fn snake_case_is_read_and_the_users_own_words_stay() {
        let node = root(
            r#"{"security_rules":[{"destination_port_range":"*"}],"type":"snake_text","tags":{"cost_center":"1"},
                "managed_network":{"outbound_rules":{"my_rule":{"a":1}}}}"#,
        );
        let plain = with_plain_keys(&node);
        let rule = &plain.get("securityRules").unwrap().items()[0];
        assert_eq!(rule.get("destinationPortRange").unwrap().text(), Some("*"));
        assert_eq!(plain.get("type").unwrap().text(), Some("snake_text"));
        assert!(plain.at(&["tags", "cost_center"]).is_some());
        assert!(plain.at(&["managedNetwork", "outboundRules", "my_rule"]).is_some());
        assert!(matches!(with_plain_keys(&root(r#"[{"a":{"b":1}}]"#)), std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn columns_are_properties_again() {
        let node =
            root(r#"{"id":"x","properties_securityRules":[{"name":"r"}],"properties_networkSecurityGroup_id":"n"}"#);
        let plain = with_plain_keys(&node);
        assert_eq!(plain.at(&["properties", "securityRules"]).unwrap().items().len(), 1);
        assert_eq!(plain.at(&["properties", "networkSecurityGroup", "id"]).unwrap().text(), Some("n"));
    }

    #[test]
    fn expressions_are_unknown_and_brackets_alone_are_none() {
        let root = |text| parse(FileId(0), text).unwrap().root;
        assert!(without_expressions(&root(r#"{"a":["x","[[y]","[z"]}"#)).is_none());
        let node = without_expressions(&root(r#"{"a":["x","[f()]","y"],"b":1}"#)).unwrap();
        assert!(node.get("a").unwrap().items()[1].unknown().is_some());
        assert_eq!(node.get("a").unwrap().items()[2].text(), Some("y"));
        assert_eq!(node.members().len(), 2);
    }
}
