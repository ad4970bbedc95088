//! Keys of other writers in REST's spelling: snake case, as `az ml` and `as_dict()` of the Python SDKs write it, and the
//! columns `properties_…` that Resource Graph makes of properties picked out by `project`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::estate::normal::assemble::{member, object, replace};
use crate::json::{Member, Node, Value};

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
        Value::List(items) => {
            let changed: Vec<Option<Node>> = items.iter().map(|item| plain(item, depth + 1)).collect();
            if changed.iter().all(Option::is_none) {
                return None;
            }
            let items = items.iter().zip(changed).map(|(item, new)| new.unwrap_or_else(|| item.clone()));
            Some(Node { value: Value::List(Arc::new(items.collect())), ..node.clone() })
        }
        Value::Object(members) => {
            let changed = |member: &Member| {
                let own = NAMED_BY_USERS.iter().any(|key| member.key.eq_ignore_ascii_case(key));
                let inner = if own && member.node.is_object() { None } else { plain(&member.node, depth + 1) };
                let key = if member.key.contains('_') { camel(&member.key) } else { None };
                (inner.is_some() || key.is_some()).then(|| Member {
                    key: key.unwrap_or_else(|| Arc::clone(&member.key)),
                    key_span: member.key_span,
                    node: inner.unwrap_or_else(|| member.node.clone()),
                })
            };
            let changed: Vec<Option<Member>> = members.iter().map(changed).collect();
            if changed.iter().all(Option::is_none) && members.iter().all(|member| column(&member.key).is_none()) {
                return None;
            }
            let mut plain_members = Vec::with_capacity(members.len());
            let mut columns = Vec::new();
            for (member, new) in members.iter().zip(changed) {
                let new = new.unwrap_or_else(|| member.clone());
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

#[cfg(test)]
mod tests {
    use super::with_plain_keys;
    use crate::json::parse;
    use crate::source::FileId;

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
}
