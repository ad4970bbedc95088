//! Joins of what is not known before apply: the resources that an argument refers to, and their ids (TF-13 to TF-17).

use std::cell::RefCell;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::json::{Node, Part, Reason, Unknown, Value};
use crate::terraform::configuration::{Configuration, Step, expressions, last_call, references, steps, written};
use crate::terraform::edit::{of_pieces, pieces};
use crate::terraform::instance::{Instance, after_apply};
use crate::terraform::table::{Mapping, Parent, mapping};

/// The resources of a document, found by what refers to them.
pub(crate) struct Joins<'a> {
    pub(crate) instances: &'a [Instance],
    configuration: Configuration<'a>,
    /// By module and `type.name`.
    blocks: HashMap<(&'a str, String), Vec<usize>>,
    /// By type, name of the resource group and own name, in lower case.
    named: HashMap<(&'a str, String, String), usize>,
    ids: RefCell<HashMap<usize, Node>>,
    open: RefCell<HashSet<usize>>,
}

/// What an argument refers to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The resources, each with the steps to what is read of it.
    pub(crate) targets: Vec<(usize, Vec<Step>)>,
    /// Which of the instances of a resource is meant is not known.
    is_ambiguous: bool,
    /// It may be something that does not show.
    is_open: bool,
}

/// Where a reference stands.
struct Scope<'s> {
    module: &'s str,
    key: Option<&'s str>,
    for_each: Option<&'s Node>,
}

/// References lead through so many modules at most.
const MAX_DEPTH: usize = 24;

/// So many resources are looked at before nothing is said of them.
const MAX_TARGETS: usize = 256;

impl<'a> Joins<'a> {
    pub(crate) fn new(instances: &'a [Instance], configuration: Configuration<'a>) -> Self {
        let mut blocks: HashMap<(&str, String), Vec<usize>> = HashMap::default();
        let mut named = HashMap::default();
        for (at, instance) in instances.iter().enumerate() {
            if instance.stays {
                let block = format!("{}.{}", instance.kind, instance.name);
                blocks.entry((&*instance.module, block)).or_default().push(at);
            }
            let word = |key: &str| instance.values.get(key).and_then(Node::text).map(str::to_ascii_lowercase);
            if let Some(name) = word("name") {
                let key = (&*instance.kind, word("resource_group_name").unwrap_or_default(), name);
                if instance.stays || !named.contains_key(&key) {
                    named.insert(key, at);
                }
            }
        }
        Self { instances, configuration, blocks, named, ids: RefCell::default(), open: RefCell::default() }
    }

    /// Whether an argument of a resource is configured, as far as its configuration shows: `None` where there is none.
    pub(crate) fn is_configured(&self, at: usize, argument: &str) -> Option<bool> {
        let expressions = self.block(at)?.get("expressions")?;
        Some(expressions.get(argument).is_some())
    }

    fn block(&self, at: usize) -> Option<&'a Node> {
        let Instance { module, kind, name, .. } = &self.instances[at];
        self.configuration.resource(module, &format!("{kind}.{name}"))
    }

    /// What the value at some steps in a resource refers to; of the resources those of the wanted types.
    pub(crate) fn referred(&self, at: usize, path: &[Step]) -> Found {
        let Some(block) = self.block(at) else { return Found { is_open: true, ..Found::default() } };
        let Some(all) = block.get("expressions") else { return Found::default() };
        let instance = &self.instances[at];
        let scope = Scope {
            module: &instance.module,
            key: instance.key.as_deref(),
            for_each: block.get("for_each_expression"),
        };
        let mut found = Found::default();
        self.resolve(&references(&expressions(all, path)), &scope, &mut found, 0);
        let wanted = path.iter().rev().find_map(|step| match step {
            Step::Name(name) => Some(wanted(name)),
            Step::Key(_) => None,
        });
        let wanted = wanted.unwrap_or_default();
        if !wanted.is_empty() {
            let fits = |at: usize| {
                wanted.contains(&&*self.instances[at].kind) || &*self.instances[at].kind == "azapi_resource"
            };
            if found.targets.iter().any(|(target, _)| fits(*target)) {
                found.targets.retain(|(target, _)| fits(*target));
            } else if found.is_open {
                let all = self.instances.iter().enumerate();
                let unknown = all.filter(|(_, one)| {
                    one.stays
                        && wanted.contains(&&*one.kind)
                        && one.values.get("id").is_none_or(|id| id.text().is_none())
                });
                found.targets = unknown.take(MAX_TARGETS).map(|(at, _)| (at, Vec::new())).collect();
                found.is_ambiguous = true;
            }
        }
        found
    }

    fn resolve(&self, references: &[&str], scope: &Scope<'_>, found: &mut Found, depth: usize) {
        if depth > MAX_DEPTH || found.targets.len() > MAX_TARGETS {
            found.is_open = true;
            return;
        }
        // `each.value.x` may be the key of any other instance.
        let own = |one: &&str| matches!(*one, "each.key" | "each.value" | "count.index");
        let key = references.iter().any(own).then_some(scope.key).flatten();
        for reference in references {
            let steps = steps(reference);
            let Some(Step::Name(first)) = steps.first() else { continue };
            match &**first {
                "each" => {
                    let all: Vec<&str> = scope.for_each.map(|node| references_of(node)).unwrap_or_default();
                    if references.iter().all(|one| one.starts_with("each.")) {
                        let keyed = Scope { for_each: None, ..*scope };
                        let mut with_key = all;
                        with_key.push("each.key");
                        self.resolve(&with_key, &keyed, found, depth + 1);
                    }
                }
                "count" | "path" | "terraform" | "self" => {}
                "var" => self.variable(&steps, scope, found, depth),
                "module" => self.output(&steps, scope, key, found, depth),
                "local" | "data" => found.is_open = true,
                _ => self.resource(&steps, scope, key, found),
            }
        }
    }

    fn variable(&self, steps: &[Step], scope: &Scope<'_>, found: &mut Found, depth: usize) {
        let Some(Step::Name(name)) = steps.get(1) else { return };
        // A variable of the root has a value, which is known.
        let Some((parent, call, key)) = last_call(scope.module) else { return };
        let Some(call) = self.configuration.call(&parent, &call) else {
            found.is_open = true;
            return;
        };
        let Some(given) = call.get("expressions").and_then(|all| all.get(name)) else { return };
        let outer = Scope { module: &parent, key: key.as_deref(), for_each: call.get("for_each_expression") };
        self.resolve(&references_of(given), &outer, found, depth + 1);
    }

    fn output(&self, steps: &[Step], scope: &Scope<'_>, key: Option<&str>, found: &mut Found, depth: usize) {
        let Some(Step::Name(name)) = steps.get(1) else { return };
        let (given, rest) = match steps.get(2) {
            Some(Step::Key(key)) => (Some(&**key), &steps[3..]),
            _ => (None, steps.get(2..).unwrap_or_default()),
        };
        let dot = if scope.module.is_empty() { "" } else { "." };
        let plain = format!("{}{dot}module.{name}", scope.module);
        let mut called: Vec<String> = self.modules_called(&plain);
        let wanted = given.or(key).map(|key| format!("{plain}[{key}]"));
        if let Some(one) = wanted.filter(|one| called.contains(one)) {
            called = vec![one];
        }
        found.is_ambiguous |= called.len() > 1;
        for module in called.iter().take(MAX_TARGETS) {
            match rest.first() {
                Some(Step::Name(output)) => match self.configuration.output(module, output) {
                    Some(made) => {
                        let inner = Scope { module, key: None, for_each: None };
                        self.resolve(&references_of(made), &inner, found, depth + 1);
                    }
                    None => found.is_open = true,
                },
                // Older clients list the module alone.
                _ => {
                    let inside = |one: &Instance| one.stays && &*one.module == module.as_str();
                    let all = self.instances.iter().enumerate().filter(|(_, one)| inside(one));
                    found.targets.extend(all.take(MAX_TARGETS).map(|(at, _)| (at, Vec::new())));
                }
            }
        }
    }

    /// The addresses of the instances of a module that hold anything.
    fn modules_called(&self, plain: &str) -> Vec<String> {
        let mut called = Vec::new();
        let mut add = |module: &str| {
            let Some(rest) = module.strip_prefix(plain) else { return };
            let own = match rest.strip_prefix('[') {
                Some(_) => steps(module).into_iter().take(steps(plain).len() + 1).collect::<Vec<_>>(),
                None if rest.is_empty() || rest.starts_with('.') => steps(plain),
                None => return,
            };
            let own = written(&own);
            if !called.contains(&own) && called.len() < MAX_TARGETS {
                called.push(own);
            }
        };
        self.instances.iter().filter(|one| one.stays).for_each(|one| add(&one.module));
        called
    }

    fn resource(&self, steps: &[Step], scope: &Scope<'_>, key: Option<&str>, found: &mut Found) {
        let (Some(Step::Name(kind)), Some(Step::Name(name))) = (steps.first(), steps.get(1)) else { return };
        let all = self.blocks.get(&(scope.module, format!("{kind}.{name}"))).map_or(&[][..], Vec::as_slice);
        let (given, rest) = match steps.get(2) {
            Some(Step::Key(key)) => (Some(&**key), &steps[3..]),
            _ => (None, steps.get(2..).unwrap_or_default()),
        };
        let keyed = |key: &str| all.iter().find(|at| self.instances[**at].key.as_deref() == Some(key));
        let targets = match given.or(key).and_then(keyed) {
            Some(one) => std::slice::from_ref(one),
            None if given.is_some() => &[],
            None => all,
        };
        found.is_ambiguous |= targets.len() > 1;
        for at in targets.iter().take(MAX_TARGETS) {
            if found.targets.iter().all(|(known, _)| known != at) {
                found.targets.push((*at, rest.to_vec()));
            }
        }
    }

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

/// A step to an argument.
pub(crate) fn name_step(name: &str) -> Step {
    Step::Name(Arc::from(name))
}

/// Whether the steps lead to the id of a resource, or older clients did not list them.
fn is_id(rest: &[Step]) -> bool {
    rest.is_empty() || matches!(rest, [Step::Name(name)] if &**name == "id")
}

fn references_of(expression: &Node) -> Vec<&str> {
    references(&[expression])
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

/// The types that an argument of this name leads to; empty where the name does not tell.
fn wanted(argument: &str) -> &'static [&'static str] {
    const BY_WORD: &[(&str, &[&str])] = &[
        ("network_security_group", &["azurerm_network_security_group"]),
        ("application_security_group", &["azurerm_application_security_group"]),
        ("subnet", &["azurerm_subnet"]),
        ("route_table", &["azurerm_route_table", "azurerm_virtual_hub_route_table"]),
        ("nat_gateway", &["azurerm_nat_gateway"]),
        ("network_interface", &["azurerm_network_interface"]),
        ("virtual_network_gateway", &["azurerm_virtual_network_gateway"]),
        ("virtual_network", &["azurerm_virtual_network"]),
        ("firewall_policy", &["azurerm_firewall_policy"]),
        ("base_policy", &["azurerm_firewall_policy"]),
        ("azure_firewall", &["azurerm_firewall"]),
        ("ip_group", &["azurerm_ip_group"]),
        ("machine_learning_workspace", &["azurerm_machine_learning_workspace", "azurerm_ai_foundry"]),
        ("virtual_hub", &["azurerm_virtual_hub"]),
        ("public_ip_prefix", &["azurerm_public_ip_prefix"]),
        ("public_ip", &["azurerm_public_ip"]),
        ("private_dns_zone", &["azurerm_private_dns_zone"]),
        ("key_vault", &["azurerm_key_vault"]),
        ("storage_account", &["azurerm_storage_account"]),
        ("container_registry", &["azurerm_container_registry"]),
        ("application_insights", &["azurerm_application_insights"]),
    ];
    BY_WORD.iter().find(|(word, _)| argument.contains(word)).map_or(&[], |(_, types)| types)
}
