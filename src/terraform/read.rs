//! A document of Terraform → resources in REST form: each is mapped, and what other resources set on it is put into it
//! (TF-11, TF-24, TF-136, TF-171).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::json::{Member, Node, Value};
use crate::source::Span;
use crate::terraform::configuration::{Configuration, Step};
use crate::terraform::document::{Form, form};
use crate::terraform::edit::{append, at, id_key, list, members_of, object, put, remove};
use crate::terraform::instance::Instance;
use crate::terraform::join::{Joins, name_step};
use crate::terraform::map::{Level, Mapper, References, Way, target};
use crate::terraform::plan;
use crate::terraform::resource::{azapi, body, envelope, in_rest_form, inner_resources, patched};
use crate::terraform::sensitive;
use crate::terraform::state::{self, Collected};
use crate::terraform::table::{Attachment, Mode, Owner, Parent, attachments, is_network, mapping};

/// What a document of Terraform holds.
#[derive(Debug, Default)]
pub struct Reading {
    /// Its resources, in the order written.
    pub resources: Vec<Resource>,
    /// What makes it say less than there is, each with its place.
    pub troubles: Vec<(Span, String)>,
}

/// What a document of Terraform holds, in numbers.
#[derive(Debug, Default)]
pub struct Survey {
    /// Values that must not be shown.
    pub sensitive: Vec<Node>,
    /// How many resources of Azure are read.
    pub read: usize,
    /// How many of them have an argument that is read and known only after apply.
    pub open: usize,
    /// Types that say something of networks and are not read, with how many resources there are of each.
    pub not_judged: BTreeMap<Arc<str>, usize>,
    /// How many other resources of Azure there are.
    pub passed_over: usize,
    /// How many resources of other providers there are.
    pub foreign: usize,
}

/// A resource in REST form.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The resource.
    pub node: Node,
    /// Whether the document makes it; else it only sets some properties of it.
    pub is_whole: bool,
}

/// Lists that hold what resources of their own add, with the type of those and the argument that names the owner.
const INLINE: &[(&str, &str, &str, &str)] = &[
    ("azurerm_network_security_group", "security_rule", "azurerm_network_security_rule", "network_security_group_name"),
    ("azurerm_route_table", "route", "azurerm_route", "route_table_name"),
    ("azurerm_virtual_network", "subnet", "azurerm_subnet", "virtual_network_name"),
];

/// Other arguments that are known after apply when nothing is configured, and stand for nothing then.
const COMPUTED: &[(&str, &str)] = &[
    ("azurerm_virtual_network", "dns_servers"),
    ("azurerm_storage_account", "network_rules"),
    ("azurerm_firewall_policy", "private_ip_ranges"),
    ("azurerm_firewall", "dns_servers"),
];

/// The resources of a document of Terraform; none where it is none that is read.
pub fn read(root: &Node) -> Reading {
    let Collected { instances, troubles, .. } = collected(root);
    Reading { resources: built(&instances, Configuration::of(root)), troubles }
}

/// The resources that instances stand for, put together.
pub(crate) fn built(instances: &[Instance], configuration: Configuration<'_>) -> Vec<Resource> {
    let joins = Joins::new(instances, configuration);
    let mut builder = Builder {
        joins: &joins,
        instances,
        built: Vec::new(),
        by_key: HashMap::default(),
        places: HashMap::default(),
        opened: HashSet::default(),
    };
    builder.build();
    builder.attach();
    builder.patch();
    builder.built.into_iter().map(|one| Resource { node: one.node, is_whole: one.is_whole }).collect()
}

/// What a document of Terraform holds, without reading what it says.
pub fn survey(root: &Node) -> Survey {
    let Collected { instances, foreign, .. } = collected(root);
    let mut survey = Survey { foreign, sensitive: sensitive::values(root), ..Survey::default() };
    for instance in instances.iter().filter(|one| one.stays) {
        if mapping(&instance.kind).is_some() || attachments(&instance.kind).next().is_some() {
            survey.read += 1;
            survey.open += usize::from(is_open(instance));
        } else if is_network(&instance.kind) {
            *survey.not_judged.entry(Arc::clone(&instance.kind)).or_default() += 1;
        } else {
            survey.passed_over += 1;
        }
    }
    survey
}

/// The types of Azure's resources in a document of Terraform, in lower case, without reading what it says of them.
pub fn types(root: &Node) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for instance in collected(root).instances.iter().filter(|one| one.stays) {
        let azure = match mapping(&instance.kind) {
            Some(mapping) if mapping.parent == Parent::Azapi => {
                let written = instance.values.get("type").and_then(Node::text).unwrap_or_default();
                written.split('@').next().unwrap_or_default()
            }
            Some(mapping) if mapping.parent == Parent::Subscription => continue,
            Some(mapping) => mapping.azure,
            None => attachments(&instance.kind).find_map(|one| mapping(one.on.kind())).map_or("", |owner| owner.azure),
        };
        if !azure.is_empty() && !found.contains(azure) {
            found.insert(azure.to_ascii_lowercase());
        }
    }
    found
}

/// Whether an argument that is read is known only after apply.
fn is_open(instance: &Instance) -> bool {
    let rows = mapping(&instance.kind).map_or(&[][..], |mapping| mapping.rows).iter();
    let rows = rows.chain(attachments(&instance.kind).map(|one| &one.row));
    let holds = |name: &str| instance.values.get(name).is_some_and(|value| holds_unknown(value, 0));
    rows.filter_map(|row| row.from.split('.').next()).any(holds)
}

fn holds_unknown(value: &Node, depth: usize) -> bool {
    let inner = |node: &Node| depth < MAX_DEPTH && holds_unknown(node, depth + 1);
    match &value.value {
        Value::Unknown(_) => true,
        Value::List(items) => items.iter().any(inner),
        Value::Object(members) => members.iter().any(|member| inner(&member.node)),
        _ => false,
    }
}

/// Values nest this deep at most.
const MAX_DEPTH: usize = 32;

fn collected(root: &Node) -> Collected {
    match form(root) {
        Some(Form::Plan) => plan::instances(root),
        Some(Form::State) => root.at(&["values", "root_module"]).map(state::printed).unwrap_or_default(),
        Some(Form::StoredState) => state::stored(root),
        Some(Form::OldState | Form::Newer) | None => Collected::default(),
    }
}

struct Builder<'a> {
    joins: &'a Joins<'a>,
    instances: &'a [Instance],
    built: Vec<Built>,
    by_key: HashMap<String, usize>,
    /// Where the resource of an instance is.
    places: HashMap<usize, usize>,
    /// What is open of all resources of a type.
    opened: HashSet<String>,
}

struct Built {
    /// The place of its instance.
    of: Option<usize>,
    node: Node,
    is_whole: bool,
}

/// The children that are resources of their own, there or to be deleted: the type, the owner's id, and the name.
type Separate = HashSet<(&'static str, String, String)>;

impl Builder<'_> {
    fn build(&mut self) {
        let separate = self.separate();
        let mut inside: Vec<(String, Node)> = Vec::new();
        for (at, instance) in self.instances.iter().enumerate().filter(|(_, one)| one.stays) {
            let Some(mapping) = mapping(&instance.kind) else { continue };
            let id = self.joins.id(at);
            let mapper = Mapper { resource: at, references: self.joins };
            let node = match mapping.parent {
                Parent::Subscription => continue,
                Parent::Azapi if &*instance.kind == "azapi_update_resource" => continue,
                Parent::Azapi => azapi(&instance.values, &id),
                _ => {
                    let values = self.settled(at, &id_key(&id), &separate, &mut inside);
                    Some(in_rest_form(&mapper, mapping, &values, &id))
                }
            };
            if let Some(node) = node {
                self.add(id_key(&id), Built { of: Some(at), node, is_whole: true });
            }
            for node in inner_resources(&mapper, &instance.kind, &instance.values, &id) {
                let key = node.get("id").map(id_key).unwrap_or_default();
                self.add(key, Built { of: None, node, is_whole: true });
            }
        }
        self.complete(inside);
    }

    fn add(&mut self, key: String, built: Built) {
        self.by_key.entry(key).or_insert(self.built.len());
        if let Some(of) = built.of {
            self.places.insert(of, self.built.len());
        }
        self.built.push(built);
    }

    fn separate(&self) -> Separate {
        let mut separate = Separate::default();
        for (at, instance) in self.instances.iter().enumerate() {
            let Some((owner, _, child, argument)) = INLINE.iter().find(|(.., child, _)| *child == &*instance.kind)
            else {
                continue;
            };
            if let Some(name) = instance.values.get("name").and_then(Node::text) {
                let owner = self.joins.parent_named(at, owner, argument);
                separate.insert((child, id_key(&owner), name.to_ascii_lowercase()));
            }
        }
        separate
    }

    /// The arguments without what is known after apply because nothing is configured, and without the children that are
    /// resources of their own. `inside`: what a network shows of its subnets.
    fn settled(&self, at: usize, key: &str, separate: &Separate, inside: &mut Vec<(String, Node)>) -> Node {
        let instance = &self.instances[at];
        let mut values = instance.values.clone();
        let inline = INLINE.iter().find(|(kind, ..)| *kind == &*instance.kind);
        let computed = COMPUTED.iter().filter(|(kind, _)| *kind == &*instance.kind).map(|(_, argument)| *argument);
        for argument in computed.chain(inline.map(|(_, argument, ..)| *argument)) {
            let is_unknown = values.get(argument).is_some_and(|value| value.unknown().is_some());
            if is_unknown && instance.created && self.joins.is_configured(at, argument) != Some(true) {
                remove(&mut values, &[argument]);
            }
        }
        let Some((_, argument, child, _)) = inline else { return values };
        let Some(written) = values.get(argument).filter(|written| written.is_list()) else { return values };
        let is_own = |item: &&Node| {
            let name = item.get("name").and_then(Node::text).map(str::to_ascii_lowercase);
            name.is_some_and(|name| separate.contains(&(*child, key.to_owned(), name)))
        };
        let (own, rest): (Vec<&Node>, Vec<&Node>) = written.items().iter().partition(is_own);
        if own.is_empty() {
            return values;
        }
        if *child == "azurerm_subnet" {
            for item in own {
                let name = item.get("name").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
                inside.push((format!("{key}/subnets/{name}"), item.clone()));
            }
        }
        let rest = list(written, rest.into_iter().cloned().collect());
        if let Some(member) = members_of(&mut values).iter_mut().find(|member| &*member.key == *argument) {
            member.node = rest;
        }
        values
    }

    /// Adds to subnets what their network shows of them: associations that nobody manages here.
    fn complete(&mut self, inside: Vec<(String, Node)>) {
        for (key, item) in inside {
            let Some(built) = self.by_key.get(&key).and_then(|at| self.built.get_mut(*at)) else { continue };
            for (argument, property) in [("security_group", "networkSecurityGroup"), ("route_table_id", "routeTable")] {
                let shown = item.member(argument).filter(|one| one.node.text().is_some_and(|id| !id.is_empty()));
                let path = ["properties", property];
                if let Some(shown) = shown.filter(|_| at(&built.node, &path).is_none()) {
                    let id = Member { key: "id".into(), ..shown.clone() };
                    put(&mut built.node, &path, Member { node: object(&shown.node, vec![id]), ..shown.clone() });
                }
            }
        }
    }

    /// Puts what resources set on others into those: first what no longer holds, then what does.
    fn attach(&mut self) {
        for stays in [false, true] {
            for (at, instance) in self.instances.iter().enumerate().filter(|(_, one)| one.stays == stays) {
                for attachment in attachments(&instance.kind) {
                    self.attach_one(at, instance, attachment);
                }
            }
        }
    }

    fn attach_one(&mut self, at: usize, instance: &Instance, attachment: &Attachment) {
        let kind = attachment.on.kind();
        let (Owner::Id(argument, _) | Owner::Named(_, argument)) = attachment.on;
        let owner = match attachment.on {
            Owner::Id(argument, _) => self.joins.value(at, argument),
            Owner::Named(kind, argument) => self.joins.parent_named(at, kind, argument),
        };
        let keys = target(&attachment.row, Level::Wrapped);
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        let key = id_key(&owner);
        if !instance.stays {
            if let Some(place) = self.by_key.get(&key).filter(|_| attachment.mode == Mode::Set) {
                remove(&mut self.built[*place].node, &keys);
            }
            return;
        }
        let mapper = Mapper { resource: at, references: self.joins };
        let Some(new) = mapper.value(&attachment.row, &instance.values, &Way::Steps(&[])) else { return };
        if let Some(place) = self.by_key.get(&key) {
            let node = &mut self.built[*place].node;
            return if attachment.mode == Mode::Set { put(node, &keys, new) } else { append(node, &keys, new) };
        }
        if owner.text().is_some() {
            return self.attach_outside(&owner, kind, &keys, new);
        }
        self.attach_somewhere(at, (argument, kind), &keys, &owner);
    }

    /// Sets a property of a resource that the document does not hold.
    fn attach_outside(&mut self, owner: &Node, kind: &str, keys: &[&str], new: Member) {
        let azure = mapping(kind).map_or("", |mapping| mapping.azure);
        let name = owner.text().and_then(|id| id.rsplit('/').next()).unwrap_or_default();
        let name = Member { key: "name".into(), key_span: owner.span, node: crate::terraform::edit::text(owner, name) };
        let mut node = envelope(&object(owner, vec![name]), azure, owner);
        put(&mut node, keys, new);
        self.add(id_key(owner), Built { of: None, node, is_whole: false });
    }

    /// Sets a property of one of several resources: of each it is not known then.
    fn attach_somewhere(&mut self, at: usize, (argument, kind): (&str, &str), keys: &[&str], owner: &Node) {
        let Some(unknown) = owner.unknown() else { return };
        let found = self.joins.referred(at, &[name_step(argument)]);
        let possible: Vec<usize> = found.targets.iter().map(|(target, _)| *target).collect();
        let all: Vec<usize> = if possible.is_empty() {
            // Once is enough for all of them.
            if !self.opened.insert(format!("{kind} {keys:?}")) {
                return;
            }
            let is_one = |built: &Built| built.of.is_some_and(|of| &*self.instances[of].kind == kind);
            (0..self.built.len()).filter(|at| is_one(&self.built[*at])).collect()
        } else {
            possible.iter().filter_map(|of| self.places.get(of).copied()).collect()
        };
        for place in all {
            let node = &mut self.built[place].node;
            if crate::terraform::edit::at(node, keys).is_none_or(Node::is_blank) {
                let unknown = Node::new(Value::Unknown(Arc::clone(unknown)), owner.span);
                put(node, keys, Member { key: "".into(), key_span: owner.span, node: unknown });
            }
        }
    }

    /// What `azapi_update_resource` sets on other resources.
    fn patch(&mut self) {
        let updates = self.instances.iter().enumerate();
        for (at, instance) in updates.filter(|(_, one)| one.stays && &*one.kind == "azapi_update_resource") {
            let Some(patch) = body(&instance.values) else { continue };
            let id = self.joins.id(at);
            match self.by_key.get(&id_key(&id)) {
                Some(place) => self.built[*place].node = patched(&self.built[*place].node, &patch, 0),
                None => {
                    if let Some(node) = azapi(&instance.values, &id) {
                        self.add(id_key(&id), Built { of: None, node, is_whole: false });
                    }
                }
            }
        }
    }
}

impl References for Joins<'_> {
    fn id(&self, resource: usize, path: &[Step], value: &Node) -> Node {
        self.leads(resource, path, value)
    }

    fn ids(&self, resource: usize, path: &[Step], value: &Node) -> Option<Vec<Node>> {
        self.leads_all(resource, path, value)
    }

    fn read(&self, resource: usize, path: &[Step], value: &Node) -> Node {
        Joins::read(self, resource, path, value)
    }
}
