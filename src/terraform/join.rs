//! Joins of what is not known before apply: the resources that an argument refers to (TF-13 to TF-16).
//!
//! Their ids are composed in `identity`.

use std::cell::RefCell;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::json::Node;
use crate::terraform::configuration::{Configuration, Step, expressions, last_call, references, steps, written};
use crate::terraform::instance::Instance;

/// The resources of a document, found by what refers to them.
pub(crate) struct Joins<'a> {
    pub(crate) instances: &'a [Instance],
    configuration: Configuration<'a>,
    /// By module and `type.name`.
    blocks: HashMap<(&'a str, String), Vec<usize>>,
    /// By type.
    kinds: HashMap<&'a str, Vec<usize>>,
    /// By module.
    modules: HashMap<&'a str, Vec<usize>>,
    /// By type, name of the resource group and own name, in lower case.
    pub(crate) named: HashMap<(&'a str, String, String), usize>,
    /// The ids that are composed already, and the resources of which one is being composed.
    pub(crate) ids: RefCell<HashMap<usize, Node>>,
    pub(crate) open: RefCell<HashSet<usize>>,
}

/// What an argument refers to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The resources, each with the steps to what is read of it.
    pub(crate) targets: Vec<(usize, Vec<Step>)>,
    /// Which of the instances of a resource is meant is not known.
    pub(crate) is_ambiguous: bool,
    /// It may be something that does not show.
    pub(crate) is_open: bool,
    /// How many references were followed.
    steps: usize,
}

/// Where a reference stands.
struct Scope<'s> {
    module: &'s str,
    key: Option<&'s str>,
    for_each: Option<&'s Node>,
}

/// References lead through so many modules at most.
const MAX_DEPTH: usize = 24;

/// So many references are followed for one value.
const MAX_STEPS: usize = 5_000;

/// So many resources are looked at before nothing is said of them.
const MAX_TARGETS: usize = 256;

impl<'a> Joins<'a> {
    pub(crate) fn new(instances: &'a [Instance], configuration: Configuration<'a>) -> Self {
        let mut blocks: HashMap<(&str, String), Vec<usize>> = HashMap::default();
        let mut kinds: HashMap<&str, Vec<usize>> = HashMap::default();
        let mut modules: HashMap<&str, Vec<usize>> = HashMap::default();
        let mut named = HashMap::default();
        for (at, instance) in instances.iter().enumerate() {
            if instance.stays {
                let block = format!("{}.{}", instance.kind, instance.name);
                blocks.entry((&*instance.module, block)).or_default().push(at);
                kinds.entry(&*instance.kind).or_default().push(at);
                modules.entry(&*instance.module).or_default().push(at);
            }
            let word = |key: &str| instance.values.get(key).and_then(Node::text).map(str::to_ascii_lowercase);
            if let Some(name) = word("name") {
                let key = (&*instance.kind, word("resource_group_name").unwrap_or_default(), name);
                if instance.stays || !named.contains_key(&key) {
                    named.insert(key, at);
                }
            }
        }
        let (ids, open) = (RefCell::default(), RefCell::default());
        Self { instances, configuration, blocks, kinds, modules, named, ids, open }
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
        self.keep_wanted(path, &mut found);
        // What is one of too many is anything.
        if found.targets.len() > MAX_TARGETS || found.steps > MAX_STEPS {
            return Found { is_open: true, ..Found::default() };
        }
        found
    }

    /// Leaves the resources of the types that an argument leads to; all of them where what it refers to does not show.
    fn keep_wanted(&self, path: &[Step], found: &mut Found) {
        let wanted = path.iter().rev().find_map(|step| match step {
            Step::Name(name) => Some(wanted(name)),
            Step::Key(_) => None,
        });
        let wanted = wanted.unwrap_or_default();
        let kind = |at: usize| &*self.instances[at].kind;
        let fits = |at: usize| wanted.contains(&kind(at)) || kind(at) == "azapi_resource";
        if wanted.is_empty() {
            return;
        }
        if found.targets.iter().any(|(target, _)| fits(*target)) {
            found.targets.retain(|(target, _)| fits(*target));
        } else if found.is_open {
            let all = wanted.iter().filter_map(|kind| self.kinds.get(kind)).flatten().copied();
            let is_new = |at: &usize| self.instances[*at].values.get("id").is_none_or(|id| id.text().is_none());
            found.targets = all.filter(is_new).take(MAX_TARGETS + 1).map(|at| (at, Vec::new())).collect();
            found.is_ambiguous = true;
        }
    }

    fn resolve(&self, references: &[&str], scope: &Scope<'_>, found: &mut Found, depth: usize) {
        found.steps += references.len();
        if depth > MAX_DEPTH || found.steps > MAX_STEPS || found.targets.len() > MAX_TARGETS {
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
        for module in &called {
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
                    let inside = self.modules.get(module.as_str()).map_or(&[][..], Vec::as_slice);
                    found.targets.extend(inside.iter().take(MAX_TARGETS + 1).map(|at| (*at, Vec::new())));
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
            if !called.contains(&own) && called.len() <= MAX_TARGETS {
                called.push(own);
            }
        };
        self.modules.keys().for_each(|module| add(module));
        called.sort();
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
        for at in targets.iter().take(MAX_TARGETS + 1) {
            if found.targets.iter().all(|(known, _)| known != at) {
                found.targets.push((*at, rest.to_vec()));
            }
        }
    }
}

/// A step to an argument.
pub(crate) fn name_step(name: &str) -> Step {
    Step::Name(Arc::from(name))
}

fn references_of(expression: &Node) -> Vec<&str> {
    references(&[expression])
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
