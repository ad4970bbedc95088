//! Resource ids, from functions and for resources; holes stay holes.

use std::sync::Arc;

use crate::arm::budget::{Failure, error};
use crate::arm::expansion::{Level, Scope, group_id, subscription_id};
use crate::arm::functions::{Answer, Args, Outcome};
use crate::arm::partial;
use crate::json::{Node, Part, Value};

/// `resourceId([subscription,] [group,] type, name…)`
pub(crate) fn resource_id(scope: &Scope, args: Args<'_>) -> Outcome {
    let at = type_at(args)?;
    let is_guid = |node: &Node| node.text().is_some_and(|text| text.len() == 36 && text.matches('-').count() == 4);
    let pieces = match at {
        0 => scope.id(),
        1 if is_guid(args.node(0)) && scope.level != Level::ResourceGroup => subscription_id(args.node(0)),
        1 => group_id(&scope.subscription, args.node(0)),
        _ => group_id(args.node(at - 2), args.node(at - 1)),
    };
    (0..at).try_for_each(|index| args.sound(index))?;
    provided(pieces, args, at)
}

/// `subscriptionResourceId([subscription,] type, name…)`
pub(crate) fn subscription_resource_id(scope: &Scope, args: Args<'_>) -> Outcome {
    let at = type_at(args)?;
    let subscription = if at == 0 { &scope.subscription } else { args.node(at - 1) };
    provided(subscription_id(subscription), args, at)
}

/// `tenantResourceId(type, name…)`
pub(crate) fn tenant_resource_id(args: Args<'_>) -> Outcome {
    provided(Vec::new(), args, type_at(args)?)
}

/// `managementGroupResourceId([group,] type, name…)`
pub(crate) fn management_group_resource_id(scope: &Scope, args: Args<'_>) -> Outcome {
    let at = type_at(args)?;
    let group = if at == 0 { scope.management_group.clone() } else { args.node(at - 1).clone() };
    let scope = Scope { level: Level::ManagementGroup, management_group: group, ..scope.clone() };
    provided(scope.id(), args, at)
}

/// `extensionResourceId(base, type, name…)`
pub(crate) fn extension_resource_id(args: Args<'_>) -> Outcome {
    if args.len() < 2 {
        return error("a base and a type are needed");
    }
    let base = args.pieces(0)?;
    provided(base, Args { nodes: &args.nodes[1..], ..args }, 0)
}

/// The first argument that reads as a type.
fn type_at(args: Args<'_>) -> Result<usize, Failure> {
    let is_type = |node: &Node| node.text().is_some_and(|text| text.trim_end_matches('/').contains('/'));
    match args.nodes.iter().position(is_type) {
        Some(at) if at <= 2 => Ok(at),
        _ if args.nodes.iter().take(3).any(|node| node.unknown().is_some()) => {
            args.nodes.iter().enumerate().try_for_each(|(index, _)| args.sound(index))?;
            Err(Failure::Unknown)
        }
        _ => error("no argument is a resource type such as `Microsoft.Network/virtualNetworks`"),
    }
}

fn provided(base: Vec<Part>, args: Args<'_>, at: usize) -> Outcome {
    let type_name = args.text(at)?;
    let mut names = Vec::new();
    for index in at + 1..args.len() {
        names.push(args.pieces(index)?);
    }
    let segments = type_name.trim_end_matches('/').matches('/').count();
    if names.len() == 1 && segments > 1 {
        names = cut(names.remove(0));
    }
    if names.len() != segments {
        return error(format!("type `{type_name}` asks for {segments} names, {} are given", names.len()));
    }
    Ok(Answer::Pieces(with_provider(base, type_name, names)))
}

/// `base/providers/namespace/type/name/type/name…`
pub(crate) fn with_provider(mut base: Vec<Part>, type_name: &str, names: Vec<Vec<Part>>) -> Vec<Part> {
    let type_name = type_name.trim_end_matches('/');
    let (namespace, types) = type_name.split_once('/').unwrap_or((type_name, ""));
    base.push(Part::Text(format!("/providers/{namespace}").into()));
    for (segment, name) in types.split('/').zip(names) {
        base.push(Part::Text(format!("/{segment}/").into()));
        base.extend(name);
    }
    base
}

/// A name in pieces, cut at the slashes that are known.
pub(crate) fn cut(name: Vec<Part>) -> Vec<Vec<Part>> {
    let mut out = vec![Vec::new()];
    for piece in name {
        match piece {
            Part::Hole(_) => out.last_mut().expect("starts with one").push(piece),
            Part::Text(text) => {
                for (index, part) in text.split('/').enumerate() {
                    if index > 0 {
                        out.push(Vec::new());
                    }
                    out.last_mut().expect("starts with one").push(Part::Text(part.into()));
                }
            }
        }
    }
    out
}

/// The id of a resource of this full type and full name, as pieces; `None` when the name does not fit the type.
pub(crate) fn of_resource(scope: &Scope, over: Option<&Node>, type_name: &str, name: &Node) -> Option<Vec<Part>> {
    let names = cut(partial::pieces(name)?);
    let base = match over {
        Some(over) => scope_of(scope, over)?,
        None => scope.id(),
    };
    let lower = type_name.to_ascii_lowercase();
    if over.is_none() && lower == "microsoft.resources/resourcegroups" {
        let [group] = names.as_slice() else { return None };
        let mut pieces = subscription_id(&scope.subscription);
        pieces.push(Part::Text("/resourceGroups/".into()));
        pieces.extend(group.iter().cloned());
        return Some(pieces);
    }
    let tenant_wide = lower.starts_with("microsoft.management/managementgroups");
    let base = if tenant_wide && over.is_none() { Vec::new() } else { base };
    // `A.B/c/providers/locks` with the name `x/Microsoft.Authorization/lock` is an extension of `A.B/c`.
    if let Some((outer, inner)) = split_extension(type_name) {
        let mut outer_names = names;
        let count = outer.matches('/').count();
        if outer_names.len() < count + 2 {
            return None;
        }
        let mut inner_names = outer_names.split_off(count);
        let [Part::Text(namespace)] = inner_names.remove(0).as_slice().first_chunk::<1>()?.clone() else { return None };
        return Some(with_provider(
            with_provider(base, outer, outer_names),
            &format!("{namespace}/{inner}"),
            inner_names,
        ));
    }
    (names.len() == type_name.matches('/').count()).then(|| with_provider(base, type_name, names))
}

fn split_extension(type_name: &str) -> Option<(&str, &str)> {
    let at = type_name.to_ascii_lowercase().find("/providers/")?;
    Some((&type_name[..at], &type_name[at + "/providers/".len()..]))
}

/// The id that the `scope` of a resource stands for.
fn scope_of(scope: &Scope, over: &Node) -> Option<Vec<Part>> {
    let pieces = partial::joined(partial::pieces(over)?);
    match pieces.first() {
        Some(Part::Text(text)) if &**text == "/" && pieces.len() == 1 => Some(Vec::new()),
        Some(Part::Text(text)) if !text.starts_with('/') && text.contains('.') => relative(scope, pieces),
        _ => Some(pieces),
    }
}

/// `Microsoft.Network/virtualNetworks/name` under the scope of the deployment.
fn relative(scope: &Scope, pieces: Vec<Part>) -> Option<Vec<Part>> {
    let mut segments = cut(pieces).into_iter();
    let mut id = scope.id();
    id.push(Part::Text("/providers".into()));
    segments.try_for_each(|segment| {
        id.push(Part::Text("/".into()));
        id.extend(segment);
        Some(())
    })?;
    Some(id)
}

/// A target read from an id such as `/subscriptions/x/resourceGroups/y`.
pub(crate) fn target(scope: &Scope, id: &Node, made: impl Fn(Vec<Part>) -> Node) -> Option<Scope> {
    let pieces = partial::joined(partial::pieces(id)?);
    if let [Part::Text(text)] = pieces.as_slice()
        && &**text == "/"
    {
        return Some(Scope { level: Level::Tenant, ..scope.clone() });
    }
    let segments: Vec<Vec<Part>> = cut(pieces).into_iter().filter(|segment| !is_blank(segment)).collect();
    let word = |index: usize| match segments.get(index).map(Vec::as_slice) {
        Some([Part::Text(text)]) => Some(text.to_ascii_lowercase()),
        _ => None,
    };
    let at = |wanted: &str| (0..segments.len()).find(|index| word(*index).as_deref() == Some(wanted));
    let value = |index: usize| segments.get(index + 1).cloned().map(&made);
    if let Some(index) = at("managementgroups") {
        return Some(Scope { level: Level::ManagementGroup, management_group: value(index)?, ..scope.clone() });
    }
    let subscription = value(at("subscriptions")?)?;
    match at("resourcegroups").and_then(value) {
        Some(group) => {
            Some(Scope { level: Level::ResourceGroup, subscription, resource_group: group, ..scope.clone() })
        }
        None => Some(Scope { level: Level::Subscription, subscription, ..scope.clone() }),
    }
}

fn is_blank(segment: &[Part]) -> bool {
    segment.iter().all(|piece| matches!(piece, Part::Text(text) if text.is_empty()))
}

/// The name at the end of the id of a deployment.
pub(crate) fn deployment_name(id: &Node) -> Option<Node> {
    let mut segments = cut(partial::joined(partial::pieces(id)?));
    let name = segments.pop()?;
    let mut word = || match segments.pop()?.as_slice() {
        [Part::Text(text)] => Some(text.to_ascii_lowercase()),
        _ => None,
    };
    let is_deployment = word()?.starts_with("deployment") && word()? == "microsoft.resources";
    is_deployment.then(|| node(name, id, &"name".into()))
}

/// A name under the name of its parent.
pub(crate) fn child_name(parent: &Node, name: &Node) -> Option<Vec<Part>> {
    let mut pieces = partial::pieces(parent)?;
    pieces.push(Part::Text("/".into()));
    pieces.extend(partial::pieces(name)?);
    Some(pieces)
}

/// The text that two ids share when they name one resource, as far as that can be told: the key, in lower case.
pub(crate) fn join_key(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.to_lowercase()),
        Value::Unknown(unknown) => Some(unknown.key.to_lowercase()),
        _ => None,
    }
}

/// A text node or unknown of pieces.
pub(crate) fn node(pieces: Vec<Part>, like: &Node, text: &Arc<str>) -> Node {
    Node { value: partial::assembled(pieces, text, like.span), span: like.span, via: like.via.clone() }
}
