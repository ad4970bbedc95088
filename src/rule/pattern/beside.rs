//! Resources that must be, or must not be, beside another for an assertion to speak: found by who names whom.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::estate::{Estate, Field, Header, Lead, Leads};
use crate::finding::Label;
use crate::json::{Node, Part, Selector, Unknown, Value};
use crate::rule::condition::Truth;
use crate::rule::error::RuleError;
use crate::rule::pattern::assert::Clauses;
use crate::rule::pattern::field::why;
use crate::rule::schema::Written;
use crate::rule::value;
use crate::source::{FileId, Span};

/// A mention that may lead anywhere is taken to lead to at most so many; keeps a run over a large estate linear.
const MAX_OPEN: usize = 64;

/// What must be beside a resource.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    /// The type of the others.
    pub(crate) resource: Arc<str>,
    way: Way,
    when: Clauses,
    exists: bool,
    label: Option<Arc<str>>,
}

/// How two resources belong together.
#[derive(Clone, Debug)]
enum Way {
    /// They are deployed together. What must not be there must be in no part of the input.
    Together,
    /// This one names the other here.
    At(Selector),
    /// The other names this one here, or something inside it.
    From(Selector),
    /// This one lies inside the other.
    Parent,
    /// The other lies inside this one.
    Child,
}

/// Who is beside one resource, and whether that is certain.
#[derive(Clone, Debug)]
struct Neighbour {
    other: usize,
    sure: bool,
}

const KEYS: [&str; 7] = ["resource", "at", "from", "inside", "when", "exists", "label"];

/// What a rule's `beside` came to for one resource.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Whether all of it holds.
    pub(crate) truths: Vec<Truth>,
    /// The places that show it.
    pub(crate) labels: Vec<Label>,
    /// The name of the first of the others.
    pub(crate) name: Option<String>,
}

impl Beside {
    /// Reads one item of `beside`.
    pub(crate) fn read(written: Written<'_>) -> Result<Self, RuleError> {
        let keys = written.keys("`beside`", &KEYS)?;
        let given: Vec<Written<'_>> = ["at", "from", "inside"].iter().filter_map(|key| keys.get(key)).collect();
        if let [_, second, ..] = &*given {
            return Err(second.error("only one of `at`, `from` and `inside` can say how they belong together"));
        }
        let way = if let Some(path) = keys.get("at") {
            Way::At(value::selector(path)?)
        } else if let Some(path) = keys.get("from") {
            Way::From(value::selector(path)?)
        } else if let Some(which) = keys.get("inside") {
            which.word("side", &[("this", Way::CHILD), ("other", Way::PARENT)]).map(Way::of)?
        } else {
            Way::Together
        };
        Ok(Self {
            resource: value::resource_type(&keys)?,
            way,
            when: keys.get("when").map(Clauses::read).transpose()?.unwrap_or_default(),
            exists: keys.get("exists").map(Written::bool).transpose()?.unwrap_or(true),
            label: keys.text("label")?,
        })
    }

    /// What is beside each of some resources, in their order.
    pub(crate) fn find(&self, all: &Resources<'_>, these: &[&Resource<'_>], found: &mut [Found]) {
        let others = all.of(&self.resource);
        if these.is_empty() {
            return;
        }
        if matches!(self.way, Way::Together) {
            return self.find_together(all, others, these, found);
        }
        let beside = self.neighbours(all, these, others);
        let fits: Vec<OnceCell<Truth>> = vec![OnceCell::new(); others.len()];
        for (at, (this, found)) in these.iter().zip(found).enumerate() {
            let own = beside.get(at).map_or(&[][..], Vec::as_slice);
            let is_itself =
                |one: &&Neighbour| others.get(one.other).is_some_and(|other| std::ptr::eq(other.node, this.node));
            let own: Vec<&Neighbour> = own.iter().filter(|one| !is_itself(one)).collect();
            let fit = |one: &Neighbour| match (fits.get(one.other), others.get(one.other)) {
                (Some(fit), Some(other)) => fit.get_or_init(|| self.fit(other)).clone(),
                _ => Truth::No,
            };
            let truths = own.iter().map(|one| match (fit(one), one.sure) {
                (Truth::Yes, false) => Truth::open(format!("which resource `{}` belongs to", others[one.other].name)),
                (truth, _) => truth,
            });
            let exists = Truth::any(truths);
            let shown = own.iter().find(|one| fit(one) != Truth::No).and_then(|one| others.get(one.other));
            self.note(exists, shown, found);
        }
    }

    /// Whether another resource is what must be there.
    fn fit(&self, other: &Resource<'_>) -> Truth {
        Truth::all([self.when.hold(other.node), Truth::all(other.condition.map(open))])
    }

    /// What is among the resources of each deployment is the same for all in it, so it is asked once.
    fn find_together(
        &self,
        all: &Resources<'_>,
        others: &[Resource<'_>],
        these: &[&Resource<'_>],
        found: &mut [Found],
    ) {
        let deployment = |one: &Resource<'_>| self.exists.then(|| all.deployment(one));
        let mut by_deployment: BTreeMap<_, (Vec<Truth>, Option<&Resource<'_>>)> = BTreeMap::new();
        let fits = others.iter().map(|other| (other, self.fit(other)));
        for (other, fit) in fits.filter(|(_, fit)| *fit != Truth::No) {
            let (truths, first) = by_deployment.entry(deployment(other)).or_default();
            truths.push(fit);
            first.get_or_insert(other);
        }
        for (this, found) in these.iter().zip(found) {
            let (truths, shown) = by_deployment.get(&deployment(this)).cloned().unwrap_or_default();
            self.note(Truth::any(truths), shown, found);
        }
    }

    fn note(&self, exists: Truth, shown: Option<&Resource<'_>>, found: &mut Found) {
        found.truths.push(if self.exists { exists } else { exists.negated() });
        if let Some(other) = shown.filter(|_| self.exists) {
            found.name.get_or_insert_with(|| other.name.clone());
            let label = |label: &Arc<str>| Label { span: other.span, message: label.replace("{name}", &other.name) };
            found.labels.extend(self.label.as_ref().map(label));
        }
    }

    fn neighbours(&self, all: &Resources<'_>, these: &[&Resource<'_>], others: &[Resource<'_>]) -> Vec<Vec<Neighbour>> {
        let mut beside: Vec<Vec<Neighbour>> = vec![Vec::new(); these.len()];
        match &self.way {
            Way::Together => {}
            Way::At(path) => {
                let directory = all.directory(&self.resource);
                let leads = directory.get_or_init(|| Directory::of(others.iter()));
                for (this, own) in these.iter().zip(&mut beside) {
                    let selection = path.evaluate(this.node);
                    for mention in selection.hits.iter().chain(&selection.blocked) {
                        own.extend(leads.spread(leads.leads.lead(mention, this.span.file)));
                    }
                }
            }
            Way::Parent => {
                let directory = all.directory(&self.resource);
                let leads = directory.get_or_init(|| Directory::of(others.iter()));
                for (this, own) in these.iter().zip(&mut beside) {
                    own.extend(this.header.into_iter().flat_map(|this| leads.spread(leads.leads.parent(this))));
                }
            }
            Way::From(_) | Way::Child => {
                let own = these.first().map_or("", |one| &one.type_name);
                let is_whole_type = all.of(own).len() == these.len();
                let directory = if is_whole_type { all.directory(own) } else { Arc::default() };
                let leads = directory.get_or_init(|| Directory::of(these.iter().copied()));
                for (at, other) in others.iter().enumerate() {
                    let mentioned: Vec<Neighbour> = match &self.way {
                        Way::From(path) => {
                            let selection = path.evaluate(other.node);
                            let mentions = selection.hits.iter().chain(&selection.blocked);
                            mentions.flat_map(|one| leads.spread(leads.leads.lead(one, other.span.file))).collect()
                        }
                        _ => {
                            let parent = other.header.map(|other| leads.leads.parent(other));
                            parent.into_iter().flat_map(|lead| leads.spread(lead)).collect()
                        }
                    };
                    for one in mentioned {
                        if let Some(own) = beside.get_mut(one.other) {
                            own.push(Neighbour { other: at, sure: one.sure });
                        }
                    }
                }
            }
        }
        beside
    }
}

impl Way {
    const CHILD: bool = true;
    const PARENT: bool = false;

    fn of(child: bool) -> Self {
        if child { Self::Child } else { Self::Parent }
    }
}

fn open(unknown: &crate::json::Unknown) -> Truth {
    Truth::Unknown(vec![why(unknown)])
}

/// Resources of one type to which mentions lead, and where each stands in its list.
struct Directory {
    leads: Leads,
    places: Vec<usize>,
}

impl Directory {
    fn of<'r, 'a: 'r>(list: impl Iterator<Item = &'r Resource<'a>>) -> Self {
        let (places, headers): (Vec<usize>, Vec<_>) =
            list.enumerate().filter_map(|(at, one)| Some((at, one.header?))).unzip();
        Self { leads: Leads::of(headers), places }
    }

    fn spread(&self, lead: Lead) -> Vec<Neighbour> {
        let (found, sure) = match lead {
            Lead::To(other) => (vec![other], true),
            Lead::Among(several) => (several, false),
            Lead::Nowhere => (Vec::new(), false),
            Lead::Anywhere => ((0..self.places.len().min(MAX_OPEN)).collect(), false),
        };
        found.into_iter().filter_map(|at| Some(Neighbour { other: *self.places.get(at)?, sure })).collect()
    }
}

/// Every resource of an estate by its type.
pub(crate) struct Resources<'a> {
    by_type: BTreeMap<String, Vec<Resource<'a>>>,
    templates: &'a [(FileId, FileId)],
    deployments: OnceLock<Deployments>,
    /// Those of one type to which mentions may lead, once a rule asks.
    directories: Mutex<BTreeMap<String, Arc<OnceLock<Directory>>>>,
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
        let (by_type, directories) = (BTreeMap::new(), Mutex::default());
        let mut all = Self { by_type, templates: &estate.templates, deployments: OnceLock::new(), directories };
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
                all.add_child(&nsg.header, "securityRules", &rule.name, &rule.node, rule.condition.as_deref());
            }
        }
        for table in &estate.route_tables {
            all.add(&table.header);
            for route in &table.routes {
                all.add_child(&table.header, "routes", &route.name, &route.node, route.condition.as_deref());
            }
        }
        all
    }

    /// Those of a type, in the order of the estate.
    pub(crate) fn of(&self, type_name: &str) -> &[Resource<'a>] {
        self.by_type.get(&type_name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// To be filled with [`Directory::of`] those of a type by whoever comes first.
    fn directory(&self, type_name: &str) -> Arc<OnceLock<Directory>> {
        let mut known = self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(type_name.to_ascii_lowercase()).or_default())
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
        let mut seen = BTreeSet::new();
        // What stands in a child stands in the resource that holds it.
        for (one, _) in &with_header {
            let own = self.file(one);
            for mention in mentions(one.node) {
                // One value of a template is used in many places, and copied with the resources of a loop.
                let mut is_seen = |unknown: &Arc<Unknown>| !seen.insert((own, one.span.file, Arc::as_ptr(unknown)));
                if matches!(&mention.value, Value::Unknown(unknown) if is_seen(unknown)) {
                    continue;
                }
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
        name: &Field<Arc<str>>,
        node: &'a Node,
        condition: Option<&'a Unknown>,
    ) {
        let span = name.span;
        let name = name.known().map_or("", |name| name);
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
    let is_id = |text: &str| {
        let mut slashes = memchr::memchr_iter(b'/', text.as_bytes());
        slashes.any(|at| text.as_bytes()[at..].get(..11).is_some_and(|word| word.eq_ignore_ascii_case(b"/providers/")))
    };
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

#[cfg(test)]
mod tests {
    use super::Beside;
    use crate::rule::error::Text;
    use crate::rule::schema::Written;
    use crate::rule::schema::tree;

    fn mistake(content: &str) -> String {
        let text = Text::new("a.yaml", content);
        let yaml = tree(&text).unwrap();
        Beside::read(Written { text: &text, yaml: &yaml }).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn one_relation_is_enough() {
        let several = mistake("{ resource: A.B/c, at: $.a, from: $.b }");
        assert_eq!(several, "only one of `at`, `from` and `inside` can say how they belong together");
        assert_eq!(mistake("{ resource: A.B/c, inside: me }"), "`me` is not a side");
        assert_eq!(mistake("{ at: $.a }"), "`beside` needs the key `resource`");
        assert_eq!(
            mistake("{ resource: A.B/c, when: {} }"),
            "the condition is empty; leave it out when nothing must hold"
        );
    }
}
