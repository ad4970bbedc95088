//! Rule collection groups as firewall policies of 2019 and 2020 wrote them (FW-2): `rules` hold what are collections
//! today, `ruleConditions` what are rules. PowerShell's singular `RuleCollection` is mended here too.

use std::sync::Arc;

use crate::estate::normal::assemble::{object, replace};
use crate::json::{Member, Node, Value};

/// A group in today's form. One that has that form already is returned as it is.
pub(crate) fn modern(node: Node) -> Node {
    let Some(properties) = node.get("properties").filter(|properties| properties.get("ruleCollections").is_none())
    else {
        return node;
    };
    let members = properties.members().iter().map(|member| match () {
        () if is(member, "rules") => renamed(member, "ruleCollections", list(&member.node, collection)),
        () if is(member, "ruleCollection") => renamed(member, "ruleCollections", member.node.clone()),
        () => member.clone(),
    });
    let properties = object(properties, members.collect());
    replace(&node, "properties", properties)
}

fn collection(node: &Node) -> Node {
    let members = node.members().iter().map(|member| match () {
        () if is(member, "ruleType") => {
            renamed(member, "ruleCollectionType", suffixed(&member.node, "Rule", "RuleCollection"))
        }
        () if is(member, "ruleConditions") => renamed(member, "rules", list(&member.node, rule)),
        () if is(member, "ruleCondition") => {
            let one = Node { value: Value::List(Arc::new(vec![rule(&member.node)])), ..member.node.clone() };
            renamed(member, "rules", one)
        }
        () => member.clone(),
    });
    object(node, members.collect())
}

fn rule(node: &Node) -> Node {
    let members = node.members().iter().map(|member| match () {
        () if is(member, "ruleConditionType") => renamed(member, "ruleType", suffixed(&member.node, "Condition", "")),
        () => member.clone(),
    });
    if node.is_object() { object(node, members.collect()) } else { node.clone() }
}

fn is(member: &Member, key: &str) -> bool {
    member.key.eq_ignore_ascii_case(key)
}

fn renamed(member: &Member, key: &str, node: Node) -> Member {
    Member { key: Arc::from(key), key_span: member.key_span, node }
}

fn list(node: &Node, each: fn(&Node) -> Node) -> Node {
    match &node.value {
        Value::List(items) => Node { value: Value::List(Arc::new(items.iter().map(each).collect())), ..node.clone() },
        _ => node.clone(),
    }
}

/// `FirewallPolicyFilterRule` → `FirewallPolicyFilterRuleCollection`, `NetworkRuleCondition` → `NetworkRule`.
fn suffixed(node: &Node, old: &str, new: &str) -> Node {
    match node.text().and_then(|text| text.strip_suffix(old)) {
        Some(front) => Node { value: Value::Text(Arc::from(format!("{front}{new}"))), ..node.clone() },
        None => node.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::modern;
    use crate::json::parse;
    use crate::source::FileId;

    #[test]
    fn old_groups_read_like_new_ones() {
        let text = r#"{"name":"g","properties":{"priority":300,"rules":[{"name":"c","ruleType":"FirewallPolicyFilterRule","priority":100,
            "action":{"type":"Allow"},"ruleConditions":[{"name":"r","ruleConditionType":"NetworkRuleCondition"}]}]}}"#;
        let node = modern(parse(FileId(0), text).unwrap().root);
        let collection = &node.at(&["properties", "ruleCollections"]).unwrap().items()[0];
        assert_eq!(collection.get("ruleCollectionType").unwrap().text(), Some("FirewallPolicyFilterRuleCollection"));
        assert_eq!(collection.get("rules").unwrap().items()[0].get("ruleType").unwrap().text(), Some("NetworkRule"));
    }
}
