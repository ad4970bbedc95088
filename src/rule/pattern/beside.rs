//! Resources that must be, or must not be, beside another for an assertion to speak: found by who names whom.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::{Lead, Leads};
use crate::finding::Label;
use crate::json::Selector;
use crate::rule::condition::Truth;
use crate::rule::error::RuleError;
use crate::rule::pattern::assert::Clauses;
use crate::rule::pattern::field::why;
use crate::rule::pattern::inventory::{Resource, Resources};
use crate::rule::schema::Written;
use crate::rule::value;

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
        let fits: Vec<Truth> = others
            .iter()
            .map(|other| Truth::all([self.when.hold(other.node), Truth::all(other.condition.map(open))]))
            .collect();
        if matches!(self.way, Way::Together) {
            return self.find_together(all, others, &fits, these, found);
        }
        let beside = self.neighbours(these, others);
        for (at, (this, found)) in these.iter().zip(found).enumerate() {
            let own = beside.get(at).map_or(&[][..], Vec::as_slice);
            let is_itself =
                |one: &&Neighbour| others.get(one.other).is_some_and(|other| std::ptr::eq(other.node, this.node));
            let own: Vec<&Neighbour> = own.iter().filter(|one| !is_itself(one)).collect();
            let fit = |one: &Neighbour| fits.get(one.other).cloned().unwrap_or(Truth::No);
            let truths = own.iter().map(|one| match (fit(one), one.sure) {
                (Truth::Yes, false) => Truth::open(format!("which resource `{}` belongs to", others[one.other].name)),
                (truth, _) => truth,
            });
            let exists = Truth::any(truths);
            let shown = own.iter().find(|one| fit(one) != Truth::No).and_then(|one| others.get(one.other));
            self.note(exists, shown, found);
        }
    }

    /// What is among the resources of each deployment is the same for all in it, so it is asked once.
    fn find_together(
        &self,
        all: &Resources<'_>,
        others: &[Resource<'_>],
        fits: &[Truth],
        these: &[&Resource<'_>],
        found: &mut [Found],
    ) {
        let deployment = |one: &Resource<'_>| self.exists.then(|| all.deployment(one));
        let mut by_deployment: BTreeMap<_, (Vec<Truth>, Option<&Resource<'_>>)> = BTreeMap::new();
        for (other, fit) in others.iter().zip(fits).filter(|(_, fit)| **fit != Truth::No) {
            let (truths, first) = by_deployment.entry(deployment(other)).or_default();
            truths.push(fit.clone());
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

    fn neighbours(&self, these: &[&Resource<'_>], others: &[Resource<'_>]) -> Vec<Vec<Neighbour>> {
        let mut beside: Vec<Vec<Neighbour>> = vec![Vec::new(); these.len()];
        match &self.way {
            Way::Together => {}
            Way::At(path) => {
                let leads = Directory::of(others.iter());
                for (this, own) in these.iter().zip(&mut beside) {
                    let selection = path.evaluate(this.node);
                    for mention in selection.hits.iter().chain(&selection.blocked) {
                        own.extend(leads.spread(leads.leads.lead(mention, this.span.file)));
                    }
                }
            }
            Way::Parent => {
                let leads = Directory::of(others.iter());
                for (this, own) in these.iter().zip(&mut beside) {
                    own.extend(this.header.into_iter().flat_map(|this| leads.spread(leads.leads.parent(this))));
                }
            }
            Way::From(_) | Way::Child => {
                let leads = Directory::of(these.iter().copied());
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

#[cfg(test)]
mod tests {
    use super::Beside;
    use crate::rule::schema::Written;
    use crate::rule::text::Text;
    use crate::rule::yaml::Yaml;

    fn mistake(content: &str) -> String {
        let text = Text::new("a.yaml", content);
        let yaml = Yaml::read(&text).unwrap();
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
