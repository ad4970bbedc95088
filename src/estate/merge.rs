//! One resource written twice: the union of both writings. Where they contradict each other the value is unknown, since
//! no file says which of them holds; the first such place by its name is told, whatever the order it is written in.
//!
//! What is in one writing only is no contradiction: a template says less than an export.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashSet, HashSetExt};

use crate::estate::identity::{Id, known_end, short_name};
use crate::estate::resource::unknown_value;
use crate::json::{Member, Node, Reason, Unknown, Value};
use crate::source::Span;

/// Where two writings contradict each other.
#[derive(Clone, Debug)]
pub(crate) struct Conflict {
    /// The property, by its keys with dots between them.
    pub(crate) path: String,
    /// Its value in the first writing.
    pub(crate) first: Span,
    /// Its value in the second.
    pub(crate) second: Span,
}

/// Objects nest this deep at most before the first writing is taken as it is.
const MAX_DEPTH: usize = 32;

/// What differs from export to export and says nothing about the network.
const VOLATILE: &[&str] = &[
    "name",
    "id",
    "type",
    "location",
    "etag",
    "tags",
    "provisioningState",
    "resourceGuid",
    "systemData",
    "apiVersion",
    "dependsOn",
    "condition",
    "comments",
    "copy",
    "resourceGroup",
    "resourceGroupName",
    "subscriptionId",
    "tenantId",
    "resources",
    "defaultSecurityRules",
];

/// Lists of which each writing may show a part: children of their own, and mentions of resources that point here.
const OPEN_LISTS: &[&str] = &[
    "subnets",
    "networkInterfaces",
    "ipConfigurations",
    "privateEndpoints",
    "virtualNetworkPeerings",
    "privateEndpointConnections",
    "ruleCollectionGroups",
    "childPolicies",
    "firewalls",
    "firewallPolicies",
];

/// Lists whose items are kept in both writings when they contradict each other, so that neither is believed blindly.
const RULE_LISTS: &[&str] = &["securityRules", "routes"];

/// Mentions of other resources: the id in them is what they say.
const REFERENCES: &[&str] = &[
    "networkSecurityGroup",
    "routeTable",
    "natGateway",
    "firewallPolicy",
    "basePolicy",
    "virtualHub",
    "remoteVirtualNetwork",
    "remoteVirtualHub",
    "associatedRouteTable",
    "subnet",
];

/// The union of two writings; where they contradict each other it is unknown.
pub(crate) fn merge(one: &Node, two: &Node) -> (Node, Option<Conflict>) {
    let mut node = one.clone();
    let conflict = Union::default().add(&mut node, two);
    (node, conflict)
}

/// What a union of many writings knows of its long lists, so that each writing costs what it holds itself.
#[derive(Debug, Default)]
pub(crate) struct Union {
    lists: BTreeMap<Vec<Arc<str>>, Items>,
}

impl Union {
    /// Adds another writing to a union of some.
    pub(crate) fn add(&mut self, union: &mut Node, writing: &Node) -> Option<Conflict> {
        let mut merger = Merger { conflict: None, path: Vec::new(), lists: Some(&mut self.lists) };
        merger.nodes(union, writing);
        merger.conflict
    }
}

/// The items of a list by what they are known by.
#[derive(Debug, Default)]
struct Items {
    count: usize,
    places: HashMap<String, usize>,
    /// Whether one of them has no identity.
    nameless: bool,
    /// Whether one of them has a name.
    named: bool,
}

impl Items {
    /// Takes in the items that it does not know yet.
    fn extend(&mut self, items: &[Node]) {
        for (at, item) in items.iter().enumerate().skip(self.count) {
            match identity(item) {
                Some(identity) => {
                    self.places.entry(identity).or_insert(at);
                }
                None => self.nameless = true,
            }
            self.named |= item.get("name").is_some();
        }
        self.count = items.len();
    }
}

struct Merger<'u> {
    conflict: Option<Conflict>,
    path: Vec<Arc<str>>,
    /// None inside the items of a list.
    lists: Option<&'u mut BTreeMap<Vec<Arc<str>>, Items>>,
}

/// What becomes of a member that both writings have.
enum Both<'n> {
    Stays,
    Becomes(&'n Node),
    Union(&'n Node),
    Contradicts(&'n Node),
}

impl Merger<'_> {
    fn nodes(&mut self, one: &mut Node, two: &Node) {
        if two.is_blank() || self.path.len() > MAX_DEPTH {
            return;
        }
        if one.is_blank() {
            return self.replace(one, two);
        }
        match (&one.value, &two.value) {
            (Value::Unknown(_), Value::Unknown(_)) => {}
            (Value::Unknown(_), _) => self.replace(one, two),
            (_, Value::Unknown(_)) => {}
            (Value::Object(first), Value::Object(second)) if Arc::ptr_eq(first, second) => {}
            (Value::Object(_), Value::Object(_)) => self.objects(one, two),
            (Value::List(first), Value::List(second)) if Arc::ptr_eq(first, second) => {}
            (Value::List(_), Value::List(_)) => self.lists(one, two),
            _ => {
                if scalar(one).is_none() || scalar(one) != scalar(two) {
                    self.contradict(one, two);
                }
            }
        }
    }

    /// Puts another value in the place of one: nothing is known of what is in it.
    fn replace(&mut self, one: &mut Node, two: &Node) {
        let path = &self.path;
        if let Some(lists) = &mut self.lists {
            lists.retain(|known, _| !known.starts_with(path));
        }
        *one = two.clone();
    }

    fn objects(&mut self, one: &mut Node, two: &Node) {
        // Keys of hostile objects can be many: look them up, do not search.
        let index: HashMap<String, &Member> =
            two.members().iter().map(|member| (member.key.to_ascii_lowercase(), member)).collect();
        let mut seen: HashSet<String> = HashSet::with_capacity(one.members().len());
        let mut plans = Vec::with_capacity(one.members().len());
        for member in one.members() {
            let key = member.key.to_ascii_lowercase();
            plans.push(index.get(&key).map_or(Both::Stays, |other| self.plan(one, two, &key, member, &other.node)));
            seen.insert(key);
        }
        let more: Vec<Member> =
            two.members().iter().filter(|member| !seen.contains(&member.key.to_ascii_lowercase())).cloned().collect();
        let Value::Object(members) = &mut one.value else { return };
        if more.is_empty() && plans.iter().all(|plan| matches!(plan, Both::Stays)) {
            return;
        }
        let members = Arc::make_mut(members);
        for (member, plan) in members.iter_mut().zip(plans) {
            match plan {
                Both::Stays => {}
                Both::Becomes(other) => {
                    self.path.push(Arc::clone(&member.key));
                    self.replace(&mut member.node, other);
                    self.path.pop();
                }
                Both::Contradicts(other) => self.contradict(&mut member.node, other),
                Both::Union(other) => {
                    self.path.push(Arc::clone(&member.key));
                    self.nodes(&mut member.node, other);
                    self.path.pop();
                }
            }
        }
        members.extend(more);
    }

    /// What becomes of a member of `one` that `two` has as well; `key` is its key in lower case.
    fn plan<'n>(&self, one: &Node, two: &Node, key: &str, member: &Member, other: &'n Node) -> Both<'n> {
        // The type of a collection's action is what it does.
        let is_action = key == "type" && self.path.last().is_some_and(|key| key.eq_ignore_ascii_case("action"));
        let volatile = !is_action && VOLATILE.iter().any(|name| name.eq_ignore_ascii_case(key));
        if member.node.is_blank() {
            return Both::Becomes(other);
        }
        // The usual way to keep an address that Azure chose.
        if fixes_address(one, two, key) {
            return if is_static(other) { Both::Becomes(other) } else { Both::Stays };
        }
        // An id that one writing knows is the id, whichever of the two comes first.
        if volatile && member.node.unknown().is_some() {
            return Both::Becomes(other);
        }
        if !volatile {
            return Both::Union(other);
        }
        let contradicts = key == "id" && self.is_reference() && !may_be_one(&member.node, other);
        if contradicts { Both::Contradicts(other) } else { Both::Stays }
    }

    fn lists(&mut self, one: &mut Node, two: &Node) {
        let within = |names: &[&str]| {
            self.path.last().is_some_and(|key| names.iter().any(|name| name.eq_ignore_ascii_case(key)))
        };
        let (open, rules) = (within(OPEN_LISTS), within(RULE_LISTS));
        let known = self.lists.as_mut().and_then(|lists| lists.remove(&self.path));
        // A list that became another one since is looked at anew.
        let mut known = known.filter(|known| known.count == one.items().len()).unwrap_or_default();
        known.extend(one.items());
        let named = !known.nameless && two.items().iter().all(|item| identity(item).is_some());
        if !named || !(open || rules || known.named) {
            if !same_items(one, two) && !open {
                self.contradict(one, two);
            }
            return;
        }
        self.items(one, two, &mut known, (open, rules));
        known.extend(one.items());
        if let Some(lists) = &mut self.lists {
            lists.insert(self.path.clone(), known);
        }
    }

    /// Adds the items of a list to those of another, where all have names. `(open, rules)`: whether each writing may show
    /// a part of it, and whether both of two items that contradict each other are kept.
    fn items(&mut self, one: &mut Node, two: &Node, known: &mut Items, (open, rules): (bool, bool)) {
        let (before, count, span) = (self.conflict.is_some(), known.count, one.span);
        let Value::List(items) = &mut one.value else { return };
        let items = Arc::make_mut(items);
        let mut matched = 0;
        for item in two.items() {
            let Some(&at) = known.places.get(&identity(item).unwrap_or_default()) else {
                if !open && !before {
                    self.note(span, item.span);
                }
                items.push(item.clone());
                continue;
            };
            matched += 1;
            let mut inner = Merger { conflict: None, path: self.path.clone(), lists: None };
            let mut merged = items[at].clone();
            inner.nodes(&mut merged, item);
            match inner.conflict {
                Some(conflict) if rules => {
                    self.conflict.get_or_insert(conflict);
                    items.push(item.clone());
                }
                conflict => {
                    if self.conflict.is_none() {
                        self.conflict = conflict;
                    }
                    items[at] = merged;
                    known.named |= item.get("name").is_some();
                }
            }
        }
        if !open && matched < count && self.conflict.is_none() {
            self.note(span, two.span);
        }
    }

    /// Whether the object at hand is a mention of another resource.
    fn is_reference(&self) -> bool {
        self.path.last().is_some_and(|key| REFERENCES.iter().any(|name| name.eq_ignore_ascii_case(key)))
    }

    /// Notes that two values contradict each other; what is known of them is nothing.
    fn contradict(&mut self, one: &mut Node, two: &Node) {
        self.note(one.span, two.span);
        one.value = Value::Unknown(contradicted(one.span));
    }

    fn note(&mut self, first: Span, second: Span) {
        let path: Vec<&str> = self.path.iter().map(|key| &**key).filter(|key| *key != "properties").collect();
        let path = path.join(".");
        if self.conflict.as_ref().is_none_or(|least| path < least.path) {
            self.conflict = Some(Conflict { path, first, second });
        }
    }
}

/// A value of which two writings say two things; `at` is the place of one of them.
pub(crate) fn contradicted(at: Span) -> Arc<Unknown> {
    let reason = Reason::Invalid("it is written twice, and the two differ".into());
    unknown_value(reason, "", at, format!("contradicted {}:{}", at.file.0, at.start))
}

/// Whether two ids may be the same one; what is no id says nothing.
fn may_be_one(one: &Node, two: &Node) -> bool {
    match (Id::of_value(one), Id::of_value(two)) {
        (Some(one), Some(two)) => one.is_compatible(&two),
        _ => true,
    }
}

fn is_static(node: &Node) -> bool {
    node.text().is_some_and(|text| text.eq_ignore_ascii_case("Static"))
}

/// Whether `key` is how an address is allocated, and one of two writings makes static the address that the other got.
fn fixes_address(one: &Node, two: &Node, key: &str) -> bool {
    if !key.ends_with("allocationmethod") {
        return false;
    }
    let is_got = |node: &Node| {
        let address = node.members().iter().find(|member| member.key.to_ascii_lowercase().ends_with("ipaddress"));
        let unknown = address.and_then(|address| address.node.unknown());
        node.get(key).is_some_and(is_static) && unknown.is_some_and(|unknown| unknown.reason == Reason::Reference)
    };
    is_got(one) != is_got(two)
}

/// A scalar as text, such that `100` and `"100"`, `Tcp` and `TCP` are the same.
fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.to_ascii_lowercase()),
        Value::Number(number) => Some(number.as_str().to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// What an item of a list is known by: its name, else its id.
pub(crate) fn identity(item: &Node) -> Option<String> {
    let last = |node: &Node| match &node.value {
        Value::Text(text) => Some(short_name(text).to_ascii_lowercase()),
        Value::Unknown(unknown) => Some(match known_end(unknown) {
            Some(end) => end.to_ascii_lowercase(),
            None => format!("{{{}}}", unknown.key),
        }),
        _ => None,
    };
    item.get("name").and_then(last).or_else(|| item.get("id").and_then(last))
}

/// Whether two lists hold the same things in any order.
fn same_items(one: &Node, two: &Node) -> bool {
    let sorted = |list: &Node| {
        let mut items: Vec<Option<String>> = list.items().iter().map(scalar).collect();
        items.sort();
        items
    };
    let (first, second) = (sorted(one), sorted(two));
    if first.iter().chain(&second).any(Option::is_none) {
        // Unnamed objects are compared in order.
        let objects = one.items().iter().zip(two.items());
        return one.items().len() == two.items().len()
            && objects.into_iter().all(|(one, two)| merge(one, two).1.is_none());
    }
    first == second
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::json::{Node, parse};
    use crate::source::FileId;

    fn both(one: &str, two: &str) -> (Node, Option<String>) {
        let root = |text| parse(FileId(0), text).unwrap().root;
        let (node, conflict) = merge(&root(one), &root(two));
        (node, conflict.map(|conflict| conflict.path))
    }

    #[test]
    fn what_only_one_says_is_kept() {
        let (node, conflict) = both(r#"{"a":1,"c":null}"#, r#"{"A":"1","b":2,"c":3}"#);
        assert!(conflict.is_none());
        assert_eq!(node.members().len(), 3);
        assert_eq!(node.get("c").unwrap().kind(), "a number");
    }

    #[test]
    fn a_contradiction_is_found_once_by_its_path() {
        let text = |port: u16| {
            format!(
                r#"{{"properties":{{"securityRules":[{{"name":"r","properties":{{"destinationPortRange":"{port}"}}}}]}}}}"#
            )
        };
        let (node, conflict) = both(&text(80), &text(443));
        assert_eq!(conflict.as_deref(), Some("securityRules.destinationPortRange"));
        assert_eq!(node.at(&["properties", "securityRules"]).unwrap().items().len(), 2);
        assert!(both(&text(80), &text(80)).1.is_none());
    }

    #[test]
    fn each_writing_may_show_other_subnets() {
        let (node, conflict) = both(r#"{"subnets":[{"id":"/a"}]}"#, r#"{"subnets":[{"id":"/b"}]}"#);
        assert!(conflict.is_none());
        assert_eq!(node.get("subnets").unwrap().items().len(), 2);
    }
}
