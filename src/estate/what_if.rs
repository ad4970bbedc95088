//! The output of `az deployment … what-if`: each resource as it will be, and what the output does not show.
//!
//! That a document is such an output, `shape` tells.

use std::sync::Arc;

use crate::estate::fault;
use crate::estate::kind::Shape;
use crate::estate::normal::replace;
use crate::estate::resource::Fault;
use crate::estate::shape::{either, recognise};
use crate::json::{Node, Reason, Unknown};

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
        let detail = format!("the what-if does not show what becomes of `{name}`");
        let help = "let it show whole resources: `--result-format FullResourcePayloads`";
        faults.push(incomplete(id.unwrap_or(change), detail, name, help));
        return None;
    };
    Some((node, shape))
}

/// The condition of a change that may not come to be.
pub(crate) fn only_possible(change: &Node) -> Arc<Unknown> {
    Arc::new(Unknown {
        reason: Reason::Condition,
        text: Arc::from("potentialChanges"),
        span: change.span,
        key: Arc::from(format!("possible {}:{}", change.span.file.0, change.span.start)),
        parts: Vec::new(),
        domain: Vec::new(),
    })
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
    Fault {
        kind: fault::WHAT_IF_INCOMPLETE,
        detail,
        span: at.span,
        via: at.via.clone(),
        related: None,
        resource: resource.to_owned(),
        help: Some(help.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::estate::gather::{Gathered, gather};
    use crate::json::parse;
    use crate::source::FileId;

    fn gathered(text: &str) -> Gathered {
        gather(&parse(FileId(0), text).unwrap().root)
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
    fn a_change_that_is_only_possible_is_open() {
        let text = format!(
            r#"{{"changes":[{{"resourceId":"/a","changeType":"Delete"}}],
                "potentialChanges":[{{"resourceId":"/n","changeType":"Create","after":{}}}]}}"#,
            nsg(1)
        );
        assert!(gathered(&text).pieces[0].condition.is_some());
    }
}
