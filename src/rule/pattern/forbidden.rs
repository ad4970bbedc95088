//! Pattern rules: what they look for, and the findings they make.

use std::sync::Arc;

use crate::finding::{Finding, Label, Level, Remark, fingerprint};
use crate::rule::condition::Truth;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::pattern::field::{Value, steps, unknown_places, why};
use crate::rule::pattern::item::{Item, Scene};
use crate::rule::pattern::predicate::Predicate;
use crate::rule::pattern::subject::Subject;
use crate::rule::pattern::vocabulary::FieldSpec;
use crate::rule::schema::Keys;
use crate::rule::template::Template;

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

impl PatternRule {
    /// The keys of a pattern rule beside the header.
    pub(crate) const KEYS: [&str; 3] = ["subject", "when", "labels"];

    /// Reads a pattern rule and its message.
    pub(crate) fn read(keys: &Keys<'_>) -> Result<(Self, Template), RuleError> {
        let subject = keys.need("subject")?.word("subject", &Subject::WORDS)?;
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

    /// The findings of the rule on an estate, in the order of the estate; `base` is the finding's common part.
    pub(crate) fn findings<'a>(
        &'a self,
        scene: &'a Scene<'a>,
        message: &'a Template,
        base: &'a Finding,
    ) -> impl Iterator<Item = Finding> + 'a {
        self.subject.all(scene).into_iter().filter_map(move |item| {
            let truth = self.when.holds(&item);
            if truth == Truth::No {
                return None;
            }
            let conditions = item.conditions().into_iter().map(|unknown| Truth::Unknown(vec![why(unknown)]));
            let truth = Truth::all(std::iter::once(truth).chain(conditions));
            if truth != Truth::Yes && self.is_spoiled(&item) {
                return None;
            }
            Some(self.finding(&item, &truth, message, base))
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
