//! One resource of Terraform in REST form (TF-100 to TF-102), and the bodies of the azapi provider (TF-170).

use std::sync::Arc;

use crate::json::{Document, Member, Node, Part, parse};
use crate::terraform::configuration::Step;
use crate::terraform::edit::{member, members_of, object, of_pieces, pieces, put, text};
use crate::terraform::instance::after_apply;
use crate::terraform::join::name_step;
use crate::terraform::map::{Level, Mapper, Way, trim};
use crate::terraform::table::{Inner, Mapping, inner};

/// A resource with what every one has.
pub(crate) fn envelope(values: &Node, azure: &str, id: &Node) -> Node {
    let mut members = Vec::with_capacity(7);
    members.extend(values.member("name").filter(|name| !name.node.is_blank()).cloned());
    members.push(member("id", id.clone()));
    members.push(member("type", text(values, azure)));
    for key in ["location", "tags", "zones"] {
        members.extend(values.member(key).filter(|one| !one.node.is_blank()).cloned());
    }
    members.push(Member { key: "properties".into(), key_span: values.span, node: object(values, Vec::new()) });
    object(values, members)
}

/// A resource in REST form.
pub(crate) fn in_rest_form(mapper: &Mapper<'_>, mapping: &Mapping, values: &Node, id: &Node) -> Node {
    let mut node = envelope(values, mapping.azure, id);
    mapper.apply(mapping.rows, values, &mut node, Level::Wrapped, &Way::Steps(&[]));
    trim(&mut node);
    node
}

/// What stands in blocks of a resource and is one of its own in Azure.
pub(crate) fn inner_resources(mapper: &Mapper<'_>, kind: &str, values: &Node, id: &Node) -> Vec<Node> {
    let mut found = Vec::new();
    for Inner { block, azure, rows, .. } in inner(kind) {
        let segment = azure.rsplit('/').next().unwrap_or_default();
        for (at, item) in values.get(block).map(Node::items).unwrap_or_default().iter().enumerate() {
            let Some(name) = item.get("name").filter(|name| !name.is_blank()) else { continue };
            let mut own = pieces(id);
            own.push(Part::Text(Arc::from(format!("/{segment}/"))));
            own.extend(pieces(name));
            let path = [name_step(block), Step::Key(Arc::from(at.to_string()))];
            let why = Arc::new(after_apply(&format!("{kind}.{block}"), "", item.span));
            let mut node = envelope(item, azure, &of_pieces(name, own, &why));
            mapper.apply(rows, item, &mut node, Level::Wrapped, &Way::Steps(&path));
            found.push(node);
        }
    }
    found
}

/// The body that an azapi resource gives, as an object or as the text of one; with its places, where it is an object.
pub(crate) fn body(values: &Node) -> Option<Node> {
    let body = values.get("body").filter(|body| !body.is_null())?;
    let whole = match body.text() {
        Some(written) => parse(body.span.file, written).ok().map(|Document { root, .. }| root.written_at(body.span))?,
        None => body.clone(),
    };
    match values.get("sensitive_body").filter(|more| more.is_object()) {
        Some(more) => Some(patched(&whole, more, 0)),
        None => Some(whole),
    }
}

/// Objects nest this deep at most before the rest is left as it is.
const MAX_DEPTH: usize = 64;

/// An object with the members of another in the place of its own (TF-171).
pub(crate) fn patched(node: &Node, patch: &Node, depth: usize) -> Node {
    if !(node.is_object() && patch.is_object()) || depth >= MAX_DEPTH {
        return patch.clone();
    }
    let mut made = node.clone();
    let members = members_of(&mut made);
    for new in patch.members().iter().filter(|new| !new.node.is_null()) {
        match members.iter_mut().rev().find(|one| one.key.eq_ignore_ascii_case(&new.key)) {
            Some(one) => one.node = patched(&one.node, &new.node, depth + 1),
            None => members.push(new.clone()),
        }
    }
    made
}

/// A resource of the azapi provider; `None` for one whose type does not show.
pub(crate) fn azapi(values: &Node, id: &Node) -> Option<Node> {
    let written = values.get("type").and_then(Node::text)?;
    let azure = written.split('@').next().filter(|azure| azure.contains('/'))?;
    let mut node = envelope(values, azure, id);
    if let Some(identity) = values.member("identity").filter(|identity| !identity.node.is_blank()) {
        put(&mut node, &["identity"], identity.clone());
    }
    match body(values) {
        Some(body) if body.is_object() => {
            for new in body.members().iter().filter(|new| !new.node.is_null()) {
                put(&mut node, &[&*new.key], new.clone());
            }
        }
        Some(unknown) => put(&mut node, &["properties"], member("properties", unknown)),
        None => {}
    }
    Some(node)
}
