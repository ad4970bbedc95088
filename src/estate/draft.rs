//! Pieces in REST form, one per resource: children written inside others and resources written twice are sorted out
//! before anything is typed.
//!
//! Typing is the work of `extract`, joining that of `build`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashMap;

use crate::estate::extract::{Conditions, lookup};
use crate::estate::fault;
use crate::estate::fault::Fault;
use crate::estate::gather::Piece;
use crate::estate::identity::{Id, short_name, text_or_unknown};
use crate::estate::index::Index;
use crate::estate::kind::{Kind, Shape};
use crate::estate::mention::{Written, is_projection, open};
use crate::estate::merge::{Conflict, Union, identity, merge};
use crate::estate::normal::{member, normalise, object, replace, text, without_expressions};
use crate::estate::resource::unknown_value;
use crate::estate::shape::recognise;
use crate::json::{Member, Node, Reason, Unknown, Value};
use crate::source::{FileId, Span};

/// One resource in REST form.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
    pub(crate) node: Node,
    pub(crate) id: Id,
    pub(crate) condition: Option<Arc<Unknown>>,
    /// Conditions of children that were resources of their own: by list, by index in it.
    pub(crate) conditions: BTreeMap<&'static str, Conditions>,
    /// A template makes it: what is absent has its default.
    pub(crate) declared: bool,
    /// A child is the only sign of it.
    pub(crate) implied: bool,
    /// Every writing of it holds properties picked out of the whole.
    pub(crate) projection: bool,
    /// It came in a list of its kind.
    listed: bool,
    /// That list goes on elsewhere.
    partial: bool,
    /// The input names it without showing what makes it.
    pub(crate) mentioned: bool,
}

/// Every resource of a run, in the order met.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    /// What contradicts itself among them.
    pub(crate) faults: Vec<Fault>,
    pub(crate) list: Vec<Draft>,
    by_key: HashMap<(Kind, Arc<str>), usize>,
    /// What is known of those written more than once.
    unions: BTreeMap<usize, Union>,
    children: Vec<Draft>,
    effective: Vec<Draft>,
}

impl Draft {
    fn new(kind: Kind, shape: Shape, node: Node, id: Id, declared: bool) -> Self {
        let (condition, conditions) = (None, BTreeMap::new());
        let (implied, projection, listed, partial, mentioned) = (false, false, false, false, false);
        Self { kind, shape, node, id, condition, conditions, declared, implied, projection, listed, partial, mentioned }
    }
}

/// Where a resource is written.
#[derive(Clone, Copy)]
struct Origin<'p> {
    shape: Shape,
    /// The condition of the piece.
    condition: Option<&'p Arc<Unknown>>,
    /// It stands in a resource of which properties were picked out.
    projection: bool,
    /// In how many others.
    depth: usize,
}

/// Where the resources of a kind are in the list of drafts.
#[derive(Default)]
struct Places {
    index: Index,
    places: Vec<usize>,
}

impl Places {
    fn push(&mut self, id: Id, file: FileId, at: usize) {
        self.index.push(id, file);
        self.places.push(at);
    }
}

type Indexes = BTreeMap<Kind, Places>;

/// Children by the place of their parent.
type Families = BTreeMap<usize, Vec<Draft>>;

/// Resources nest in `resources` this deep at most.
const MAX_NESTING: usize = 5;

impl Drafts {
    /// Adds a piece and everything written inside it.
    pub(crate) fn add(&mut self, piece: &Piece) {
        let kind = match recognise(&piece.node) {
            Some((kind, _)) => kind,
            None if piece.node.is_list() && piece.shape == Shape::Effective => Kind::RouteTable,
            None => return,
        };
        // Those of a template have been evaluated, and other exports hold none: what looks like one there is text.
        let cut_out = matches!(piece.shape, Shape::Rest | Shape::Cli);
        let replaced = if cut_out { without_expressions(&piece.node) } else { None };
        let node = replaced.as_ref().unwrap_or(&piece.node);
        let (children, list) = (self.children.len(), self.list.len());
        let origin = Origin { shape: piece.shape, condition: piece.condition.as_ref(), projection: false, depth: 0 };
        self.add_node(node, kind, None, origin);
        self.children[children..].iter_mut().for_each(|child| child.listed = piece.listed);
        self.list[list..].iter_mut().for_each(|draft| draft.partial = piece.partial);
    }

    fn add_node(&mut self, node: &Node, kind: Kind, id: Option<Id>, origin: Origin<'_>) {
        let shape = origin.shape;
        let projection = is_projection(node, shape, origin.projection);
        let node = normalise(node, kind, shape);
        let id = id.filter(Id::says_something).unwrap_or_else(|| id_of(&node, kind));
        let draft = Draft {
            condition: origin.condition.cloned(),
            projection,
            ..Draft::new(kind, shape, node.clone(), id.clone(), shape.is_declared())
        };
        if kind.list_of_parent().is_some() {
            self.children.push(draft);
        } else if shape == Shape::Effective && kind == Kind::Nsg {
            self.effective.push(draft);
        } else {
            self.insert(draft);
        }
        if origin.depth < MAX_NESTING {
            self.add_inner(&node, kind, &id, Origin { projection, depth: origin.depth + 1, ..origin });
        }
    }

    /// What is written inside a resource and is one of its own.
    fn add_inner(&mut self, node: &Node, kind: Kind, id: &Id, origin: Origin<'_>) {
        if kind == Kind::Network {
            let subnets = node.at(&["properties", "subnets"]).map(Node::items).unwrap_or_default();
            for subnet in subnets.iter().filter(|subnet| subnet.is_object() && !is_mention(subnet)) {
                let id = id.child("subnets", &name_of(subnet));
                self.add_node(subnet, Kind::Subnet, Some(id), origin);
            }
        }
        let origin = Origin { projection: false, ..origin };
        if matches!(kind, Kind::Subnet | Kind::Interface) {
            // Expanded exports show the whole group or table where others mention it.
            for (key, kind, list) in
                [("networkSecurityGroup", Kind::Nsg, "securityRules"), ("routeTable", Kind::RouteTable, "routes")]
            {
                let Some(inner) = node.at(&["properties", key]).filter(|inner| inner.get("id").is_some()) else {
                    continue;
                };
                let items = inner.at(&["properties", list]).or_else(|| inner.get(list)).map(Node::items);
                if items.is_some_and(|items| !items.is_empty()) {
                    self.add_node(inner, kind, None, origin);
                }
            }
        }
        if origin.shape == Shape::Template {
            self.add_nested(node, origin);
        }
    }

    /// Children in `resources`, whose types and names are relative to their parent's.
    fn add_nested(&mut self, node: &Node, origin: Origin<'_>) {
        let (Some(kind), Some(name)) = (node.get("type").and_then(Node::text), node.get("name").and_then(Node::text))
        else {
            return;
        };
        for child in node.get("resources").map(Node::items).unwrap_or_default() {
            let (Some(own), Some(short)) = (child.get("type"), child.get("name")) else { continue };
            let (Some(own_text), Some(short_text)) = (own.text(), short.text()) else { continue };
            if own_text.contains('.') {
                continue;
            }
            let full = replace(child, "type", text(own, &format!("{kind}/{own_text}")));
            let full = replace(&full, "name", text(short, &format!("{name}/{short_text}")));
            let kind = Kind::of_type(&format!("{kind}/{own_text}"));
            self.add_node(&full, kind, None, origin);
        }
    }

    fn insert(&mut self, draft: Draft) {
        let key = (draft.kind, Arc::clone(draft.id.key()));
        let Some(&at) = self.by_key.get(&key) else {
            self.by_key.insert(key, self.list.len());
            return self.list.push(draft);
        };
        let first = &mut self.list[at];
        let certain = |draft: &Draft| draft.condition.as_ref().map(|condition| Arc::clone(&condition.key));
        if certain(first) != certain(&draft) {
            // Either may be the one that comes to be; both are kept, and a mention of them is ambiguous.
            return self.list.push(draft);
        }
        let conflict = self.unions.entry(at).or_default().add(&mut first.node, &draft.node);
        first.declared |= draft.declared;
        first.projection &= draft.projection;
        if let Some(conflict) = conflict {
            self.faults.push(twice(first, &conflict));
        }
    }

    /// Puts children and effective rules where they belong.
    pub(crate) fn settle(&mut self) {
        for draft in std::mem::take(&mut self.effective) {
            let key = (Kind::Nsg, Arc::clone(draft.id.key()));
            match self.by_key.get(&key).copied().filter(|at| self.list[*at].shape != Shape::Effective) {
                // The configured rules say more; the answer still tells where they are used.
                Some(at) => self.list[at].node = with_uses(&self.list[at].node, &draft.node),
                None => self.insert(draft),
            }
        }
        let mut indexes = Indexes::new();
        for (at, draft) in self.list.iter().enumerate() {
            indexes.entry(draft.kind).or_default().push(draft.id.clone(), draft.node.span.file, at);
        }
        let families = self.families(&mut indexes);
        self.imply_policies(&mut indexes);
        self.open_what_is_not_shown(&families);
        for (at, children) in families {
            adopt(&mut self.list[at], children, &mut self.faults);
        }
    }

    /// The parent of every child: the one it names, each it may mean, or one that it is the only sign of.
    fn families(&mut self, indexes: &mut Indexes) -> Families {
        let mut families = Families::new();
        for child in std::mem::take(&mut self.children) {
            let Some((_, kind)) = child.kind.list_of_parent() else { continue };
            let Some(id) = child.id.parent() else { continue };
            let Places { index, places } = indexes.entry(kind).or_default();
            let file = child.node.span.file;
            if let Some(at) = index.find(&id, file).and_then(|found| places.get(found)) {
                families.entry(*at).or_default().push(child);
                continue;
            }
            let possible = if child.declared { index.possible(&id, file) } else { Vec::new() };
            if !possible.is_empty() {
                for at in possible.into_iter().filter_map(|at| places.get(at)) {
                    let condition = Some(child.condition.clone().unwrap_or_else(|| whose(&child)));
                    families.entry(*at).or_default().push(Draft { condition, ..child.clone() });
                }
                continue;
            }
            let at = self.list.len();
            indexes.entry(kind).or_default().push(id.clone(), file, at);
            self.list.push(implied(&child, id, kind));
            families.entry(at).or_default().push(child);
        }
        families
    }

    /// Makes unknown what the input does not show of each resource.
    fn open_what_is_not_shown(&mut self, families: &Families) {
        let shown_groups = self.policies_of_shown_groups();
        for (at, draft) in self.list.iter_mut().enumerate() {
            let children = families.get(&at).into_iter().flatten().filter(|child| child.listed);
            let given = children.filter_map(|child| child.kind.list_of_parent()).map(|(list, _)| list).collect();
            let groups_shown = draft.kind == Kind::Policy && shown_groups.contains(draft.id.key());
            let default_holds = draft.declared && !draft.implied;
            if default_holds || draft.shape == Shape::Effective {
                continue;
            }
            let mut written = Written {
                kind: draft.kind,
                shape: draft.shape,
                key: draft.id.key(),
                projection: draft.projection,
                node: &mut draft.node,
                mentioned: &mut draft.mentioned,
                groups_shown,
            };
            open(&mut written, &given);
        }
    }

    /// The keys of the policies of which a rule collection group is shown with its collections.
    fn policies_of_shown_groups(&self) -> BTreeSet<Arc<str>> {
        let groups = self.list.iter().filter(|draft| draft.kind == Kind::CollectionGroup);
        let shown = groups.filter(|group| {
            !group.partial && group.node.at(&["properties", "ruleCollections"]).is_some_and(Node::is_list)
        });
        shown.filter_map(|group| group.id.parent()).map(|policy| Arc::clone(policy.key())).collect()
    }

    /// A group whose policy is not among the input is one of its groups; which others there are is not known.
    fn imply_policies(&mut self, indexes: &mut Indexes) {
        let Places { index, .. } = indexes.entry(Kind::Policy).or_default();
        let mut implied_policies = Vec::new();
        for group in self.list.iter().filter(|draft| draft.kind == Kind::CollectionGroup) {
            let Some(id) = group.id.parent().filter(Id::says_something) else { continue };
            if index.meant(&id).is_empty() {
                index.push(id.clone(), group.node.span.file);
                implied_policies.push(implied(group, id, Kind::Policy));
            }
        }
        self.list.append(&mut implied_policies);
    }
}

/// That a child of a template may be one of this parent or of another: its name tells only in a deployment.
fn whose(child: &Draft) -> Arc<Unknown> {
    let name = child.node.get("name").unwrap_or(&child.node);
    match name.unknown() {
        Some(unknown) => {
            Arc::new(Unknown { key: Arc::from(format!("whose {}", unknown.key)), ..Unknown::clone(unknown) })
        }
        None => unknown_value(Reason::Condition, "", name.span, format!("whose {}", child.id.key())),
    }
}

/// The resource that a child is the only sign of.
fn implied(child: &Draft, id: Id, kind: Kind) -> Draft {
    let at = &child.node;
    let mut members = Vec::new();
    if let Some(written) = at.get("id")
        && let Some(whole) = written.text()
        && let Some((own, _)) = whole.rsplit_once('/').and_then(|(front, _)| front.rsplit_once('/'))
    {
        members.push(member("name", text(written, short_name(own)), at));
        members.push(member("id", text(written, own), at));
    } else if let Some(written) = at.get("name")
        && let Some((own, _)) = written.text().and_then(|name| name.rsplit_once('/'))
    {
        members.push(member("name", text(written, own), at));
    }
    members.push(member("type", text(at, kind.type_name()), at));
    Draft { implied: true, ..Draft::new(kind, child.shape, object(at, members), id, child.declared) }
}

/// Adds children to the lists of their parent. One that is written inside it as well is no second one.
fn adopt(parent: &mut Draft, children: Vec<Draft>, faults: &mut Vec<Fault>) {
    let mut by_list: BTreeMap<&'static str, Vec<Draft>> = BTreeMap::new();
    for child in children {
        if let Some((list, _)) = child.kind.list_of_parent() {
            by_list.entry(list).or_default().push(child);
        }
    }
    for (list, children) in by_list {
        let written = parent.node.at(&["properties", list]);
        let mut items = match written.map(|written| &written.value) {
            Some(Value::List(items)) => items.to_vec(),
            Some(Value::Unknown(_)) => written.cloned().into_iter().collect(),
            _ => Vec::new(),
        };
        let mut names: HashMap<String, usize> =
            items.iter().enumerate().filter_map(|(at, item)| Some((identity(item)?, at))).collect();
        for child in children {
            let name = identity(&child.node);
            if let Some(&at) = name.as_ref().and_then(|name| names.get(name)) {
                let (merged, conflict) = merge(&items[at], &child.node);
                let Some(conflict) = conflict else {
                    items[at] = merged;
                    continue;
                };
                faults.push(twice(&child, &conflict));
            } else if let Some(name) = name {
                names.insert(name, items.len());
            }
            if let Some(condition) = child.condition {
                parent.conditions.entry(list).or_default().insert(items.len(), condition);
            }
            items.push(child.node);
        }
        let at = written.map_or(parent.node.span, |written| written.span);
        let value = Node::new(Value::List(Arc::new(items)), at);
        let properties = match parent.node.get("properties") {
            Some(properties) if properties.is_object() => replace(properties, list, value),
            // Unknown properties stay unknown beside the children that are known.
            Some(properties) if properties.unknown().is_some() => {
                let unknown = Node { ..properties.clone() };
                let items = std::iter::once(unknown).chain(value.items().iter().cloned()).collect();
                let value = Node::new(Value::List(Arc::new(items)), at);
                replace(&object(&parent.node, Vec::new()), list, value)
            }
            _ => replace(&object(&parent.node, Vec::new()), list, value),
        };
        parent.node = replace(&parent.node, "properties", properties);
    }
}

/// A group with the uses that an answer with effective rules shows.
fn with_uses(node: &Node, answer: &Node) -> Node {
    let Some(properties) = node.get("properties").filter(|properties| properties.is_object()) else {
        return node.clone();
    };
    let uses = |key: &str| answer.at(&["properties", key]).map(|list| (key.to_owned(), list.clone()));
    let shown = ["subnets", "networkInterfaces"].into_iter().filter_map(uses);
    let members = shown.map(|(key, node)| Member { key: Arc::from(key), key_span: node.span, node });
    let (properties, _) = merge(properties, &object(answer, members.collect()));
    replace(node, "properties", properties)
}

fn twice(draft: &Draft, conflict: &Conflict) -> Fault {
    let Conflict { path, first, second } = conflict;
    let name = draft.node.get("name").and_then(Node::text).unwrap_or("this resource");
    let resource = draft.node.get("id").and_then(Node::text).unwrap_or(name);
    let what = if path.is_empty() { "its content".to_owned() } else { format!("`{path}`") };
    let detail = format!("`{name}` is written twice, and the two differ in {what}");
    Fault {
        related: Some((*first, "the other writing".to_owned())),
        help: Some("remove the older one, or give each run only one of the two".to_owned()),
        instead: None,
        ..Fault::new(fault::DECLARED_TWICE_DIFFERENTLY, *second, detail, resource)
    }
}

/// An object that names a resource and says nothing about it.
fn is_mention(node: &Node) -> bool {
    node.get("id").is_some() && node.get("properties").is_none() && node.get("name").is_none()
}

fn name_of(node: &Node) -> Result<Arc<str>, Arc<Unknown>> {
    let written = node.get("name").and_then(text_or_unknown);
    let in_id = || node.get("id").and_then(Node::text).map(|id| Ok(Arc::from(short_name(id))));
    written.or_else(in_id).unwrap_or_else(|| Err(nameless(node)))
}

/// What stands for a name that is not there: no two places give the same.
fn nameless(node: &Node) -> Arc<Unknown> {
    let Span { file, start, end } = node.span;
    let key = format!("nameless {}:{start}-{end}", file.0);
    unknown_value(Reason::Missing("name".into()), "", node.span, key)
}

/// The id of a resource as it says, else made from its type and name.
fn id_of(node: &Node, kind: Kind) -> Id {
    let written = ["id", "resourceId"].iter().find_map(|key| lookup(node, &[key]));
    let id = written.and_then(Id::of_value);
    let composed = || {
        let type_name = node.get("type").and_then(Node::text).filter(|text| text.contains('/'));
        Id::composed(type_name.unwrap_or(kind.type_name()), &name_of(node), node.span.file)
    };
    id.filter(Id::says_something).unwrap_or_else(composed)
}
