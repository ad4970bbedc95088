//! Pattern rules: what they look for, and the findings they make.

use std::sync::Arc;

use crate::estate::{Fault, Instead, RouteOrigin, SecurityRule};
use crate::finding::{Change, Finding, Fix, Label, Level, Remark, fingerprint};
use crate::rule::condition::Truth;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::pattern::field::{Value, steps, unknown_places, why};
use crate::rule::pattern::item::{Item, Scene, Thing};
use crate::rule::pattern::operator::{self, Test};
use crate::rule::pattern::vocabulary::{self, FieldSpec};
use crate::rule::schema::{Keys, Written};
use crate::rule::value::Template;

/// A rule that looks for a pattern in one subject.
#[derive(Clone, Debug)]
pub struct PatternRule {
    /// What it is about.
    pub subject: Subject,
    /// When it speaks.
    pub when: Predicate,
    /// What to say at which field; the first is where the finding points.
    pub(crate) labels: Vec<(&'static FieldSpec, Template)>,
}

/// The edit that writes what is likely meant.
fn written(fault: &Fault, instead: &Instead) -> Fix {
    Fix {
        title: format!("write `{}` for `{}`", instead.to, instead.was),
        caution: instead.is_more.then(|| format!("`{}` holds more than `{}`", instead.to, instead.was)),
        changes: vec![Change::Value {
            at: fault.span,
            was: vec![instead.was.to_string()],
            to: serde_json::Value::from(&*instead.to),
        }],
        requests: Vec::new(),
        asks: None,
    }
}

impl PatternRule {
    /// The keys of a pattern rule beside the header.
    pub(crate) const KEYS: [&str; 3] = ["subject", "when", "labels"];

    /// Reads a pattern rule and its message.
    pub(crate) fn read(keys: &Keys<'_>, subject: Subject) -> Result<(Self, Template), RuleError> {
        let names = || subject.fields().iter().map(|field| field.name);
        let when = Predicate::read(keys.need("when")?, subject)?;
        let labels = match keys.get("labels") {
            None => Vec::new(),
            Some(labels) => labels
                .pairs()?
                .into_iter()
                .map(|pair| {
                    let Some(field) = subject.field(pair.key) else {
                        return Err(pair
                            .error(format!("`{}` has no field `{}`", subject.as_str(), pair.key))
                            .label("unknown field")
                            .help(suggestion(pair.key, "its fields are", names())));
                    };
                    Ok((field, Template::read(pair.value, names())?))
                })
                .collect::<Result<_, _>>()?,
        };
        let message = match keys.get("message") {
            Some(message) => Template::read(message, names())?,
            None if subject == Subject::Fault => Template::parse("{detail}").expect("the template is well formed"),
            None => return Err(keys.error("a pattern rule needs the key `message`")),
        };
        Ok((Self { subject, when, labels }, message))
    }

    /// The findings of the rule on all items of its subject, in their order; `base` is the finding's common part.
    pub(crate) fn findings<'a>(
        &'a self,
        items: &'a [Item<'a>],
        message: &'a Template,
        base: &'a Finding,
    ) -> impl Iterator<Item = Finding> + 'a {
        items.iter().filter_map(move |item| {
            let truth = self.when.holds(item);
            if truth == Truth::No {
                return None;
            }
            let conditions = item.conditions().into_iter().map(|unknown| Truth::Unknown(vec![why(unknown)]));
            let truth = Truth::all(std::iter::once(truth).chain(conditions));
            if truth != Truth::Yes && self.is_spoiled(item) {
                return None;
            }
            Some(self.finding(item, &truth, message, base))
        })
    }

    /// Whether all it can say is that something cannot be told.
    pub(crate) fn is_never_sure(&self) -> bool {
        self.when.fields().iter().any(|(test, negated)| !negated && test.field.name.starts_with("unseen-"))
    }

    fn finding(&self, item: &Item<'_>, truth: &Truth, message: &Template, base: &Finding) -> Finding {
        let filled = self.fill(message, item);
        let mut finding = Finding { resource: Some(item.resource()), ..base.clone() };
        let mut labels = Vec::new();
        for (field, text) in &self.labels {
            let value = (field.read)(item);
            let unknown = *truth != Truth::Yes && value.is_open();
            if !value.is_absent() && !unknown {
                self.label(field, &value, self.fill(text, item), &mut labels);
            }
        }
        match truth {
            Truth::Unknown(reasons) => {
                finding.undecided = true;
                finding.level = Level::Note;
                finding.message = format!("cannot tell whether {filled}");
                labels.splice(0..0, self.open_places(item));
                finding.remarks.push(Remark { kind: "depends on", text: reasons.join("\n") });
            }
            Truth::Yes | Truth::No => finding.message = filled,
        }
        if labels.is_empty() {
            let (span, via) = item.place();
            labels.push(Label { span, message: String::new() });
            let trail = via.map(|trail| steps(trail)).unwrap_or_default();
            labels.extend(trail.into_iter().map(|(span, message)| Label { span, message }));
        }
        if let Some(fault) = item.fault() {
            labels.extend(fault.related.iter().map(|(span, message)| Label { span: *span, message: message.clone() }));
            if let Some(help) = &fault.help {
                finding.help = Some(help.clone());
            }
            finding.fixes.extend(fault.instead.as_ref().map(|instead| written(fault, instead)));
        }
        let mut labels = labels.into_iter();
        if let Some(first) = labels.next() {
            finding.at = first;
        }
        for label in labels {
            if label.span != finding.at.span && !finding.related.contains(&label) {
                finding.related.push(label);
            }
        }
        let field = self.labels.first().map_or("", |(field, _)| field.name);
        finding.subject = item.whole();
        let path =
            [item.path(), field.to_owned()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        finding.fingerprint = fingerprint(&base.rule, &item.resource(), &path);
        finding
    }

    /// The label of a field and the way its value came.
    fn label(&self, field: &FieldSpec, value: &Value<'_>, message: String, labels: &mut Vec<Label>) {
        let part = match &*value.parts {
            [one] => Some(one),
            parts => parts.iter().enumerate().find(|(at, _)| self.is_to_blame(field, value, *at)).map(|(_, part)| part),
        };
        labels.push(Label { span: part.map_or(value.span, |part| part.span), message });
        let trail = part.map(|part| part.trail()).unwrap_or_default();
        labels.extend(trail.into_iter().map(|(span, message)| Label { span, message }));
    }

    /// A template with the values of an item. Of a list in which some parts are what the rule looks for, only those.
    fn fill(&self, template: &Template, item: &Item<'_>) -> String {
        let value = |name: &str| {
            let field = self.subject.field(name)?;
            let mut value = (field.read)(item);
            let nothing = if value.is_open() { "?" } else { "nothing" };
            let blamed: Vec<_> = (0..value.parts.len())
                .filter(|at| self.is_to_blame(field, &value, *at))
                .filter_map(|at| value.parts.get(at).cloned())
                .collect();
            if !blamed.is_empty() {
                value.parts = blamed;
            }
            Some(value.shown().unwrap_or_else(|| nothing.to_owned()))
        };
        template.fill(value).unwrap_or_else(|_: Arc<str>| template.to_string())
    }

    /// Whether one part of a value passes the field's tests by itself.
    fn is_to_blame(&self, field: &FieldSpec, value: &Value<'_>, at: usize) -> bool {
        let Some(part) = value.parts.get(at) else { return false };
        let alone = part.alone();
        let tests = self.when.fields();
        let mut own = tests.iter().filter(|(test, negated)| test.field.name == field.name && !negated).peekable();
        own.peek().is_some() && own.all(|(test, _)| test.tests.iter().all(|test| test.holds(&alone) == Truth::Yes))
    }

    /// Whether a mistake in the item, which is a finding itself, is why the rule cannot tell.
    fn is_spoiled(&self, item: &Item<'_>) -> bool {
        self.when.fields().into_iter().any(|(test, _)| {
            let value = (test.field.read)(item);
            // What is worked out from the other fields depends on all of them.
            let derived = value.parts.is_empty() && value.open.is_some();
            (value.is_faulty() || derived && self.subject.fields().iter().any(|field| (field.read)(item).is_faulty()))
                && test.tests.iter().any(|test| matches!(test.holds(&value), Truth::Unknown(_)))
        })
    }

    /// The first value that only a deployment can tell: where it is used, and where it would come from.
    fn open_places(&self, item: &Item<'_>) -> Vec<Label> {
        for (test, _) in self.when.fields() {
            let value = (test.field.read)(item);
            if test.tests.iter().any(|test| matches!(test.holds(&value), Truth::Unknown(_))) {
                let part = value.parts.iter().find_map(|part| Some((part, part.atom.as_ref().err()?)));
                return match part {
                    Some((part, unknown)) => unknown_places(unknown, part.span, part.via.map(|trail| &**trail)),
                    None => vec![Label {
                        span: value.span,
                        message: value.open.map_or_else(String::new, |why| why.to_string()),
                    }],
                };
            }
        }
        item.conditions().first().map_or_else(Vec::new, |unknown| unknown_places(unknown, unknown.span, None))
    }
}

/// What must hold of a subject.
#[derive(Clone, Debug)]
pub enum Predicate {
    /// All of them.
    All(Vec<Predicate>),
    /// One of them.
    Any(Vec<Predicate>),
    /// Not this.
    Not(Box<Predicate>),
    /// A field passes its tests.
    Field(FieldTest),
}

/// A field and the tests it must pass.
#[derive(Clone, Debug)]
pub struct FieldTest {
    pub(crate) field: &'static FieldSpec,
    pub(crate) tests: Vec<Test>,
}

impl Predicate {
    /// Reads `when:`. Several keys must all hold.
    pub(crate) fn read(written: Written<'_>, subject: Subject) -> Result<Self, RuleError> {
        let mut parts = Vec::new();
        for pair in written.pairs()? {
            let several = |written: Written<'_>| -> Result<Vec<Self>, RuleError> {
                let items = written.list()?;
                if items.is_empty() {
                    return Err(written.error("the list is empty"));
                }
                items.into_iter().map(|item| Self::read(item, subject)).collect()
            };
            parts.push(match pair.key {
                "all" => Self::All(several(pair.value)?),
                "any" => Self::Any(several(pair.value)?),
                "not" => Self::Not(Box::new(Self::read(pair.value, subject)?)),
                name => {
                    let Some(field) = subject.field(name) else {
                        let known = subject.fields().iter().map(|field| field.name).chain(["all", "any", "not"]);
                        return Err(pair
                            .error(format!("`{}` has no field `{name}`", subject.as_str()))
                            .label("unknown field")
                            .help(suggestion(name, "its fields are", known)));
                    };
                    Self::Field(FieldTest { field, tests: operator::read(name, field.kind, pair.value)? })
                }
            });
        }
        match parts.len() {
            0 => Err(written.error("the condition is empty")),
            1 => Ok(parts.swap_remove(0)),
            _ => Ok(Self::All(parts)),
        }
    }

    /// Whether it holds of an item.
    pub(crate) fn holds(&self, item: &Item<'_>) -> Truth {
        match self {
            Self::All(parts) => Truth::all(parts.iter().map(|part| part.holds(item))),
            Self::Any(parts) => Truth::any(parts.iter().map(|part| part.holds(item))),
            Self::Not(part) => part.holds(item).negated(),
            Self::Field(FieldTest { field, tests }) => {
                let value = (field.read)(item);
                Truth::all(tests.iter().map(|test| test.holds(&value)))
            }
        }
    }

    /// Every field it asks for with its tests, in the order written; whether it stands under a `not`.
    pub(crate) fn fields(&self) -> Vec<(&FieldTest, bool)> {
        let mut found = Vec::new();
        let mut waiting = vec![(self, false)];
        while let Some((part, negated)) = waiting.pop() {
            match part {
                Self::All(parts) | Self::Any(parts) => waiting.extend(parts.iter().rev().map(|part| (part, negated))),
                Self::Not(part) => waiting.push((part, !negated)),
                Self::Field(test) => found.push((test, negated)),
            }
        }
        found
    }
}

/// The things a pattern rule can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A rule of a network security group.
    SecurityRule,
    /// A network security group.
    Nsg,
    /// A route of a route table.
    Route,
    /// A route table.
    RouteTable,
    /// A subnet.
    Subnet,
    /// A virtual network.
    VirtualNetwork,
    /// A rule of a firewall or firewall policy.
    FirewallRule,
    /// Something Azure would refuse or that makes the input incomplete.
    Fault,
}

impl Subject {
    /// Every subject and the word users write.
    pub const WORDS: [(&'static str, Self); 8] = [
        ("security-rule", Self::SecurityRule),
        ("nsg", Self::Nsg),
        ("route", Self::Route),
        ("route-table", Self::RouteTable),
        ("subnet", Self::Subnet),
        ("virtual-network", Self::VirtualNetwork),
        ("firewall-rule", Self::FirewallRule),
        ("fault", Self::Fault),
    ];

    /// The word users write.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, subject)| *subject == self).map_or("", |(word, _)| word)
    }

    /// The field of a name.
    pub(crate) fn field(self, name: &str) -> Option<&'static FieldSpec> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// Its fields.
    pub(crate) fn fields(self) -> &'static [FieldSpec] {
        match self {
            Self::SecurityRule => vocabulary::SECURITY_RULE,
            Self::Nsg => vocabulary::NSG,
            Self::Route => vocabulary::ROUTE,
            Self::RouteTable => vocabulary::ROUTE_TABLE,
            Self::Subnet => vocabulary::SUBNET,
            Self::VirtualNetwork => vocabulary::VIRTUAL_NETWORK,
            Self::FirewallRule => vocabulary::FIREWALL_RULE,
            Self::Fault => vocabulary::FAULT,
        }
    }

    /// Every one of the estate.
    pub(crate) fn all<'a>(self, scene: &'a Scene<'a>) -> Vec<Item<'a>> {
        let estate = scene.estate;
        let item = |owner: usize, thing: Thing<'a>| Item { scene, owner, thing };
        match self {
            Self::SecurityRule => {
                let rules = estate.nsgs.iter().enumerate().flat_map(|(owner, nsg)| {
                    nsg.rules
                        .iter()
                        .enumerate()
                        .map(move |(index, rule)| (owner, Thing::SecurityRule(nsg, rule, index)))
                });
                // Effective rules list the built-in ones among the user's (SHAPE-3).
                let built_in = |rule: &SecurityRule| rule.priority.known().is_some_and(|priority| *priority >= 65_000);
                rules
                    .filter(|(_, thing)| !matches!(thing, Thing::SecurityRule(_, rule, _) if built_in(rule)))
                    .map(|(owner, thing)| item(owner, thing))
                    .collect()
            }
            Self::Nsg => estate.nsgs.iter().enumerate().map(|(at, nsg)| item(at, Thing::Nsg(nsg))).collect(),
            Self::Route => {
                let routes = estate.route_tables.iter().enumerate().flat_map(|(owner, table)| {
                    table.routes.iter().map(move |route| (owner, Thing::Route(table, route)))
                });
                let user =
                    |thing: &Thing<'_>| matches!(thing, Thing::Route(_, route) if route.origin == RouteOrigin::User);
                routes.filter(|(_, thing)| user(thing)).map(|(owner, thing)| item(owner, thing)).collect()
            }
            Self::RouteTable => {
                estate.route_tables.iter().enumerate().map(|(at, table)| item(at, Thing::RouteTable(table))).collect()
            }
            Self::Subnet => {
                estate.subnets.iter().enumerate().map(|(at, subnet)| item(at, Thing::Subnet(subnet))).collect()
            }
            Self::VirtualNetwork => {
                estate.networks.iter().enumerate().map(|(at, network)| item(at, Thing::Network(network))).collect()
            }
            Self::FirewallRule => {
                let policies = estate.collection_groups.iter().map(|group| (&group.header, &group.collections));
                let classic = estate.firewalls.iter().map(|firewall| (&firewall.header, &firewall.collections));
                let collections =
                    policies.chain(classic).flat_map(|(header, all)| all.iter().map(move |one| (header, one)));
                collections
                    .flat_map(|(header, one)| one.rules.iter().map(move |rule| Thing::FirewallRule(header, one, rule)))
                    .map(|thing| item(0, thing))
                    .collect()
            }
            Self::Fault => estate.faults.iter().map(|fault| item(0, Thing::Fault(fault))).collect(),
        }
    }
}
