//! The ids of resources: known, or composed of what is known of them, and what unknown values stand for by what they refer
//! to (TF-17, TF-102, TF-103, TF-170).

use std::sync::Arc;

use crate::json::{Node, Part, Reason, Unknown, Value};
use crate::terraform::configuration::{Step, written};
use crate::terraform::edit::{of_pieces, pieces};
use crate::terraform::instance::after_apply;
use crate::terraform::join::{Joins, name_step};
use crate::terraform::table::{Mapping, Parent, mapping};

impl Joins<'_> {
    /// The id of a resource: known, or composed of what is known of it (TF-102).
    pub(crate) fn id(&self, at: usize) -> Node {
        if let Some(known) = self.ids.borrow().get(&at) {
            return known.clone();
        }
        let instance = &self.instances[at];
        let written = instance.values.get("id").filter(|id| id.text().is_some_and(|id| id.starts_with('/')));
        let id = match (written, mapping(&instance.kind)) {
            (Some(id), _) => id.clone(),
            // A circle of parents.
            (None, _) if !self.open.borrow_mut().insert(at) => self.unknown(at, "id"),
            (None, Some(mapping)) => self.composed(at, mapping),
            (None, None) => self.unknown(at, "id"),
        };
        self.open.borrow_mut().remove(&at);
        self.ids.borrow_mut().insert(at, id.clone());
        id
    }

    fn unknown(&self, at: usize, argument: &str) -> Node {
        let instance = &self.instances[at];
        let place = instance.values.get(argument).unwrap_or(&instance.values).span;
        let path = format!("{}.{argument}", instance.address());
        Node::new(Value::Unknown(Arc::new(after_apply(&path, "", place))), place)
    }

    fn composed(&self, at: usize, mapping: &Mapping) -> Node {
        let instance = &self.instances[at];
        let name = self.word(at, mapping.name);
        let Value::Unknown(why) = self.unknown(at, "id").value else { return name };
        let segment = mapping.azure.rsplit('/').next().unwrap_or_default();
        let mut whole = match mapping.parent {
            Parent::Subscription => subscription(&instance.values),
            Parent::Group => {
                let mut id = self.group(at);
                id.push(Part::Text(Arc::from(format!("/providers/{}", front(mapping.azure)))));
                id
            }
            Parent::Named(kind, argument) => pieces(&self.parent_named(at, kind, argument)),
            Parent::Of(argument) => pieces(&self.value(at, argument)),
            Parent::Azapi => return self.azapi_id(at, &name, &why),
        };
        whole.push(Part::Text(Arc::from(format!("/{segment}/"))));
        whole.extend(pieces(&name));
        of_pieces(&name, whole, &why)
    }

    fn azapi_id(&self, at: usize, name: &Node, why: &Arc<Unknown>) -> Node {
        let values = &self.instances[at].values;
        if let Some(id) = values.get("resource_id").filter(|id| !id.is_blank()) {
            return self.joined(at, "resource_id", id);
        }
        let written = values.get("type").and_then(Node::text).unwrap_or_default();
        let azure = written.split('@').next().unwrap_or_default();
        let segment = azure.rsplit('/').next().unwrap_or_default();
        let mut whole = match values.get("parent_id").filter(|id| !id.is_blank()) {
            Some(parent) => pieces(&self.joined(at, "parent_id", parent)),
            None => subscription(values),
        };
        if azure.matches('/').count() == 1 {
            let provider = if azure.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups") {
                String::new()
            } else {
                format!("/providers/{}", front(azure))
            };
            whole.push(Part::Text(Arc::from(provider)));
        }
        whole.push(Part::Text(Arc::from(format!("/{segment}/"))));
        whole.extend(pieces(name));
        of_pieces(name, whole, why)
    }

    /// The id of the resource group, in pieces.
    fn group(&self, at: usize) -> Vec<Part> {
        let mut id = subscription(&self.instances[at].values);
        id.push(Part::Text(Arc::from("/resourceGroups/")));
        id.extend(pieces(&self.word(at, "resource_group_name")));
        id
    }

    /// The id of the parent that an argument names: by its name in its group, else by what the argument refers to
    /// (TF-17).
    pub(crate) fn parent_named(&self, at: usize, kind: &str, argument: &str) -> Node {
        let values = &self.instances[at].values;
        let word = |key: &str| values.get(key).and_then(Node::text).map(str::to_ascii_lowercase);
        if let (Some(group), Some(name)) = (word("resource_group_name"), word(argument))
            && let Some(parent) = self.named.get(&(kind, group, name))
        {
            return self.id(*parent);
        }
        // Newer providers name some parents by their ids.
        let by_id = argument.strip_suffix("_name").map(|front| format!("{front}_id"));
        if let Some(by_id) = by_id.filter(|by_id| values.get(by_id).is_some_and(|id| !id.is_blank())) {
            return self.value(at, &by_id);
        }
        let is_unknown = values.get(argument).is_some_and(|value| value.unknown().is_some());
        if is_unknown && let [(parent, _)] = self.referred(at, &[name_step(argument)]).targets[..] {
            return self.id(parent);
        }
        let azure = mapping(kind).map_or("", |mapping| mapping.azure);
        let name = self.word(at, argument);
        let Value::Unknown(why) = self.unknown(at, "id").value else { return name };
        let mut whole = self.group(at);
        whole.push(Part::Text(Arc::from(format!("/providers/{azure}/"))));
        whole.extend(pieces(&name));
        of_pieces(&name, whole, &why)
    }

    /// A name among the arguments, or what stands for it. One that refers to the name of a resource is that resource's.
    fn word(&self, at: usize, argument: &str) -> Node {
        let found = self.instances[at].values.get(argument).filter(|found| !found.is_blank());
        match found {
            Some(found) if found.unknown().is_some() => self.read(at, &[name_step(argument)], found),
            Some(found) => found.clone(),
            None => self.unknown(at, argument),
        }
    }

    /// The id that an argument holds, joined where it is not known.
    pub(crate) fn value(&self, at: usize, argument: &str) -> Node {
        match self.instances[at].values.get(argument).filter(|value| !value.is_blank()) {
            Some(value) => self.joined(at, argument, value),
            None => self.unknown(at, argument),
        }
    }

    fn joined(&self, at: usize, argument: &str, value: &Node) -> Node {
        match value.unknown() {
            Some(_) => self.leads(at, &[name_step(argument)], value),
            None => value.clone(),
        }
    }

    /// The id that an unknown value stands for: that of the one resource it refers to, or what several have in common.
    pub(crate) fn leads(&self, at: usize, path: &[Step], value: &Node) -> Node {
        let Some(unknown) = value.unknown() else { return value.clone() };
        let found = self.referred(at, path);
        match &found.targets[..] {
            [] => value.clone(),
            [(target, rest)] if !found.is_ambiguous => {
                if let Some(read) = self.read_at(*target, rest).filter(|_| !is_id(rest)) {
                    return Node { span: value.span, ..read };
                }
                Node { span: value.span, ..self.id(*target) }
            }
            several => self.among(several, unknown, value),
        }
    }

    /// What is known of an id that is that of one of several resources.
    fn among(&self, several: &[(usize, Vec<Step>)], unknown: &Arc<Unknown>, value: &Node) -> Node {
        let ids: Vec<Vec<Part>> = several.iter().map(|(target, _)| pieces(&self.id(*target))).collect();
        let fronts: Vec<Option<(String, Vec<Part>)>> = ids.iter().map(|id| without_name(id)).collect();
        let same =
            fronts.first().cloned().flatten().filter(|(first, _)| {
                fronts.iter().all(|other| other.as_ref().is_some_and(|(other, _)| other == first))
            });
        let names: Vec<String> = several.iter().take(4).map(|(at, _)| self.instances[*at].address()).collect();
        let from = format!("one of {}{}", names.join(", "), if several.len() > 4 { ", …" } else { "" });
        let reason = Reason::AfterApply(Arc::from(from));
        let hole = Arc::new(Unknown { reason: reason.clone(), parts: Vec::new(), ..Unknown::clone(unknown) });
        let parts = same.map(|(_, mut front)| {
            front.push(Part::Hole(Arc::clone(&hole)));
            front
        });
        let whole = Unknown { parts: parts.unwrap_or_default(), ..Unknown::clone(&hole) };
        Node { value: Value::Unknown(Arc::new(whole)), ..value.clone() }
    }

    /// The ids that an unknown list stands for; `None` where that is not certain.
    pub(crate) fn leads_all(&self, at: usize, path: &[Step], value: &Node) -> Option<Vec<Node>> {
        let found = self.referred(at, path);
        let certain = !found.is_ambiguous && !found.is_open && !found.targets.is_empty();
        certain.then(|| found.targets.iter().map(|(one, _)| Node { span: value.span, ..self.id(*one) }).collect())
    }

    /// An unknown value that is read off another resource: equal to what it is there.
    pub(crate) fn read(&self, at: usize, path: &[Step], value: &Node) -> Node {
        let Some(unknown) = value.unknown() else { return value.clone() };
        let found = self.referred(at, path);
        let [(target, rest)] = &found.targets[..] else { return value.clone() };
        let instance = &self.instances[*target];
        let own_address = [name_step("ip_configuration"), Step::Key("0".into()), name_step("private_ip_address")];
        let last = path.last().map(|step| written(std::slice::from_ref(step)));
        let is_hop = last.as_deref() == Some("next_hop_in_ip_address") && &*instance.kind == "azurerm_firewall";
        // Older clients list the firewall alone.
        let rest = if rest.is_empty() && is_hop { &own_address[..] } else { rest };
        let from = format!("{}.{}", instance.address(), written(rest));
        match self.read_at(*target, rest).map(|read| read.value) {
            Some(Value::Unknown(read)) if !found.is_ambiguous => {
                let reason = Reason::AfterApply(Arc::from(from));
                let same = Unknown { reason, key: Arc::clone(&read.key), ..Unknown::clone(unknown) };
                Node { value: Value::Unknown(Arc::new(same)), ..value.clone() }
            }
            _ => {
                let reason = Reason::AfterApply(Arc::from(from.trim_end_matches('.')));
                let told = Unknown { reason, ..Unknown::clone(unknown) };
                Node { value: Value::Unknown(Arc::new(told)), ..value.clone() }
            }
        }
    }

    fn read_at(&self, target: usize, rest: &[Step]) -> Option<Node> {
        if rest.is_empty() {
            return None;
        }
        let mut node = &self.instances[target].values;
        for step in rest {
            node = match step {
                Step::Name(name) => node.get(name)?,
                Step::Key(key) => match key.strip_prefix('"').and_then(|key| key.strip_suffix('"')) {
                    Some(key) => node.get(key)?,
                    None => node.items().get(key.parse::<usize>().ok()?)?,
                },
            };
            if node.unknown().is_some() {
                break;
            }
        }
        Some(node.clone())
    }
}

/// Whether the steps lead to the id of a resource, or older clients did not list them.
fn is_id(rest: &[Step]) -> bool {
    rest.is_empty() || matches!(rest, [Step::Name(name)] if &**name == "id")
}

/// An id without its last name, and what both are compared by.
fn without_name(id: &[Part]) -> Option<(String, Vec<Part>)> {
    let at = id.iter().rposition(|part| matches!(part, Part::Text(text) if text.contains('/')))?;
    let Part::Text(last) = &id[at] else { return None };
    let (front, _) = last.rsplit_once('/')?;
    let mut all = id[..at].to_vec();
    all.push(Part::Text(Arc::from(format!("{front}/"))));
    let key = all.iter().map(|part| match part {
        Part::Text(text) => text.to_ascii_lowercase(),
        Part::Hole(hole) => format!("{{{}}}", hole.key),
    });
    Some((key.collect(), all))
}

/// The namespace of a type: `Microsoft.Network`, for a type of its own; with the types before the last for others.
fn front(azure: &str) -> &str {
    azure.rsplit_once('/').map_or(azure, |(front, _)| front)
}

/// The subscription that is deployed to: one for the whole document.
fn subscription(at: &Node) -> Vec<Part> {
    let word = "subscription";
    let hole = Unknown {
        reason: Reason::Context(Arc::from(word)),
        text: Arc::from(word),
        span: at.span,
        key: Arc::from(word),
        parts: Vec::new(),
        domain: Vec::new(),
    };
    vec![Part::Text(Arc::from("/subscriptions/")), Part::Hole(Arc::new(hole))]
}
