//! `aznetlint expand`: the resources and outputs of templates as plain JSON, what is unknown marked with its reason.

use std::collections::BTreeSet;
use std::io;

use miette::Result;
use serde_json::{Map, Value as Json, json};

use crate::cli::arguments::{ExpandArguments, LintArguments};
use crate::cli::end::{End, FlagError, print_json, tell};
use crate::cli::settings::{Gathered, gather_for};
use crate::json::{Member, Node, Part, Trail, Unknown, Value};
use crate::lint::{self, ExpandedTemplate};
use crate::source::{Files, Span};

pub(crate) fn run(arguments: &ExpandArguments) -> Result<End> {
    let Gathered { settings, .. } =
        gather_for(&arguments.paths, &arguments.templates, arguments.region.as_deref(), LintArguments::default())?;
    let types: Vec<String> = arguments.types.iter().map(|name| name.to_ascii_lowercase()).collect();
    let expanded = lint::expand(&arguments.paths, &mut io::stdin().lock(), &settings, &types);
    for (name, why, span) in &expanded.broken {
        let place = span.map(|span| format!(":{}", expanded.files.position(span))).unwrap_or_default();
        tell(&format!("error: {name}{place}: {why}"));
    }
    if expanded.templates.is_empty() && expanded.broken.is_empty() {
        let help = "a template is a Bicep file, or JSON with `$schema` and `resources`".to_owned();
        return Err(FlagError::new("there is no template in the input", help).into());
    }
    let mut secret = BTreeSet::new();
    let all = expanded.templates.iter().flat_map(|template| &template.expansion.secret);
    all.for_each(|value| add_words(value, &mut secret));
    let view = View { files: &expanded.files, places: arguments.places, secret };
    let shown = json!({
        "version": 1,
        "templates": expanded.templates.iter().map(|template| view.template(template)).collect::<Vec<_>>(),
    });
    print_json(&format!("{shown:#}\n"))?;
    Ok(if expanded.broken.is_empty() { End::Clean } else { End::Failed })
}

/// What stands in place of a value of a secure parameter or output.
const HIDDEN: &str = "(sensitive)";

struct View<'a> {
    files: &'a Files,
    places: bool,
    /// Texts that are not shown.
    secret: BTreeSet<String>,
}

/// The texts in a value that must not be shown. One of few characters may stand anywhere, and tells nothing.
fn add_words(value: &Node, words: &mut BTreeSet<String>) {
    match &value.value {
        Value::Text(text) if text.chars().count() > 3 => {
            words.insert(text.to_string());
        }
        Value::List(items) => items.iter().for_each(|item| add_words(item, words)),
        Value::Object(members) => members.iter().for_each(|member| add_words(&member.node, words)),
        _ => {}
    }
}

impl View<'_> {
    fn template(&self, template: &ExpandedTemplate) -> Json {
        let expansion = &template.expansion;
        let resources: Vec<Json> = expansion
            .resources
            .iter()
            .map(|resource| {
                let mut shown = self.node(&resource.node);
                if let Json::Object(members) = &mut shown {
                    if resource.existing {
                        members.insert("$existing".to_owned(), Json::Bool(true));
                    }
                    let why = [("$condition", &resource.condition), ("$repeated", &resource.repeated)];
                    for (key, unknown) in why.into_iter().filter_map(|(key, one)| one.as_ref().map(|one| (key, one))) {
                        members.insert(key.to_owned(), self.unknown(unknown));
                    }
                }
                shown
            })
            .collect();
        let outputs: Map<String, Json> =
            expansion.outputs.iter().map(|(name, node)| (name.to_string(), self.node(node))).collect();
        let troubles: Vec<Json> = expansion
            .troubles
            .iter()
            .map(|trouble| json!({ "message": trouble.message, "place": self.place(trouble.span) }))
            .collect();
        let missing: Vec<Json> = expansion
            .missing
            .iter()
            .map(|(name, span)| json!({ "name": name.as_ref(), "place": self.place(*span) }))
            .collect();
        json!({
            "path": self.files.name(template.file),
            "parameters": template.parameters.map(|file| self.files.name(file)),
            "resources": resources,
            "outputs": outputs,
            "troubles": troubles,
            "parameters-without-value": missing,
        })
    }

    /// A value as plain JSON. The expander bounds how deep values nest.
    fn node(&self, node: &Node) -> Json {
        match &node.value {
            Value::List(items) => items.iter().map(|item| self.node(item)).collect(),
            Value::Object(members) => {
                // A key that only a deployment can tell starts with a mark of its own.
                let key = |member: &Member| member.key.trim_start_matches(char::is_control).to_owned();
                Json::Object(members.iter().map(|member| (key(member), self.node(&member.node))).collect())
            }
            Value::Unknown(unknown) => {
                let mut shown = self.unknown(unknown);
                if let (true, Json::Object(members)) = (self.places, &mut shown) {
                    members.extend(self.origin(node));
                }
                shown
            }
            scalar => {
                let plain = self.covered(plain(scalar));
                if !self.places {
                    return plain;
                }
                let mut members = Map::new();
                members.insert("$value".to_owned(), plain);
                members.extend(self.origin(node));
                Json::Object(members)
            }
        }
    }

    /// A value without what must not be shown.
    fn covered(&self, value: Json) -> Json {
        let Json::String(mut text) = value else { return value };
        for word in self.secret.iter().rev() {
            if text.contains(word.as_str()) {
                text = text.replace(word.as_str(), HIDDEN);
            }
        }
        Json::String(text)
    }

    /// Where the literal is, and the way it came.
    fn origin(&self, node: &Node) -> Vec<(String, Json)> {
        let mut members = vec![("$at".to_owned(), Json::String(self.place(node.span)))];
        if let Some(via) = &node.via {
            let step = |step: &Trail| Json::String(format!("{} ({})", step.how, self.place(step.span)));
            members.push(("$via".to_owned(), via.steps().map(step).collect()));
        }
        members
    }

    fn unknown(&self, unknown: &Unknown) -> Json {
        let mut shown = Map::new();
        shown.insert("$unknown".to_owned(), Json::String(unknown.reason.to_string()));
        shown.insert("text".to_owned(), Json::String(unknown.text.to_string()));
        if unknown.parts.iter().any(|part| matches!(part, Part::Text(_))) {
            let known: String = unknown
                .parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.to_string(),
                    Part::Hole(hole) => format!("{{{}}}", hole.text),
                })
                .collect();
            shown.insert("known".to_owned(), Json::String(known));
        }
        if !unknown.domain.is_empty() {
            let values = unknown.domain.iter().map(|node| self.node(node)).collect();
            shown.insert("one-of".to_owned(), values);
        }
        Json::Object(shown)
    }

    fn place(&self, span: Span) -> String {
        format!("{}:{}", self.files.name(span.file), self.files.position(span))
    }
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::Bool(*value),
        Value::Text(text) => Json::String(text.to_string()),
        // A number too large for JSON libraries keeps its digits as a text.
        Value::Number(number) => {
            serde_json::from_str(number.as_str()).unwrap_or_else(|_| Json::String(number.to_string()))
        }
        Value::Null | Value::List(_) | Value::Object(_) | Value::Unknown(_) | Value::Deferred(_) => Json::Null,
    }
}
