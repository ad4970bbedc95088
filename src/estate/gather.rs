//! Finds the resource objects in an exported document, whatever lists, pages and tables they sit in, and in the output of
//! `az deployment … what-if`, which shows each resource as it will be.
//!
//! What spelling they are in is told by `shape`; templates are not walked here, their resources come from their expansion.

use std::sync::Arc;

use crate::estate::fault;
use crate::estate::fault::Fault;
use crate::estate::identity::short_name;
use crate::estate::kind::Shape;
use crate::estate::normal::{EFFECTIVE_ROUTES, list, member, object, replace, text, with_plain_keys};
use crate::estate::resource::unknown_value;
use crate::estate::shape::{
    MAX_DEPTH, effective_list, effective_routes, either, graph_answer, group_view, is_bare_collection,
    is_effective_route, recognise, recorded_shape, what_if, whole_document, wrapped,
};
use crate::json::{Member, Node, Reason, Unknown, Value};
use crate::manifest;
use crate::pulumi;
use crate::source::Span;
use crate::terraform::{self, Resource};

/// One resource object to read.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The object, as spelt; or a list of effective routes.
    pub node: Node,
    /// How it is spelt. [`Shape::Template`]: expressions in it have been evaluated.
    pub shape: Shape,
    /// It may not exist: a template's condition that is unknown.
    pub condition: Option<Arc<Unknown>>,
    /// It is one of a list of its kind: children so listed are all of their parent's, a child alone may be one of many.
    pub listed: bool,
    /// The list it is in goes on elsewhere.
    pub partial: bool,
}

/// What an exported document holds.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Its resources, in the order written.
    pub pieces: Vec<Piece>,
    /// What makes it incomplete.
    pub faults: Vec<Fault>,
}

/// Every resource of an exported document. Templates, parameters and service tags hold none.
pub fn gather(root: &Node) -> Gathered {
    let mut gathered = Gathered::default();
    if let Some(shape) = recorded_shape(root) {
        gathered.push_recorded(root, shape);
    } else if matches!(whole_document(root), None | Some(Shape::WhatIf)) {
        gathered.walk(&with_plain_keys(root), None, 0);
    }
    gathered
}

impl Gathered {
    /// Names what Azure prints without a name, the effective rules and routes of a network interface, after their file.
    #[must_use]
    pub fn named_after(mut self, file: &str) -> Self {
        let file = short_name(file);
        let mut count = 0;
        for piece in self.pieces.iter_mut().filter(|piece| piece.shape == Shape::Effective) {
            if piece.node.at(&["networkSecurityGroup", "id"]).is_some_and(|id| !id.is_blank()) {
                continue;
            }
            count += 1;
            let name = if count == 1 { file.to_owned() } else { format!("{file}#{count}") };
            let at = &piece.node;
            let name = text(at, &name);
            piece.node = if at.is_list() {
                object(at, vec![member("name", name, at), member(EFFECTIVE_ROUTES, at.clone(), at)])
            } else {
                replace(at, "name", name)
            };
        }
        self
    }

    fn walk(&mut self, node: &Node, within: Option<Shape>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if node.is_list() {
            return self.walk_list(node, within, depth);
        }
        if let Some(changes) = what_if(node) {
            return self.push_changes(node, changes);
        }
        if is_bare_collection(node) {
            return self.push_collections(node, vec![node.clone()]);
        }
        if !node.is_object() || whole_document(node).is_some() {
            return;
        }
        if let Some(interfaces) = group_view(node) {
            return interfaces.items().iter().for_each(|one| self.push_view(one));
        }
        if is_effective_route(node) {
            return self.push(&list(node, vec![node.clone()]), Shape::Effective);
        }
        if let Some((_, shape)) = recognise(node) {
            return self.push(node, within.unwrap_or(shape));
        }
        let before = self.pieces.len();
        if let Some(data) = graph_answer(node) {
            let rows = if data.is_object() { table_rows(data) } else { data.items().to_vec() };
            for row in rows.iter().filter(|row| recognise(row).is_some()) {
                self.push(row, Shape::ResourceGraph);
            }
        } else if let Some(list) = effective_list(node) {
            if effective_routes(list) {
                self.push(list, Shape::Effective);
            } else {
                let items = list.items().iter().filter(|item| item.is_object());
                items.for_each(|item| self.push(item, Shape::Effective));
            }
            return self.note_next_page(node, before);
        } else if let Some(list) = node.get("value").filter(|list| list.is_list()) {
            self.walk(list, within, depth + 1);
        } else {
            return wrapped(node).for_each(|inner| self.walk_wrapped(inner, depth + 1));
        }
        if self.pieces.len() > before {
            self.note_next_page(node, before);
        }
    }

    fn walk_list(&mut self, list: &Node, within: Option<Shape>, depth: usize) {
        if effective_routes(list) {
            return self.push(list, Shape::Effective);
        }
        let (collections, others): (Vec<&Node>, Vec<&Node>) =
            list.items().iter().partition(|item| is_bare_collection(item));
        self.push_collections(list, collections.into_iter().cloned().collect());
        let before = self.pieces.len();
        others.into_iter().for_each(|item| self.walk(item, within, depth + 1));
        let kind = |node: &Node| recognise(node).map(|(kind, _)| kind);
        let first = list.items().first().and_then(kind);
        if list.items().iter().all(|item| kind(item) == first) {
            self.pieces[before..].iter_mut().for_each(|piece| piece.listed = true);
        }
    }

    /// The resources that another program keeps, and what it does not tell of them.
    fn push_recorded(&mut self, root: &Node, shape: Shape) {
        match shape {
            Shape::PulumiStack => {
                let reading = pulumi::read(root);
                for node in reading.native {
                    // Resources with a body that is not flattened have it under `properties`.
                    let is_flat = !node.get("properties").is_some_and(Node::is_object);
                    self.push(&node, if is_flat { Shape::Cli } else { Shape::Rest });
                }
                self.push_terraform(reading.classic, Shape::TerraformState);
                self.push_troubles(reading.troubles, fault::EXPORT_INCOMPLETE);
            }
            Shape::Manifest => {
                manifest::read(root).iter().for_each(|node| self.push(node, shape));
            }
            _ => {
                let reading = terraform::read(root);
                self.push_terraform(reading.resources, shape);
                self.push_troubles(reading.troubles, fault::PLAN_INCOMPLETE);
            }
        }
    }

    fn push_terraform(&mut self, resources: Vec<Resource>, shape: Shape) {
        for Resource { node, is_whole } in resources {
            let shape = if is_whole { shape } else { Shape::Rest };
            self.pieces.push(Piece { node, shape, condition: None, listed: false, partial: false });
        }
    }

    fn push_troubles(&mut self, troubles: Vec<(Span, String)>, kind: &'static str) {
        let fault = |(span, detail)| Fault::new(kind, span, detail, "");
        self.faults.extend(troubles.into_iter().map(fault));
    }

    /// The resources of a what-if, and what it does not show.
    fn push_changes(&mut self, node: &Node, changes: &Node) {
        let possible = either(node, "potentialChanges").map(Node::items).unwrap_or_default();
        let certain = changes.items().iter().map(|one| (one, true));
        for (change, certain) in certain.chain(possible.iter().map(|one| (one, false))) {
            if let Some((node, shape)) = changed(change, &mut self.faults) {
                let condition = (!certain).then(|| only_possible(change));
                self.pieces.push(Piece { node, shape, condition, listed: false, partial: false });
            }
        }
        self.faults.extend(shortcomings(node));
    }

    /// A wrapper is trusted only with resources of the kinds that are read.
    fn walk_wrapped(&mut self, node: &Node, depth: usize) {
        match node.get("body") {
            Some(body) if recognise(node).is_none() => self.walk(body, None, depth),
            _ => self.walk(node, None, depth),
        }
    }

    /// The groups that a security group view shows of a network interface: that of its subnet and its own, each apart.
    fn push_view(&mut self, interface: &Node) {
        let Some(all) = interface.get("securityRuleAssociations") else { return };
        for (key, target) in [("subnetAssociation", "subnets"), ("networkInterfaceAssociation", "networkInterfaces")] {
            let Some(one) = all.get(key).filter(|one| one.is_object()) else { continue };
            let Some(rules) = one.member("securityRules").filter(|rules| rules.node.is_list()) else { continue };
            let ids = rules.node.items().iter().filter_map(|rule| rule.get("id"));
            let group = ids.clone().find_map(|id| Some((id, id.text()?.to_ascii_lowercase().find("/securityrules/")?)));
            let mut members = vec![match group {
                Some((id, end)) => member("id", text(id, &id.text().unwrap_or_default()[..end]), one),
                None => member("name", text(one, short_name(one.get("id").and_then(Node::text).unwrap_or(key))), one),
            }];
            members.push(rules.clone());
            members.extend(all.member("defaultSecurityRules").cloned());
            members.extend(one.get("id").map(|id| {
                let target_id = object(id, vec![member("id", id.clone(), id)]);
                member(target, list(one, vec![target_id]), one)
            }));
            let node = object(one, members);
            let shape = recognise(&node).map_or(Shape::Cli, |(_, shape)| shape);
            self.push(&node, shape);
        }
    }

    fn push(&mut self, node: &Node, shape: Shape) {
        self.pieces.push(Piece { node: node.clone(), shape, condition: None, listed: false, partial: false });
    }

    /// Rule collections without their group are the collections of one group without a name.
    fn push_collections(&mut self, at: &Node, collections: Vec<Node>) {
        if !collections.is_empty() {
            self.push(&object(at, vec![member("ruleCollections", list(at, collections), at)]), Shape::Cli);
        }
    }

    /// Looks whether the list that gave the pieces from `first` on has more pages: then they are not all there are.
    fn note_next_page(&mut self, node: &Node, first: usize) {
        let keys = ["nextLink", "@odata.nextLink", "skip_token", "skipToken", "$skipToken"];
        let found = keys.iter().find_map(|key| node.member(key).filter(|member| !member.node.is_blank()));
        let truncated = node
            .get("resultTruncated")
            .filter(|value| value.text().is_some_and(|text| text.eq_ignore_ascii_case("true")));
        if found.is_some() || truncated.is_some() {
            for piece in &mut self.pieces[first..] {
                (piece.listed, piece.partial) = (false, true);
            }
        }
        if let Some(member) = found {
            let detail = format!("`{}` says that more resources follow; this file holds one page only", member.key);
            let help = Some("export every page, or the resources that are missing here stay unknown".to_owned());
            let fault = Fault::new(fault::INCOMPLETE_LIST, member.node.span, detail, "").via(&member.node);
            self.faults.push(Fault { help, ..fault });
        } else if let Some(value) = truncated {
            let detail = "`resultTruncated` says that resources were left out";
            self.faults.push(Fault::new(fault::INCOMPLETE_LIST, value.span, detail, "").via(value));
        }
    }
}

/// The rows of a Resource Graph table as objects.
fn table_rows(table: &Node) -> Vec<Node> {
    let columns: Vec<(&Node, Arc<str>)> = table
        .get("columns")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .map(|column| {
            let name = column.get("name").unwrap_or(column);
            (name, Arc::from(name.text().unwrap_or("")))
        })
        .collect();
    let rows = table.get("rows").map(Node::items).unwrap_or_default();
    let object = |row: &Node| {
        let members = columns.iter().zip(row.items()).map(|((name, key), value)| Member {
            key: Arc::clone(key),
            key_span: name.span,
            node: value.clone(),
        });
        Node::new(Value::Object(Arc::new(members.collect())), row.span)
    };
    rows.iter().map(object).collect()
}

/// The resource that a change leaves behind, and how it is spelt; `None` when it deletes it, or a fault says that it is
/// not shown.
pub(crate) fn changed(change: &Node, faults: &mut Vec<Fault>) -> Option<(Node, Shape)> {
    let kind = change.get("changeType").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
    if kind == "delete" {
        return None;
    }
    let shown = |key: &str| change.get(key).filter(|state| state.is_object());
    // What is not part of the deployment stays as it is.
    let untouched = matches!(kind.as_str(), "ignore" | "nochange" | "noeffect");
    let state = shown("after").or_else(|| shown("before").filter(|_| untouched));
    let id = change.get("resourceId").filter(|id| id.text().is_some());
    let node = state.map(|state| match id {
        Some(id) if state.get("id").is_none() => replace(state, "id", id.clone()),
        _ => state.clone(),
    });
    let Some((node, (_, shape))) = node.and_then(|node| recognise(&node).map(|found| (node, found))) else {
        let name = id.and_then(Node::text).unwrap_or("a resource");
        let why = change.get("unsupportedReason").and_then(Node::text).filter(|why| !why.is_empty());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let detail = format!("the what-if does not show what becomes of `{name}`{why}");
        let help = "let it show whole resources: `--result-format FullResourcePayloads`";
        faults.push(incomplete(id.unwrap_or(change), detail, name, help));
        return None;
    };
    Some((node, shape))
}

/// The condition of a change that may not come to be.
pub(crate) fn only_possible(change: &Node) -> Arc<Unknown> {
    let key = format!("possible {}:{}", change.span.file.0, change.span.start);
    unknown_value(Reason::Condition, "potentialChanges", change.span, key)
}

/// Why the output is not the whole truth: it failed, or it says that parts were not looked into.
pub(crate) fn shortcomings(node: &Node) -> Vec<Fault> {
    let help = "mend what it names and run the what-if again";
    let mut faults = Vec::new();
    let failed = |status: &&Node| status.text().is_some_and(|text| !text.eq_ignore_ascii_case("succeeded"));
    if let Some(status) = node.get("status").filter(failed) {
        let detail = format!("the what-if ended with status `{}`", status.text().unwrap_or_default());
        faults.push(incomplete(status, detail, "", help));
    }
    for diagnostic in either(node, "diagnostics").map(Node::items).unwrap_or_default() {
        let said = |key: &str| diagnostic.get(key).and_then(Node::text).unwrap_or_default();
        if !said("level").eq_ignore_ascii_case("info") {
            let at = diagnostic.get("message").unwrap_or(diagnostic);
            faults.push(incomplete(
                at,
                format!("the what-if is not complete: {}", said("message")),
                said("target"),
                help,
            ));
        }
    }
    faults
}

fn incomplete(at: &Node, detail: String, resource: &str, help: &str) -> Fault {
    let fault = Fault::new(fault::WHAT_IF_INCOMPLETE, at.span, detail, resource).via(at);
    Fault { help: Some(help.to_owned()), ..fault }
}

#[cfg(test)]
mod tests {
    use crate::estate::kind::Shape;
    use crate::json::parse;
    use crate::source::FileId;

    use super::{Gathered, gather};

    fn gathered(text: &str) -> Gathered {
        gather(&parse(FileId(0), text).unwrap().root)
    }

    #[test]
    fn pages_tables_and_wrappers_are_opened() {
        for (text, count, shape) in [
            (r#"{"value":[{"name":"a","properties":{"securityRules":[]}}]}"#, 1, Shape::Rest),
            (r#"[[{"name":"a","securityRules":[]}],{"name":"b","routes":[{"nextHopType":"None"}]}]"#, 2, Shape::Cli),
            (
                r#"{"data":{"columns":[{"name":"type"},{"name":"name"}],"rows":[["microsoft.network/routetables","a"]]},"count":1}"#,
                1,
                Shape::ResourceGraph,
            ),
            (r#"{"newNSG":{"name":"a","securityRules":[]}}"#, 1, Shape::Cli),
            (
                r#"{"parameters":{"subscriptionId":"s"},"responses":{"200":{"body":{"name":"a","properties":{"securityRules":[]}}}}}"#,
                1,
                Shape::Rest,
            ),
            (r#"{"networkSecurityGroups":[{"effectiveSecurityRules":[]}]}"#, 1, Shape::Effective),
            (
                r#"{"value":[{"addressPrefix":["0.0.0.0/0"],"nextHopType":"None","state":"Active"}]}"#,
                1,
                Shape::Effective,
            ),
            (
                r#"{"contentVersion":"1.0.0.0","resources":[{"name":"a","properties":{"securityRules":[]}}]}"#,
                0,
                Shape::Rest,
            ),
        ] {
            let found = gathered(text);
            assert_eq!(found.pieces.len(), count, "{text}");
            assert!(found.pieces.iter().all(|piece| piece.shape == shape), "{text}");
        }
    }

    #[test]
    fn a_view_shows_the_group_of_the_subnet_and_that_of_the_interface() {
        let group = |name: &str| {
            format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/{name}")
        };
        let rules = |name: &str| format!(r#"[{{"id":"{}/securityRules/r","name":"r","priority":100}}]"#, group(name));
        let view = format!(
            r#"{{"networkInterfaces":[{{"id":"/nic","securityRuleAssociations":{{
                "subnetAssociation":{{"id":"/v/subnets/s","securityRules":{}}},
                "networkInterfaceAssociation":{{"id":"/nic","securityRules":{}}},
                "defaultSecurityRules":[{{"name":"DenyAllInBound"}}],"effectiveSecurityRules":[]}}}}]}}"#,
            rules("a"),
            rules("b")
        );
        let found = gathered(&view);
        let said = |at: usize, path: &[&str]| found.pieces[at].node.at(path).and_then(crate::json::Node::text);
        assert_eq!(said(0, &["id"]), Some(&*group("a")));
        assert_eq!(said(1, &["id"]), Some(&*group("b")));
        let of = |at: usize, key: &str| found.pieces[at].node.get(key).map(|list| list.items().len());
        assert_eq!(
            (of(0, "subnets"), of(1, "networkInterfaces"), of(0, "defaultSecurityRules")),
            (Some(1), Some(1), Some(1))
        );
        assert_eq!(found.pieces.len(), 2);
    }

    #[test]
    fn what_one_command_prints_of_several_is_opened_by_name() {
        let route = r#"{"addressPrefix":["0.0.0.0/0"],"nextHopType":"None","state":"Active"}"#;
        let rules = r#"{"effectiveSecurityRules":[]}"#;
        for (text, count) in [
            (route.to_owned(), 1),
            (format!(r#"{{"a":{{"value":[{route}]}},"b":[{route}]}}"#), 2),
            (format!(r#"{{"a":{{"value":[{rules}]}},"b":{{"networkSecurityGroups":[{rules}]}}}}"#), 2),
        ] {
            let found = gathered(&text);
            assert_eq!(found.pieces.len(), count, "{text}");
            assert!(found.pieces.iter().all(|piece| piece.shape == Shape::Effective), "{text}");
        }
    }

    #[test]
    fn collections_without_a_group_make_one() {
        let text = r#"[{"name":"a","ruleCollectionType":"FirewallPolicyFilterRuleCollection","rules":[]},
            {"name":"b","ruleCollectionType":"FirewallPolicyFilterRuleCollection","rules":[]}]"#;
        let found = gathered(text);
        assert_eq!(found.pieces.len(), 1);
        assert_eq!(found.pieces[0].node.get("ruleCollections").unwrap().items().len(), 2);
    }

    #[test]
    fn what_azure_prints_without_a_name_is_named_after_its_file() {
        let routes = r#"{"value":[{"addressPrefix":["0.0.0.0/0"],"nextHopType":"None","state":"Active"}]}"#;
        let names = |text: &str| {
            let found = gathered(text).named_after("exports/nic.json");
            found.pieces.iter().filter_map(|piece| Some(piece.node.get("name")?.text()?.to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(names(&format!("[{routes},{routes}]")), ["nic.json", "nic.json#2"]);
        assert_eq!(names(r#"{"value":[{"effectiveSecurityRules":[]}]}"#), ["nic.json"]);
        let known = r#"{"value":[{"networkSecurityGroup":{"id":"/a/b"},"effectiveSecurityRules":[]}]}"#;
        assert!(names(known).is_empty());
    }

    #[test]
    fn another_page_makes_the_input_incomplete() {
        let text = r#"{"value":[{"name":"a","properties":{"securityRules":[]}}],"nextLink":"https://x"}"#;
        assert_eq!(gathered(text).faults[0].kind, "incomplete-list");
        assert!(gathered(&text.replace("\"https://x\"", "null")).faults.is_empty());
        let foreign = r#"{"value":[{"a":1}],"nextLink":"https://x"}"#;
        assert!(gathered(foreign).faults.is_empty());
    }

    fn nsg(rules: usize) -> String {
        let rule = r#"{"name":"r","properties":{}}"#;
        format!(
            r#"{{"type":"Microsoft.Network/networkSecurityGroups","name":"n","properties":{{"securityRules":[{}]}}}}"#,
            vec![rule; rules].join(",")
        )
    }

    #[test]
    fn the_state_after_counts_and_what_is_deleted_is_gone() {
        for (kind, before, after, rules) in [
            ("Create", None, Some(1), Some(1)),
            ("Modify", Some(0), Some(1), Some(1)),
            ("NoChange", Some(2), None, Some(2)),
            ("Ignore", Some(2), None, Some(2)),
            ("Delete", Some(2), None, None),
            ("Delete", Some(2), Some(2), None),
        ] {
            let state = |key: &str, rules: Option<usize>| {
                rules.map_or_else(String::new, |rules| format!(r#","{key}":{}"#, nsg(rules)))
            };
            let (before, after) = (state("before", before), state("after", after));
            let text = format!(
                r#"{{"status":"Succeeded","changes":[{{"resourceId":"/n","changeType":"{kind}"{before}{after}}}]}}"#
            );
            let found = gathered(&text);
            let count = |node: &crate::json::Node| node.at(&["properties", "securityRules"]).unwrap().items().len();
            assert_eq!(found.pieces.first().map(|piece| count(&piece.node)), rules, "{text}");
            assert!(found.faults.is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_not_shown_is_said() {
        for text in [
            r#"{"changes":[{"resourceId":"/n","changeType":"Deploy"}]}"#.to_owned(),
            format!(r#"{{"changes":[{{"resourceId":"/n","changeType":"Modify","before":{}}}]}}"#, nsg(1)),
            format!(
                r#"{{"status":"Failed","changes":[{{"resourceId":"/n","changeType":"Create","after":{}}}]}}"#,
                nsg(1)
            ),
            format!(
                r#"{{"changes":[{{"resourceId":"/n","changeType":"Create","after":{}}}],
                    "diagnostics":[{{"level":"Warning","message":"a nested deployment was not looked into"}}]}}"#,
                nsg(1)
            ),
        ] {
            let found = gathered(&text);
            assert_eq!(
                found.faults.iter().map(|fault| fault.kind).collect::<Vec<_>>(),
                ["what-if-incomplete"],
                "{text}"
            );
        }
    }

    #[test]
    fn the_reason_why_a_change_is_not_shown_is_told() {
        let text = r#"{"changes":[{"resourceId":"/n","changeType":"Unsupported","unsupportedReason":"its name is not known"}]}"#;
        assert!(gathered(text).faults[0].detail.ends_with("of `/n`: its name is not known"));
    }

    #[test]
    fn a_change_that_is_only_possible_is_open() {
        let text = format!(
            r#"{{"changes":[{{"resourceId":"/a","changeType":"Delete"}}],
                "potentialChanges":[{{"resourceId":"/n","changeType":"Create","after":{}}}]}}"#,
            nsg(1)
        );
        assert!(gathered(&text).pieces[0].condition.is_some());
    }
}
