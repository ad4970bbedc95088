//! Every resource of an estate by its type, children that are written inside their parents among them, and which of them
//! are deployed together.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::estate::{Estate, Header, Lead, Leads};
use crate::json::{Node, Part, Unknown, Value};
use crate::source::{FileId, Span};

/// Every resource of an estate by its type.
pub(crate) struct Resources<'a> {
    by_type: BTreeMap<String, Vec<Resource<'a>>>,
    templates: &'a [(FileId, FileId)],
    deployments: OnceCell<Deployments>,
}

/// Templates that refer to each other, told by the files they are written in. Exports are all of one network.
#[derive(Debug, Default)]
struct Deployments {
    /// The file a file belongs with; one that is not here stands for itself.
    of: BTreeMap<FileId, FileId>,
}

/// Stands for every file that is no template: exports of one run are one network.
const EXPORTS: FileId = FileId(u32::MAX);

impl Deployments {
    /// The one that a file belongs to.
    fn find(&self, file: FileId) -> FileId {
        let mut at = file;
        while let Some(next) = self.of.get(&at) {
            at = *next;
        }
        at
    }

    fn join(&mut self, one: FileId, other: FileId) {
        let (one, other) = (self.find(one), self.find(other));
        if one != other {
            self.of.insert(one.max(other), one.min(other));
        }
    }
}

/// One of them.
pub(crate) struct Resource<'a> {
    pub(crate) type_name: Cow<'a, str>,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) node: &'a Node,
    pub(crate) span: Span,
    pub(crate) condition: Option<&'a Unknown>,
    /// What a resource of its own has; nothing for a child written inside its parent.
    pub(crate) header: Option<&'a Header>,
}

impl<'a> Resources<'a> {
    pub(crate) fn new(estate: &'a Estate) -> Self {
        let mut all = Self { by_type: BTreeMap::new(), templates: &estate.templates, deployments: OnceCell::new() };
        let plain = |plain: &'a crate::estate::Plain| &plain.header;
        estate.networks.iter().for_each(|one| all.add(&one.header));
        estate.subnets.iter().for_each(|one| all.add(&one.header));
        estate.nat_gateways.iter().map(plain).for_each(|header| all.add(header));
        estate.private_endpoints.iter().for_each(|one| all.add(&one.header));
        estate.interfaces.iter().for_each(|one| all.add(&one.header));
        estate.workspaces.iter().for_each(|one| all.add(&one.header));
        estate.computes.iter().for_each(|one| all.add(&one.header));
        estate.firewalls.iter().for_each(|one| all.add(&one.header));
        estate.policies.iter().for_each(|one| all.add(&one.header));
        estate.collection_groups.iter().for_each(|one| all.add(&one.header));
        estate.ip_groups.iter().for_each(|one| all.add(&one.header));
        estate.admin_rules.iter().for_each(|one| all.add(&one.header));
        estate.hub_connections.iter().for_each(|one| all.add(&one.header));
        estate.hub_route_tables.iter().for_each(|one| all.add(&one.header));
        estate.routing_intents.iter().for_each(|one| all.add(&one.header));
        estate.admin_configurations.iter().chain(&estate.hubs).map(plain).for_each(|header| all.add(header));
        estate.others.iter().map(plain).for_each(|header| all.add(header));
        for nsg in &estate.nsgs {
            all.add(&nsg.header);
            for rule in &nsg.rules {
                let name = rule.name.known().map_or("", |name| name);
                all.add_child(
                    &nsg.header,
                    "securityRules",
                    name,
                    &rule.node,
                    rule.name.span,
                    rule.condition.as_deref(),
                );
            }
        }
        for table in &estate.route_tables {
            all.add(&table.header);
            for route in &table.routes {
                let name = route.name.known().map_or("", |name| name);
                all.add_child(&table.header, "routes", name, &route.node, route.name.span, route.condition.as_deref());
            }
        }
        all
    }

    /// Those of a type, in the order of the estate.
    pub(crate) fn of(&self, type_name: &str) -> &[Resource<'a>] {
        self.by_type.get(&type_name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// What tells the resources of one deployment from those of another that it only lies beside. Templates that refer to
    /// each other are one deployment, and so are all exports.
    pub(crate) fn deployment(&self, resource: &Resource<'_>) -> FileId {
        self.deployments.get_or_init(|| self.deployments()).find(self.file(resource))
    }

    /// The template file a resource is written in; [`EXPORTS`] for one of no template.
    fn file(&self, resource: &Resource<'_>) -> FileId {
        let file = resource.node.span.file;
        let is_template = self.templates.binary_search_by_key(&file, |(file, _)| *file).is_ok();
        if is_template { file } else { EXPORTS }
    }

    fn deployments(&self) -> Deployments {
        let mut deployments = Deployments::default();
        for (file, template) in self.templates {
            deployments.join(*file, *template);
        }
        let all: Vec<&Resource<'_>> = self.by_type.values().flatten().collect();
        let apart: BTreeSet<FileId> = all.iter().map(|one| deployments.find(self.file(one))).collect();
        if apart.len() < 2 {
            return deployments;
        }
        let with_header: Vec<(&Resource<'_>, &Header)> =
            all.iter().filter_map(|one| Some((*one, one.header?))).collect();
        let leads = Leads::of(with_header.iter().map(|(_, header)| *header));
        for one in &all {
            let own = self.file(one);
            for mention in mentions(one.node) {
                let to = match leads.lead(mention, one.span.file) {
                    Lead::To(at) => vec![at],
                    Lead::Among(several) => several,
                    Lead::Nowhere | Lead::Anywhere => continue,
                };
                for (other, _) in to.into_iter().filter_map(|at| with_header.get(at)) {
                    deployments.join(own, self.file(other));
                }
            }
        }
        deployments
    }

    fn add(&mut self, header: &'a Header) {
        let name = match &header.name.value {
            Ok(name) => name.to_string(),
            Err(unknown) if unknown.text.is_empty() => "?".to_owned(),
            Err(unknown) => unknown.text.to_string(),
        };
        self.push(Resource {
            type_name: Cow::Borrowed(&header.type_name),
            id: id_of(header),
            name,
            node: &header.node,
            span: header.place(),
            condition: header.condition.as_deref(),
            header: Some(header),
        });
    }

    fn add_child(
        &mut self,
        header: &'a Header,
        kind: &str,
        name: &str,
        node: &'a Node,
        span: Span,
        condition: Option<&'a Unknown>,
    ) {
        self.push(Resource {
            type_name: Cow::Owned(format!("{}/{kind}", header.type_name)),
            id: format!("{}/{kind}/{name}", id_of(header)),
            name: name.to_owned(),
            node,
            span,
            condition: condition.or(header.condition.as_deref()),
            header: None,
        });
    }

    fn push(&mut self, resource: Resource<'a>) {
        self.by_type.entry(resource.type_name.to_ascii_lowercase()).or_default().push(resource);
    }
}

/// The values in a resource that look like ids of others.
fn mentions(resource: &Node) -> Vec<&Node> {
    let is_id = |text: &str| text.to_ascii_lowercase().contains("/providers/");
    let mut found = Vec::new();
    let mut waiting = vec![resource];
    while let Some(node) = waiting.pop() {
        match &node.value {
            Value::Text(text) if is_id(text) => found.push(node),
            Value::Unknown(unknown) => {
                let known = unknown.parts.iter().any(|part| matches!(part, Part::Text(text) if is_id(text)));
                found.extend(known.then_some(node));
            }
            _ => waiting.extend(node.items().iter().chain(node.members().iter().map(|member| &member.node))),
        }
    }
    found
}

fn id_of(header: &Header) -> String {
    let id = header.id.as_ref().and_then(|id| id.known());
    let name = || header.name.known().map_or_else(|| header.key.to_string(), ToString::to_string);
    id.map_or_else(name, ToString::to_string)
}
